import { createLink } from '@tanstack/react-router';
import type { ComponentProps } from 'react';

type Look = 'solid' | 'outline' | 'text' | 'danger';
type Size = 'lg' | 'md' | 'sm';

const LOOKS: Record<Look, string> = {
  solid: 'bg-blue-900 text-white hover:bg-blue-1000 hover:underline active:bg-blue-1200',
  outline:
    'border border-current bg-white text-blue-900 hover:bg-blue-50 hover:text-blue-1000 hover:underline active:bg-blue-100',
  text: 'text-blue-900 underline hover:bg-blue-50 hover:text-blue-1000 hover:decoration-[0.1875rem]',
  danger: 'bg-error-2 text-white hover:bg-red-1000 hover:underline active:bg-red-1200',
};

const SIZES: Record<Size, string> = {
  lg: 'min-h-12 px-5 rounded-8 text-oln-16B-100',
  md: 'min-h-11 px-4 rounded-8 text-oln-16B-100',
  sm: 'min-h-9 px-3 rounded-6 text-oln-14B-100',
};

export function buttonClass(look: Look = 'outline', size: Size = 'md', className = ''): string {
  return `inline-flex items-center justify-center gap-1.5 whitespace-nowrap underline-offset-4 transition-colors
    disabled:border-solid-gray-300 disabled:bg-solid-gray-50 disabled:text-solid-gray-600 disabled:no-underline
    ${LOOKS[look]} ${SIZES[size]} ${className}`;
}

interface ButtonProps extends ComponentProps<'button'> {
  look?: Look;
  size?: Size;
  /** While the request is under way: pressed again, nothing happens, and the focus stays. */
  pending?: boolean;
}

export function Button({
  look,
  size,
  pending = false,
  className = '',
  type = 'button',
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      className={buttonClass(look, size, `${className} ${pending ? 'cursor-progress opacity-70' : ''}`)}
      aria-disabled={pending || undefined}
      onClick={pending ? (event) => event.preventDefault() : onClick}
    />
  );
}

interface AnchorProps extends ComponentProps<'a'> {
  look?: Look;
  size?: Size;
}

function Anchor({ look, size, className = '', ...rest }: AnchorProps) {
  return <a {...rest} className={buttonClass(look, size, className)} />;
}

/** A link to a page of ours that looks like a button. */
export const LinkButton = createLink(Anchor);
