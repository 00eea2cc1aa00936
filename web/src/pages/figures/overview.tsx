import { useQuery } from '@tanstack/react-query';
import type { Overview, OverviewNumber } from '@/api/schema';
import { overview } from '@/data/figures';
import { useMe } from '@/shell/use-me';
import { usePreferences, useTexts } from '@/text/preferences';
import { Section } from '@/ui/page';
import { Loaded } from '@/ui/states';
import { FigureNumber, FiguresFrame } from './frame';
import { useBothYears } from './labels';
import { Months } from './months';
import { figuresWords } from './text';

type Group = 'now' | 'month' | 'year' | 'before';

const GROUPS = ['now', 'month', 'year', 'before'] as const satisfies readonly Group[];

/** The API names its numbers; in English these words do. */
const ENGLISH: Record<string, string> = {
  open_cases: 'Open cases',
  unrouted: 'Cases to be routed',
  received_this_month: 'Cases received',
  received_this_year: 'Cases received',
  enterprises_this_year: 'Enterprises that asked',
  contacts_this_month: 'Contacts',
  sessions_this_month: 'Sessions held',
  sessions_this_year: 'Sessions held',
  sessions_ahead: 'Sessions ahead',
  overdue: 'Overdue',
  carried_over: 'Open cases of earlier years',
  carried_over_sessions: 'Sessions held on them before',
};

function groupOf(code: string): Group {
  if (code.endsWith('_this_month')) return 'month';
  if (code.endsWith('_this_year')) return 'year';
  return code.startsWith('carried_over') ? 'before' : 'now';
}

/** The few numbers that a day begins with, each with its list. */
export function FiguresPage() {
  const t = useTexts(figuresWords);
  const { role } = useMe();
  const query = useQuery(overview);
  return (
    <FiguresFrame title={t.title}>
      <p className="mb-4 text-dns-16N-130 text-ink-soft">{t.of[role]}</p>
      <Loaded query={query}>{(known) => <Numbers known={known} />}</Loaded>
    </FiguresFrame>
  );
}

function Numbers({ known }: { known: Overview }) {
  const t = useTexts(figuresWords);
  const both = useBothYears();
  return (
    <div className="space-y-8">
      <p className="text-dns-16N-130">{t.asOf(both.day(known.as_of))}</p>
      {GROUPS.map((group) => {
        const numbers = known.numbers.filter(({ code }) => groupOf(code) === group);
        if (numbers.length === 0) return null;
        return (
          <Section
            key={group}
            title={t.groups[group]}
            beside={group === 'year' ? both.fiscalYear(known.fiscal_year) : null}
          >
            <dl className="grid grid-cols-2 gap-3 sm:grid-cols-[repeat(auto-fill,minmax(15rem,1fr))]">
              {numbers.map((number) => (
                <One key={number.code} number={number} />
              ))}
            </dl>
          </Section>
        );
      })}
      <div className="break-inside-avoid">
        <Section title={t.trend} beside={both.fiscalYear(known.fiscal_year)}>
          <Months year={known.fiscal_year} />
        </Section>
      </div>
    </div>
  );
}

function One({ number }: { number: OverviewNumber }) {
  const { language } = usePreferences();
  const name = language === 'ja' ? number.label : (ENGLISH[number.code] ?? number.label);
  const late = number.code === 'overdue' && number.count > 0;
  return (
    <div
      className={`flex flex-col rounded-8 border px-4 py-3 max-sm:px-3 ${late ? 'border-2 border-error-2' : 'border-line'}`}
    >
      <dt className="flex-1 text-dns-16N-130">{name}</dt>
      <dd className="mt-1 text-std-28B-150">
        <FigureNumber count={number.count} list={number.list} label={name} />
      </dd>
    </div>
  );
}
