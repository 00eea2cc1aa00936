import type { PeriodRef } from '@/api/schema';
import { texts, useTexts } from '@/text/preferences';
import { Chip } from '@/ui/chip';
import { useBothYears } from './labels';
import { figuresWords } from './text';

const words = texts({ asOf: '時点' }, { asOf: 'As of' });

interface DaysProps {
  report: { from: string; to: string; as_of: string; period?: PeriodRef | null };
}

/** The days of a report in both counts of years, and of when its records are. */
export function Days({ report }: DaysProps) {
  const t = useTexts(words);
  const f = useTexts(figuresWords);
  const both = useBothYears();
  return (
    <p className="mb-4 text-dns-16N-130">
      {both.span(report)} / {t.asOf}: {both.day(report.as_of)}{' '}
      {report.period ? <Chip tone="green">{f.frozen}</Chip> : null}
    </p>
  );
}
