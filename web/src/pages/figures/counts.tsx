import { useQuery } from '@tanstack/react-query';
import type { Dimension, Figure, FigureKey, FigureReport, PeriodRef, ReportKind } from '@/api/schema';
import { catalogue, figureReport } from '@/data/figures';
import { texts, useTexts } from '@/text/preferences';
import { Chip } from '@/ui/chip';
import { useNarrow } from '@/ui/narrow';
import { Empty, Loaded } from '@/ui/states';
import { Bars } from './bars';
import { useFilterWords, spanOf } from './controls';
import { FigureNumber } from './frame';
import { shortNames, useBothYears, useDimensionNames, useLabels, useNumbers } from './labels';
import { PrefectureMap } from './prefecture-map';
import { dimensionsOf, rowsOf, selectionOf, type TablesSearch } from './search';
import { figuresWords } from './text';
import { MonthBars, timesOf, TimeLines } from './trend';

const words = texts(
  {
    total: '合計',
    share: '割合',
    code: '区分',
    asOf: '時点',
    closed: '締め済みの数字です',
    partly: (periods: string) => `締めた期間（${periods}）は、締めた数字です`,
    over: 'ひとつの記録を複数の区分に数えることがあるため、内訳の和は合計と一致しません。',
    chart: (n: number, all: number) => `グラフは、${all} 件の組合せのうち多い順に ${n} 件です。`,
    many: (n: number) => `${n} 期間`,
  },
  {
    total: 'Total',
    share: 'Share',
    code: 'Group',
    asOf: 'As of',
    closed: 'As they were closed',
    partly: (periods: string) => `Closed periods (${periods}) are as they were closed`,
    over: 'One record can stand under several groups, so that they add up to more than the total.',
    chart: (n: number, all: number) => `The chart shows the ${n} largest of ${all} combinations.`,
    many: (n: number) => `${n} periods`,
  },
);

interface CountProps {
  report: ReportKind;
  search: TablesSearch;
}

/** A count by up to two dimensions: chart and table side by side. */
export function CountTables({ report, search }: CountProps) {
  const t = useTexts(figuresWords);
  const by = dimensionsOf(search).join(',');
  const span = spanOf(search, report);
  const query = useQuery(figureReport(report, { ...selectionOf(search), ...span, ...(by ? { by } : {}) }));
  const order = useOrder();
  return (
    <Loaded query={query} lines={10}>
      {(found) => {
        const known = { ...found, rows: order(found) };
        return (
          <>
            <Summary report={known} search={search} />
            {known.by.length === 0 ? null : known.rows.length === 0 ? (
              <Empty icon="search" title={t.none}>
                {t.noneWhy}
              </Empty>
            ) : known.by.length === 1 ? (
              <div className="grid gap-x-10 gap-y-6 wide:grid-cols-2 wide:items-start">
                <div className="min-w-0 wide:sticky wide:top-18">
                  <Chart report={known} />
                </div>
                <div className="min-w-0">
                  <Table report={known} />
                </div>
              </div>
            ) : (
              // A table of two dimensions takes the whole width.
              <div className="space-y-8">
                <div className="max-w-4xl">
                  <Chart report={known} />
                </div>
                <Pivot report={known} />
              </div>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

/** The rows in the order in which people know the codes; what has no order begins with the largest. */
function useOrder() {
  const { data } = useQuery(catalogue);
  const places = new Map(
    (data?.dimensions ?? []).flatMap(({ name, codes }) =>
      codes ? [[name, new Map(codes.map(({ code }, index) => [code, index]))] as const] : [],
    ),
  );
  return (report: FigureReport): Figure[] => {
    const sums = new Map<string, number>();
    for (const { keys, count } of report.rows) {
      for (const by of report.by) {
        const id = `${by} ${keys[by]?.code ?? ''}`;
        sums.set(id, (sums.get(id) ?? 0) + count);
      }
    }
    const place = (by: Dimension, code: string) => {
      if (code === 'unset') return Infinity;
      if (isTime(by)) return 0;
      const known = places.get(by);
      return known ? (known.get(code) ?? known.size) : -(sums.get(`${by} ${code}`) ?? 0);
    };
    // Time comes last: groups stand in their order, whatever month they begin in.
    const parts = report.by.toSorted((a, b) => Number(isTime(a)) - Number(isTime(b)));
    return report.rows.toSorted((a, b) => {
      for (const by of parts) {
        const [first, second] = [a.keys[by]?.code ?? '', b.keys[by]?.code ?? ''];
        const [here, there] = [place(by, first), place(by, second)];
        if (here !== there) return here < there ? -1 : 1;
        if (first !== second) return first < second ? -1 : 1;
      }
      return 0;
    });
  };
}

export function Summary({ report, search }: { report: FigureReport; search: TablesSearch }) {
  const t = useTexts(words);
  const f = useTexts(figuresWords);
  const both = useBothYears();
  const filters = useFilterWords(report.report, search);
  return (
    <div className="mb-5 space-y-1">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <span className="text-dns-16N-130">{t.total}</span>
        <span className="text-std-28B-150">
          <FigureNumber count={report.total} list={report.list} label={t.total} />
          <span className="text-dns-16N-130">{f.counts[report.report]}</span>
        </span>
        {report.period ? <Chip tone="green">{f.frozen}</Chip> : null}
      </p>
      <p className="text-dns-16N-130">
        {both.span(report)} / {t.asOf}: {both.day(report.as_of)}
      </p>
      <Frozen period={report.period} frozen={report.frozen} />
      {filters.length > 0 ? (
        <p className="hidden text-dns-16N-130 print:block">{filters.map(([, text]) => text).join(' / ')}</p>
      ) : null}
      {report.by.length > 0 && !report.adds_up ? <p className="text-dns-14N-130 text-ink-soft">{t.over}</p> : null}
    </div>
  );
}

const NAMED_PERIODS = 3;

function Frozen({ period, frozen }: { period: PeriodRef | null | undefined; frozen: readonly PeriodRef[] }) {
  const t = useTexts(words);
  const both = useBothYears();
  if (period) return <p className="text-dns-14N-130 text-ink-soft">{t.closed}</p>;
  if (frozen.length === 0) return null;
  const names = frozen.map(({ first_day, last_day }) => both.span({ from: first_day, to: last_day }));
  return (
    <p className="text-dns-14N-130 text-ink-soft">
      {t.partly(names.length > NAMED_PERIODS ? t.many(names.length) : names.join('、'))}
    </p>
  );
}

const MOST_BARS = 15;

function isTime(by: Dimension | undefined): boolean {
  return by === 'month' || by === 'fiscal_year';
}

function Chart({ report }: { report: FigureReport }) {
  const t = useTexts(words);
  const f = useTexts(figuresWords);
  const names = useDimensionNames();
  const labels = useLabels();
  const [first, second] = report.by;
  const title = `${f.reports[report.report]} (${report.by.map((by) => names[by]).join(' × ')})`;
  if (second === undefined) {
    if (isTime(first)) return <MonthBars title={title} report={report} />;
    if (first === 'prefecture') return <PrefectureMap title={title} report={report} />;
  } else if (isTime(first) !== isTime(second)) {
    return <TimeLines title={title} report={report} />;
  }
  const short = new Map(
    report.by.map((by) => [by, shortNames(report.rows.map((row) => label(labels, by, row.keys[by])))]),
  );
  const bars = report.rows.map((row, index) => ({
    id: report.by.map((by) => row.keys[by]?.code).join(),
    name: report.by.map((by) => short.get(by)?.[index] ?? '').join(' × '),
    count: row.count,
  }));
  const shown = second === undefined ? bars : bars.toSorted((a, b) => b.count - a.count).slice(0, MOST_BARS);
  return (
    <>
      <Bars title={title} bars={shown} />
      {shown.length < bars.length ? (
        <p className="mt-2 text-dns-14N-130 text-ink-soft">{t.chart(shown.length, bars.length)}</p>
      ) : null}
    </>
  );
}

function label(labels: ReturnType<typeof useLabels>, by: Dimension, key: FigureKey | undefined): string {
  return key ? labels(by, key) : '';
}

/** A printer would repeat a foot on every page. */
const FOOT = 'print:table-row-group';
const head = 'px-2 py-2 text-right font-400 first:text-left';
const cell = 'px-2 py-1.5 text-right';

/** A report by one dimension. */
function Table({ report }: { report: FigureReport }) {
  const t = useTexts(words);
  const f = useTexts(figuresWords);
  const names = useDimensionNames();
  const labels = useLabels();
  const numbers = useNumbers();
  const [by = 'month'] = report.by;
  const found = new Map(report.rows.map((row) => [row.keys[by]?.code ?? '', row]));
  const times = by === 'month' ? timesOf(report).filter((code) => !found.has(code)) : [];
  const rows = [
    ...report.rows.map((row) => ({ key: row.keys[by] ?? { code: '', label: '' }, count: row.count, list: row.list })),
    // A month without anything is a zero, and no gap.
    ...times.map((code) => ({ key: { code, label: code }, count: 0, list: '' })),
  ];
  const shown = by === 'month' ? rows.toSorted((a, b) => a.key.code.localeCompare(b.key.code)) : rows;
  return (
    <table className="w-full border-collapse text-dns-16N-130">
      <caption className="sr-only">{f.reports[report.report]}</caption>
      <thead>
        <tr className="border-b border-solid-gray-600 text-dns-14N-120 text-ink-soft">
          <th scope="col" className={head}>
            {names[by]}
          </th>
          <th scope="col" className={head}>
            {f.reports[report.report]}
          </th>
          {report.adds_up ? (
            <th scope="col" className={head}>
              {t.share}
            </th>
          ) : null}
        </tr>
      </thead>
      <tbody>
        {shown.map(({ key, count, list }) => (
          <tr key={key.code} className="border-b border-line hover:bg-ground">
            <th scope="row" className="px-2 py-1.5 text-left font-400">
              {labels(by, key)}
            </th>
            <td className={cell}>
              <FigureNumber count={count} list={list} />
            </td>
            {report.adds_up ? <td className={`${cell} tabular-nums`}>{numbers.share(count, report.total)}</td> : null}
          </tr>
        ))}
      </tbody>
      <tfoot className={FOOT}>
        <tr className="border-t border-solid-gray-600 font-bold">
          <th scope="row" className="px-2 py-1.5 text-left">
            {t.total}
          </th>
          <td className={cell}>
            <FigureNumber count={report.total} list={report.list} />
          </td>
          {report.adds_up ? (
            <td className={`${cell} tabular-nums`}>{numbers.share(report.total, report.total)}</td>
          ) : null}
        </tr>
      </tfoot>
    </table>
  );
}

interface Line {
  key: FigureKey;
  sum: number;
  cells: Map<string, Figure>;
}

/** A report by two dimensions: the one with fewer codes goes sideways. On a phone each row is a list. */
function Pivot({ report }: { report: FigureReport }) {
  const t = useTexts(words);
  const f = useTexts(figuresWords);
  const names = useDimensionNames();
  const labels = useLabels();
  const narrow = useNarrow();
  const codesOf = (by: Dimension) => {
    const codes = new Map(report.rows.map(({ keys }) => [keys[by]?.code ?? '', keys[by]]));
    return [...codes.values()].flatMap((key) => key ?? []);
  };
  const [first = 'month', second = 'month'] = report.by;
  const [down, across] =
    codesOf(second).length > Math.max(codesOf(first).length, 8) ? [second, first] : [first, second];
  const lines = new Map<string, Line>();
  for (const row of report.rows) {
    const [key, other] = [row.keys[down], row.keys[across]];
    if (!key || !other) continue;
    const line = lines.get(key.code) ?? { key, sum: 0, cells: new Map<string, Figure>() };
    line.sum += row.count;
    line.cells.set(other.code, row);
    lines.set(key.code, line);
  }
  const byTime = (by: Dimension, keys: readonly FigureKey[]) =>
    isTime(by) ? keys.toSorted((a, b) => a.code.localeCompare(b.code)) : keys;
  const columns = byTime(across, codesOf(across));
  const shown = byTime(
    down,
    [...lines.values()].map(({ key }) => key),
  ).flatMap(({ code }) => lines.get(code) ?? []);
  const totalOf = (by: Dimension, code: string) => ({ ...rowsOf(report.list), [by]: code });
  const caption = `${f.reports[report.report]} (${names[down]} × ${names[across]})`;
  if (narrow) {
    return (
      <ul aria-label={caption} className="space-y-2">
        {shown.map(({ key, sum, cells }) => (
          <li key={key.code} className="rounded-8 border border-line bg-white p-3">
            <p className="mb-1 flex justify-between gap-3 text-dns-16B-130">
              {labels(down, key)}
              {report.adds_up ? (
                <FigureNumber count={sum} list={totalOf(down, key.code)} label={labels(down, key)} />
              ) : null}
            </p>
            <dl className="text-dns-16N-130">
              {columns.map((column) => {
                const found = cells.get(column.code);
                return found ? (
                  <div key={column.code} className="flex min-h-8 items-center justify-between gap-3">
                    <dt>{labels(across, column)}</dt>
                    <dd>
                      <FigureNumber count={found.count} list={found.list} />
                    </dd>
                  </div>
                ) : null;
              })}
            </dl>
          </li>
        ))}
      </ul>
    );
  }
  const sums = columns.map(({ code }) => shown.reduce((sum, { cells }) => sum + (cells.get(code)?.count ?? 0), 0));
  return (
    // Many columns scroll in here, by keyboard too, and not the page.
    <div role="region" aria-label={caption} tabIndex={0} className="overflow-x-auto print:overflow-visible">
      <table className="w-full border-collapse text-dns-16N-130 print:text-[8pt]">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-b border-solid-gray-600 align-bottom text-dns-14N-120 text-ink-soft">
            <th scope="col" className={`${head} sticky left-0 min-w-28 bg-white`}>
              {names[down]}
            </th>
            {columns.map((column) => (
              <th key={column.code} scope="col" className={`${head} min-w-16`}>
                {labels(across, column)}
              </th>
            ))}
            {report.adds_up ? (
              <th scope="col" className={head}>
                {t.total}
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ key, sum, cells }) => (
            <tr key={key.code} className="border-b border-line hover:bg-ground">
              <th scope="row" className="sticky left-0 bg-white px-2 py-1.5 text-left font-400">
                {labels(down, key)}
              </th>
              {columns.map(({ code }) => {
                const found = cells.get(code);
                return (
                  <td key={code} className={cell}>
                    <FigureNumber count={found?.count ?? 0} list={found?.list ?? ''} />
                  </td>
                );
              })}
              {report.adds_up ? (
                <td className={`${cell} font-bold`}>
                  <FigureNumber count={sum} list={totalOf(down, key.code)} />
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
        {report.adds_up ? (
          <tfoot className={FOOT}>
            <tr className="border-t border-solid-gray-600 font-bold">
              <th scope="row" className="sticky left-0 bg-white px-2 py-1.5 text-left">
                {t.total}
              </th>
              {columns.map(({ code }, index) => (
                <td key={code} className={cell}>
                  <FigureNumber count={sums[index] ?? 0} list={totalOf(across, code)} />
                </td>
              ))}
              <td className={cell}>
                <FigureNumber count={report.total} list={report.list} />
              </td>
            </tr>
          </tfoot>
        ) : null}
      </table>
    </div>
  );
}
