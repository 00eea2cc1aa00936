import { useQuery } from '@tanstack/react-query';
import type { TimesReport, TimeTo, TimesRow } from '@/api/schema';
import { timesReport } from '@/data/figures';
import { texts, useTexts } from '@/text/preferences';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { Section } from '@/ui/page';
import { Empty, Loaded } from '@/ui/states';
import { Days } from './days';
import { FigureNumber } from './frame';
import { shortNames, useDimensionNames, useLabels, useNumbers } from './labels';
import { dimensionsOf, MILESTONES, selectionOf, without, type Milestone, type TablesSearch } from './search';
import { spanOf } from './span';
import { figuresWords } from './text';

const words = texts(
  {
    note: '営業時間で数えます。「正味」は企業・団体の返事を待つ時間を除き、「総」は含みます。中央値は半数の、90%値は10件中9件の案件が、その時間までに達したことを示します。',
    total: '全体',
    count: '件数',
    net: '正味',
    gross: '総',
    median: '中央値',
    p90: '90%値',
    mean: '平均',
    legend: '濃い帯は正味の中央値、薄い帯は正味の90%値',
    chart: (milestone: string) => `${milestone}の時間のグラフ`,
  },
  {
    note: 'In business time. “Net” is without the waits for the enterprise, “gross” with them. Half of the cases took no longer than the median, nine of ten no longer than the 90% value.',
    total: 'All',
    count: 'Cases',
    net: 'net',
    gross: 'gross',
    median: 'Median',
    p90: '90%',
    mean: 'Mean',
    legend: 'Dark: median, light: 90% value, both net',
    chart: (milestone: string) => `Chart: ${milestone}`,
  },
);

interface Row {
  id: string;
  name: string;
  time: TimeTo;
}

/** How long cases took to three points, each with the list of those that got there. */
export function TimesTables({ search }: { search: TablesSearch }) {
  const t = useTexts(words);
  const f = useTexts(figuresWords);
  const [by] = dimensionsOf(search);
  const selection = without(selectionOf(search), 'reached');
  const query = useQuery(timesReport({ ...selection, ...spanOf(search, 'times'), ...(by ? { by } : {}) }));
  return (
    <Loaded query={query} lines={10}>
      {(report) => (
        <>
          <Days report={report} />
          <p className="mb-6 max-w-3xl text-dns-16N-130 text-ink-soft">{t.note}</p>
          <div className="space-y-10">
            {MILESTONES.map((milestone) => (
              <Section key={milestone} title={f.milestones[milestone]}>
                <Times report={report} milestone={milestone} />
              </Section>
            ))}
          </div>
        </>
      )}
    </Loaded>
  );
}

function Times({ report, milestone }: { report: TimesReport; milestone: Milestone }) {
  const t = useTexts(words);
  const f = useTexts(figuresWords);
  const labels = useLabels();
  const columns = useColumns(report);
  const nameOf = (row: TimesRow) =>
    report.by.flatMap((by) => (row.keys[by] ? [labels(by, row.keys[by])] : [])).join(' × ');
  const rows: Row[] = [
    ...report.rows.map((row) => ({
      id: report.by.map((by) => row.keys[by]?.code).join(),
      name: nameOf(row),
      time: row[milestone],
    })),
    { id: 'total', name: t.total, time: report.total[milestone] },
  ].filter(({ time }) => time.count > 0);
  if (rows.length === 0) {
    return (
      <Empty icon="clock" title={f.none}>
        {f.noneWhy}
      </Empty>
    );
  }
  return (
    <div className="grid gap-x-10 gap-y-4 wide:grid-cols-[minmax(0,2fr)_minmax(0,3fr)] wide:items-start">
      <TimeBars title={t.chart(f.milestones[milestone])} rows={rows} />
      <DataTable
        caption={f.milestones[milestone]}
        columns={columns}
        rows={rows}
        idOf={({ id }) => id}
        numeric={['count', 'median', 'p90', 'mean']}
      />
    </div>
  );
}

function TimeBars({ title, rows }: { title: string; rows: readonly Row[] }) {
  const t = useTexts(words);
  const numbers = useNumbers();
  const most = Math.max(1, ...rows.map(({ time }) => time.net?.p90 ?? 0));
  const names = shortNames(rows.map(({ name }) => name));
  const width = (minutes = 0) => ({ width: `${(100 * minutes) / most}%` });
  return (
    <figure aria-label={title}>
      <ul className="space-y-1.5 text-dns-14N-130">
        {rows.map(({ id, time }, index) => (
          <li key={id} className="grid grid-cols-[minmax(0,8rem)_1fr_5rem] items-center gap-x-3">
            <span className={id === 'total' ? 'font-bold' : ''}>{names[index]}</span>
            <span aria-hidden className="relative block h-5">
              <span
                className="absolute inset-y-0 left-0 border border-blue-300 bg-blue-100 print-color"
                style={width(time.net?.p90)}
              />
              <span className="absolute inset-y-1 left-0 bg-blue-800 print-color" style={width(time.net?.median)} />
            </span>
            <span className="whitespace-nowrap tabular-nums">{time.net ? numbers.minutes(time.net.median) : ''}</span>
          </li>
        ))}
      </ul>
      <figcaption className="mt-2 text-dns-14N-130 text-ink-soft">{t.legend}</figcaption>
    </figure>
  );
}

function useColumns(report: TimesReport): Column<Row>[] {
  const t = useTexts(words);
  const names = useDimensionNames();
  const numbers = useNumbers();
  const column = columnsOf<Row>();
  const measures = (['median', 'p90', 'mean'] as const).map((measure) =>
    column.display({
      id: measure,
      header: () => (
        <>
          {t[measure]} <span className="whitespace-nowrap sm:block">({`${t.net} / ${t.gross}`})</span>
        </>
      ),
      cell: ({ row }) => {
        const { net, gross } = row.original.time;
        return (
          <span className="whitespace-nowrap tabular-nums">
            {net ? numbers.minutes(net[measure]) : '–'}
            <span className="text-ink-soft sm:block">
              <span className="sm:hidden"> / </span>
              {gross ? numbers.minutes(gross[measure]) : '–'}
            </span>
          </span>
        );
      },
    }),
  );
  return [
    column.display({ id: 'name', header: names[report.by[0] ?? 'month'], cell: ({ row }) => row.original.name }),
    column.display({
      id: 'count',
      header: () => <span className="whitespace-nowrap">{t.count}</span>,
      cell: ({ row }) => <FigureNumber count={row.original.time.count} list={row.original.time.list} />,
    }),
    ...measures,
  ];
}
