import { useQueries, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { ClosedPeriod } from '@/api/schema';
import { catalogue, closedPeriod, figureReport } from '@/data/figures';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Icon } from '@/ui/icon';
import { Facts, Section } from '@/ui/page';
import { Loaded, LoadedPage } from '@/ui/states';
import { Adjustments } from './adjustments';
import { FigureNumber, FiguresAsFile, FiguresFrame } from './frame';
import { useBothYears, useLabels, useNumbers } from './labels';
import { figuresWords } from './text';

const words = texts(
  {
    title: (period: string) => `${period}の締め`,
    back: '締めた期間',
    closedAt: '締めた日時',
    by: '締めた人',
    note: '備考',
    left: '締めた時の未処理',
    leftOf: (sessions: number, mails: number) => `実施の記録がない回 ${sessions} 件、要確認メール ${mails} 件`,
    totals: '締めた数字と、現在の記録',
    report: '集計',
    kept: '締めた数字',
    now: '現在の記録',
    difference: '差',
    adjustments: '調整',
    what: '締めた後に入力・訂正・取消しされた記録です。',
  },
  {
    title: (period: string) => `${period}, closed`,
    back: 'Closed periods',
    closedAt: 'Closed at',
    by: 'By',
    note: 'Note',
    left: 'Not done when it was closed',
    leftOf: (sessions: number, mails: number) => `${sessions} sessions without a record, ${mails} mails to check`,
    totals: 'As it was closed, and as recorded now',
    report: 'Report',
    kept: 'As closed',
    now: 'As recorded now',
    difference: 'Difference',
    adjustments: 'Adjustments',
    what: 'What was entered, corrected or taken back after closing.',
  },
);

/** A closed period: what it counted, what is on record now, and what was corrected in between. */
export function PeriodPage() {
  const t = useTexts(words);
  const both = useBothYears();
  const dates = useDates();
  const { id } = useParams({ from: '/app/figures/periods/$id' });
  const query = useQuery(closedPeriod(id));
  return (
    <LoadedPage query={query}>
      {(period) => (
        <FiguresFrame
          title={t.title(both.span({ from: period.first_day, to: period.last_day }))}
          over={
            <Link
              to="/figures/periods"
              className="link no-print mb-1 inline-flex min-h-9 items-center gap-1 text-dns-16N-130"
            >
              <Icon name="back" />
              {t.back}
            </Link>
          }
        >
          <div className="space-y-8">
            <Facts
              facts={[
                [t.closedAt, dates.dayTime(period.closed_at)],
                [t.by, period.closed_by],
                [t.note, period.note],
                [
                  t.left,
                  period.unrecorded_sessions != null &&
                    t.leftOf(period.unrecorded_sessions, period.unplaced_mails ?? 0),
                ],
              ]}
            />
            <Section title={t.totals}>
              <Totals period={period} />
              <Files period={period} />
            </Section>
            <Section title={t.adjustments}>
              <p className="mb-3 text-dns-16N-130 text-ink-soft">{t.what}</p>
              <Adjustments id={id} />
            </Section>
          </div>
        </FiguresFrame>
      )}
    </LoadedPage>
  );
}

/** What goes out at the end of a period: the table of each ministry, and of the programme. */
function Files({ period: { first_day, last_day } }: { period: ClosedPeriod }) {
  const span = { from: first_day, to: last_day };
  const labels = useLabels();
  const ministries = useQuery(catalogue).data?.dimensions.find(({ name }) => name === 'ministry')?.codes ?? [];
  return (
    <div className="mt-4 flex flex-wrap gap-2">
      <FiguresAsFile filter={span} />
      {ministries.map((ministry) => (
        <FiguresAsFile
          key={ministry.code}
          filter={{ ...span, ministry: ministry.code }}
          of={labels('ministry', ministry)}
        />
      ))}
    </div>
  );
}

const TOTALS = ['cases', 'interactions', 'enterprises', 'sessions'] as const;

function Totals({ period }: { period: ClosedPeriod }) {
  const t = useTexts(words);
  const f = useTexts(figuresWords);
  const numbers = useNumbers();
  const span = { from: period.first_day, to: period.last_day };
  // Who sees all gets the closed numbers with the period; who sees a part asks for theirs.
  const { totals } = period;
  const bases = totals ? (['record'] as const) : (['record', 'closed'] as const);
  const found = useQueries({
    queries: bases.flatMap((basis) => TOTALS.map((report) => figureReport(report, { ...span, basis }))),
  });
  const failed = found.find(({ error }) => error);
  const data = found.every((query) => query.data) ? found.flatMap((query) => query.data ?? []) : undefined;
  const head = 'px-2 py-2 text-right font-400 first:text-left';
  return (
    <Loaded
      query={{ data, error: failed?.error, refetch: () => Promise.all(found.map((query) => query.refetch())) }}
      lines={4}
    >
      {(reports) => (
        <table className="w-full max-w-3xl border-collapse text-dns-16N-130">
          <caption className="sr-only">{t.totals}</caption>
          <thead>
            <tr className="border-b border-solid-gray-600 text-dns-14N-120 text-ink-soft">
              {[t.report, t.kept, t.now, t.difference].map((name) => (
                <th key={name} scope="col" className={head}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {TOTALS.map((report, index) => {
              const now = reports[index];
              const kept = totals?.[report] ?? reports[index + TOTALS.length]?.total;
              if (!now || kept === undefined) return null;
              return (
                <tr key={report} className="border-b border-line">
                  <th scope="row" className="px-2 py-1.5 text-left font-400">
                    {f.reports[report]}
                  </th>
                  <td className="px-2 py-1.5 text-right">
                    <FigureNumber count={kept} list={{ report, ...span }} />
                  </td>
                  <td className="px-2 py-1.5 text-right">
                    <FigureNumber count={now.total} list={now.list} />
                  </td>
                  <td className="px-2 py-1.5 text-right tabular-nums">{numbers.signed(now.total - kept)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </Loaded>
  );
}
