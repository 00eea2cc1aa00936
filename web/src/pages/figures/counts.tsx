import { useQuery } from '@tanstack/react-query';
import type { Dimension, Figure, FigureKey, FigureReport, PeriodRef, ReportKind } from '@/api/schema';
import { catalogue, figureReport } from '@/data/figures';
import { texts, useTexts } from '@/text/preferences';
import { Chip } from '@/ui/chip';
import { Empty, Loaded } from '@/ui/states';
import { Bars } from './bars';
import { Pivot, Table } from './count-tables';
import { useFilterWords } from './filters';
import { FigureNumber } from './frame';
import { shortNames, useBothYears, useDimensionNames, useLabels } from './labels';
import { PrefectureMap } from './prefecture-map';
import { dimensionsOf, isTime, selectionOf, type TablesSearch } from './search';
import { spanOf } from './span';
import { figuresWords } from './text';
import { MonthBars, TimeLines } from './trend';

const words = texts(
  {
    total: '合計',
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
