import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon';

type Kind = 'info' | 'success' | 'warning' | 'error';

const KINDS: Record<Kind, { box: string; icon: IconName; ink: string }> = {
  info: { box: 'border-blue-700', icon: 'info', ink: 'text-blue-900' },
  success: { box: 'border-success-2', icon: 'check', ink: 'text-success-2' },
  warning: { box: 'border-warning-yellow-2', icon: 'alert', ink: 'text-yellow-1000' },
  error: { box: 'border-error-2', icon: 'alert', ink: 'text-error-2' },
};

interface NoticeProps {
  kind: Kind;
  title: string;
  children?: ReactNode;
  /** What appears after the page was drawn is read out. */
  live?: boolean;
}

/** A banner as in the design system: a thick edge, a sign, a bold line, and what to do. */
export function Notice({ kind, title, children, live = false }: NoticeProps) {
  const { box, icon, ink } = KINDS[kind];
  return (
    <div
      role={live ? (kind === 'error' ? 'alert' : 'status') : undefined}
      className={`flex gap-2.5 rounded-8 border-2 bg-white px-3.5 py-3 text-dns-16N-130 ${box}`}
    >
      <Icon name={icon} className={`size-6 ${ink}`} />
      <div className="min-w-0 flex-1 space-y-1.5">
        <p className="text-dns-16B-130">{title}</p>
        {children}
      </div>
    </div>
  );
}
