import type { ReactNode } from 'react';

export type Tone = 'gray' | 'blue' | 'cyan' | 'green' | 'yellow' | 'orange' | 'red' | 'purple';

const TONES: Record<Tone, string> = {
  gray: 'border-solid-gray-300 bg-solid-gray-50 text-solid-gray-800',
  blue: 'border-blue-300 bg-blue-50 text-blue-1000',
  cyan: 'border-cyan-400 bg-cyan-50 text-cyan-1000',
  green: 'border-green-400 bg-green-50 text-green-1000',
  yellow: 'border-yellow-600 bg-yellow-50 text-yellow-1200',
  orange: 'border-orange-400 bg-orange-50 text-orange-1100',
  red: 'border-red-400 bg-red-50 text-red-1000',
  purple: 'border-purple-300 bg-purple-50 text-purple-1000',
};

/** A short word in a box. The word says everything; the colour only helps to find it. */
export function Chip({ tone = 'gray', children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span
      className={`inline-flex items-center gap-1 rounded-4 border px-1.5 py-0.5 text-dns-14N-120 whitespace-nowrap ${TONES[tone]}`}
    >
      {children}
    </span>
  );
}
