/** The tables of counts, by one dimension and by two. */
import type { Dimension, Figure, FigureKey, FigureReport } from '@/api/schema';
import { texts, useTexts } from '@/text/preferences';
import { useNarrow } from '@/ui/narrow';
import { FigureNumber } from './frame';
import { useDimensionNames, useLabels, useNumbers } from './labels';
import { isTime, rowsOf } from './search';
import { figuresWords } from './text';
import { timesOf } from './trend';

const words = texts({ total: '合計', share: '割合' }, { total: 'Total', share: 'Share' });

/** A printer would repeat a foot on every page. */
const FOOT = 'print:table-row-group';
const head = 'px-2 py-2 text-right font-400 first:text-left';
const cell = 'px-2 py-1.5 text-right';

/** A report by one dimension. */
export function Table({ report }: { report: FigureReport }) {
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
export function Pivot({ report }: { report: FigureReport }) {
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
