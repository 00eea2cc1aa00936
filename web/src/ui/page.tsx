import { useLocation } from '@tanstack/react-router';
import { useEffect, useRef, type ReactNode } from 'react';

const WIDTHS = { full: 'max-w-[100rem]', text: 'max-w-3xl', paper: 'max-w-[54rem]' };

interface PageProps {
  title: string;
  /** What stands above the heading, small. */
  over?: ReactNode;
  /** What stands beside the heading. */
  beside?: ReactNode;
  children: ReactNode;
  /** Of a paper page only the paper is printed, and not the heading. */
  width?: keyof typeof WIDTHS;
}

/** A page with its heading, which takes the focus when one comes here, so that a screen reader says where one is. */
export function Page({ title, over, beside, children, width = 'full' }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { pathname } = useLocation();
  useEffect(() => {
    document.title = `${title} | 窓口 Madoguchi`;
  }, [title]);
  useEffect(() => {
    // A field that asks for the focus itself keeps it.
    if (document.activeElement === document.body || document.activeElement === null) heading.current?.focus();
  }, [pathname]);
  return (
    <div className={`mx-auto px-4 pt-4 pb-24 sm:px-6 print:max-w-none print:p-0 ${WIDTHS[width]}`}>
      {over}
      <div
        className={`mb-3 flex flex-wrap items-center justify-between gap-x-6 gap-y-2 ${width === 'paper' ? 'no-print' : ''}`}
      >
        <h1 ref={heading} tabIndex={-1} className="text-std-22B-150">
          {title}
        </h1>
        {beside}
      </div>
      {children}
    </div>
  );
}

interface SectionProps {
  title: string;
  beside?: ReactNode;
  children: ReactNode;
  className?: string;
}

export function Section({ title, beside, children, className = '' }: SectionProps) {
  return (
    <section aria-label={title} className={className}>
      <div className="mb-2 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 border-b border-solid-gray-600 pb-1">
        <h2 className="text-std-18B-160">{title}</h2>
        {beside}
      </div>
      {children}
    </section>
  );
}

/** Terms and what they are, side by side where there is room. Empty ones are left out. */
export function Facts({ facts }: { facts: readonly (readonly [term: string, value: ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[minmax(5rem,auto)_1fr] gap-x-4 gap-y-1 text-dns-16N-130">
      {facts
        .filter(([, value]) => value !== null && value !== undefined && value !== '')
        .map(([term, value]) => (
          <div key={term} className="col-span-2 grid grid-cols-subgrid">
            <dt className="text-ink-soft">{term}</dt>
            <dd className="min-w-0">{value}</dd>
          </div>
        ))}
    </dl>
  );
}
