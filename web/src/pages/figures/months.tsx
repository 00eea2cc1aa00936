/** The months of a fiscal year: two charts, and one table with the same numbers. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { FigureReport } from '@/api/schema';
import { figureReport } from '@/data/figures';
import { texts, useTexts } from '@/text/preferences';
import { Loaded } from '@/ui/states';
import { FigureNumber } from './frame';
import { useDimensionNames, useLabels } from './labels';
import { spanOfYear } from './search';
import { figuresWords } from './text';
import { MonthBars, timesOf } from './trend';

const words = texts(
  { cases: '相談案件', sessions: 'コンサルティング実施回数', total: '合計' },
  { cases: 'Cases', sessions: 'Sessions held', total: 'Total' },
);

const REPORTS = ['cases', 'sessions'] as const;

export function Months({ year }: { year: number }) {
  const span = spanOfYear(year);
  const cases = useQuery(figureReport('cases', { ...span, by: 'month' }));
  const sessions = useQuery(figureReport('sessions', { ...span, by: 'month' }));
  const query = {
    data: cases.data && sessions.data ? { cases: cases.data, sessions: sessions.data } : undefined,
    error: cases.error ?? sessions.error,
    refetch: () => Promise.all([cases.refetch(), sessions.refetch()]),
  };
  return (
    <Loaded query={query} lines={8}>
      {(known) => (
        <div className="grid gap-x-10 gap-y-6 wide:grid-cols-[minmax(0,3fr)_minmax(0,2fr)] wide:items-start">
          <div className="min-w-0 space-y-6">
            {REPORTS.map((report) => (
              <Chart key={report} report={report} known={known[report]} year={year} />
            ))}
          </div>
          <Table {...known} />
        </div>
      )}
    </Loaded>
  );
}

interface ChartProps {
  report: (typeof REPORTS)[number];
  known: FigureReport;
  year: number;
}

function Chart({ report, known, year }: ChartProps) {
  const t = useTexts(words);
  const f = useTexts(figuresWords);
  return (
    <div className="break-inside-avoid">
      <h3 className="mb-2 flex flex-wrap items-baseline justify-between gap-x-4 text-dns-16B-130">
        {t[report]}
        <Link
          to="/figures/tables"
          search={{ report, by: 'month', ...spanOfYear(year) }}
          className="link no-print text-dns-16N-130"
        >
          {f.toTable}
          <span className="sr-only">({t[report]})</span>
        </Link>
      </h3>
      <MonthBars title={t[report]} report={known} />
    </div>
  );
}

function Table(known: Record<(typeof REPORTS)[number], FigureReport>) {
  const t = useTexts(words);
  const f = useTexts(figuresWords);
  const names = useDimensionNames();
  const labels = useLabels();
  const months = [...new Set(REPORTS.flatMap((report) => timesOf(known[report])))].toSorted();
  const of = (report: (typeof REPORTS)[number], month: string) =>
    known[report].rows.find(({ keys }) => keys['month']?.code === month);
  const head = 'px-2 py-2 text-right font-400 first:text-left';
  return (
    <table className="w-full border-collapse text-dns-16N-130">
      <caption className="sr-only">{f.trend}</caption>
      <thead>
        <tr className="border-b border-solid-gray-600 text-dns-14N-120 text-ink-soft">
          <th scope="col" className={head}>
            {names.month}
          </th>
          {REPORTS.map((report) => (
            <th key={report} scope="col" className={head}>
              {t[report]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {months.map((month) => (
          <tr key={month} className="border-b border-line">
            <th scope="row" className="px-2 py-1.5 text-left font-400">
              {labels('month', { code: month, label: month })}
            </th>
            {REPORTS.map((report) => (
              <td key={report} className="px-2 py-1.5 text-right">
                <FigureNumber count={of(report, month)?.count ?? 0} list={of(report, month)?.list ?? ''} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
      <tfoot className="print:table-row-group">
        <tr className="font-bold">
          <th scope="row" className="px-2 py-1.5 text-left">
            {t.total}
          </th>
          {REPORTS.map((report) => (
            <td key={report} className="px-2 py-1.5 text-right">
              <FigureNumber count={known[report].total} list={known[report].list} />
            </td>
          ))}
        </tr>
      </tfoot>
    </table>
  );
}
