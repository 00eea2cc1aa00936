/** Months as bars and as lines. Our own SVG: two kinds of chart do not pay for a library. */
import { useLayoutEffect, useRef, useState, type ReactNode } from 'react';
import type { FigureReport } from '@/api/schema';
import { dateOf } from '@/text/dates';
import { texts, usePreferences, useTexts } from '@/text/preferences';
import { shortNames, useLabels, useNumbers } from './labels';
import { monthsOf } from './search';
import { ticksOf } from './ticks';

const words = texts(
  {
    chart: (title: string, most: string) => `${title}のグラフ。最も多いのは${most}。数字は表にあります。`,
    rest: (n: number) => `ほか ${n} 区分は表をご覧ください。`,
  },
  {
    chart: (title: string, most: string) => `Chart: ${title}. The highest is ${most}. The numbers are in the table.`,
    rest: (n: number) => `${n} more are in the table.`,
  },
);

const HEIGHT = 240;
const TOP = 22;
const BOTTOM = 26;
const LEFT = 44;

/** How wide an element is, in pixels: texts in a chart keep their size, whatever its width. */
function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}

/** Every point in time of a report, also those without a number; what has not begun is left out. */
export function timesOf(report: FigureReport): string[] {
  const codes = (dimension: 'month' | 'fiscal_year') =>
    [...new Set(report.rows.map(({ keys }) => keys[dimension]?.code ?? ''))].filter(Boolean).toSorted();
  if (!report.by.includes('month')) return codes('fiscal_year');
  const today = dateOf(new Date()).slice(0, 7);
  const months = monthsOf(report);
  const known = codes('month');
  // Of very many months only those that have something: a report since 2000 says nothing of most.
  return months.length > MOST_MONTHS ? known : months.filter((month) => month <= today || known.includes(month));
}

const MOST_MONTHS = 60;

function useAxisNames() {
  const { language, era } = usePreferences();
  return (code: string, isFirst: boolean): readonly string[] => {
    const [year = '', month] = code.split('-');
    const ja = language === 'ja';
    const years = ja && era ? `R${Number(year) - 2018}` : year;
    if (!month) return [ja ? `${years}年度` : years];
    const number = Number(month);
    const name = ja
      ? `${number}月`
      : new Date(Date.UTC(2000, number - 1)).toLocaleString('en-GB', { month: 'short', timeZone: 'UTC' });
    return isFirst || number === 1 ? [name, years] : [name];
  };
}

interface PlotProps {
  label: string;
  codes: readonly string[];
  most: number;
  children: (place: { x: (index: number) => number; y: (n: number) => number; step: number }) => ReactNode;
}

/** The frame of a chart over time: lines at round numbers, names below. */
function Plot({ label, codes, most, children }: PlotProps) {
  const { ref, width } = useWidth();
  const numbers = useNumbers();
  const nameOf = useAxisNames();
  const ticks = ticksOf(most);
  const top = ticks.at(-1) ?? 1;
  const step = codes.length > 0 ? Math.max(0, width - LEFT - 4) / codes.length : 0;
  const every = Math.max(1, Math.ceil(30 / Math.max(step, 1)));
  const x = (index: number) => LEFT + step * (index + 0.5);
  const y = (n: number) => TOP + (HEIGHT - TOP - BOTTOM - 14) * (1 - n / top);
  return (
    <div ref={ref} className="min-w-0">
      <svg role="img" aria-label={label} width={width} height={HEIGHT} className="block text-[0.75rem]">
        {ticks.map((tick) => (
          <g key={tick}>
            <line
              x1={LEFT}
              x2={width}
              y1={y(tick)}
              y2={y(tick)}
              className={tick === 0 ? 'stroke-solid-gray-600' : 'stroke-solid-gray-200'}
            />
            <text x={LEFT - 6} y={y(tick)} textAnchor="end" dominantBaseline="middle" className="fill-ink-soft">
              {numbers.short(tick)}
            </text>
          </g>
        ))}
        {codes.map((code, index) =>
          index % every === 0 ? (
            <text key={code} x={x(index)} y={HEIGHT - BOTTOM + 2} textAnchor="middle" className="fill-ink">
              {nameOf(code, index === 0).map((line, row) => (
                <tspan key={line} x={x(index)} dy={row === 0 ? 0 : 15}>
                  {line}
                </tspan>
              ))}
            </text>
          ) : null,
        )}
        {width > 0 ? children({ x, y, step }) : null}
      </svg>
    </div>
  );
}

interface BarsProps {
  title: string;
  report: FigureReport;
}

/** A report by month or by fiscal year. */
export function MonthBars({ title, report }: BarsProps) {
  const t = useTexts(words);
  const labels = useLabels();
  const numbers = useNumbers();
  const [by = 'month'] = report.by;
  const codes = timesOf(report);
  const counts = codes.map((code) => report.rows.find(({ keys }) => keys[by]?.code === code)?.count ?? 0);
  const most = Math.max(0, ...counts);
  const highest = codes[counts.indexOf(most)] ?? '';
  return (
    <Plot
      label={t.chart(title, `${labels(by, { code: highest, label: highest })} ${numbers.whole(most)}`)}
      codes={codes}
      most={most}
    >
      {({ x, y, step }) =>
        codes.map((code, index) => {
          const count = counts[index] ?? 0;
          const width = Math.min(48, step * 0.7);
          return (
            <g key={code}>
              <rect
                x={x(index) - width / 2}
                y={y(count)}
                width={width}
                height={y(0) - y(count)}
                className="fill-blue-700"
              />
              {step >= 26 ? (
                <text x={x(index)} y={y(count) - 5} textAnchor="middle" className="fill-ink">
                  {count > 9_999 ? numbers.short(count) : numbers.whole(count)}
                </text>
              ) : null}
            </g>
          );
        })
      }
    </Plot>
  );
}

/** Lines are told apart by sign and stroke as well as by colour. */
const LINES = [
  { stroke: 'stroke-blue-900', fill: 'fill-blue-900', dash: undefined, sign: 'M-4 -4h8v8h-8Z' },
  { stroke: 'stroke-orange-800', fill: 'fill-orange-800', dash: '8 3', sign: 'M0 -5.500 5 4h-10Z' },
  { stroke: 'stroke-green-800', fill: 'fill-green-800', dash: '3 3', sign: 'M0 -5.500 5.500 0 0 5.500 -5.500 0Z' },
  { stroke: 'stroke-magenta-800', fill: 'fill-magenta-800', dash: '10 3 2 3', sign: 'M0 5.500 5 -4h-10Z' },
  { stroke: 'stroke-cyan-900', fill: 'fill-cyan-900', dash: '1.500 3', sign: 'M-5 -1.500h10v3h-10Z' },
  { stroke: 'stroke-solid-gray-700', fill: 'fill-solid-gray-700', dash: '6 2 2 2 2 2', sign: 'M-1.500 -5h3v10h-3Z' },
] as const;

/** A report by time and something else: a line for each of the largest. */
export function TimeLines({ title, report }: BarsProps) {
  const t = useTexts(words);
  const labels = useLabels();
  const numbers = useNumbers();
  const time = report.by.find((by) => by === 'month' || by === 'fiscal_year') ?? 'month';
  const other = report.by.find((by) => by !== time) ?? time;
  const codes = timesOf(report);
  const known = new Map<string, { name: string; sum: number; counts: Map<string, number> }>();
  for (const { keys, count } of report.rows) {
    const key = keys[other];
    const at = keys[time]?.code;
    if (!key || !at) continue;
    const line = known.get(key.code) ?? { name: labels(other, key), sum: 0, counts: new Map<string, number>() };
    line.sum += count;
    line.counts.set(at, count);
    known.set(key.code, line);
  }
  const names = shortNames([...known.values()].map(({ name }) => name));
  const all = [...known.values()]
    .map((line, index) => ({ ...line, name: names[index] ?? line.name }))
    .toSorted((a, b) => b.sum - a.sum);
  const lines = LINES.slice(0, all.length).flatMap((look, index) => {
    const line = all[index];
    return line ? [{ ...line, look }] : [];
  });
  const most = Math.max(0, ...report.rows.map(({ count }) => count));
  return (
    <figure>
      <Plot label={t.chart(title, `${lines[0]?.name ?? ''} ${numbers.whole(most)}`)} codes={codes} most={most}>
        {({ x, y }) =>
          lines.map(({ name, counts, look }) => {
            const points = codes.map((code, index) => [x(index), y(counts.get(code) ?? 0)] as const);
            return (
              <g key={name}>
                <polyline
                  points={points.map((point) => point.join()).join(' ')}
                  className={`fill-none ${look.stroke}`}
                  strokeWidth="2"
                  strokeDasharray={look.dash}
                />
                {points.map(([left, top]) => (
                  <path key={left} d={look.sign} transform={`translate(${left} ${top})`} className={look.fill} />
                ))}
              </g>
            );
          })
        }
      </Plot>
      <figcaption>
        <ul className="mt-2 flex flex-wrap gap-x-5 gap-y-1 text-dns-14N-130">
          {lines.map(({ name, look }) => (
            <li key={name} className="flex items-center gap-1.5">
              <svg aria-hidden width="34" height="14">
                <line
                  x1="1"
                  x2="33"
                  y1="7"
                  y2="7"
                  className={look.stroke}
                  strokeWidth="2"
                  strokeDasharray={look.dash}
                />
                <path d={look.sign} transform="translate(17 7)" className={look.fill} />
              </svg>
              {name}
            </li>
          ))}
        </ul>
        {all.length > lines.length ? (
          <p className="mt-1 text-dns-14N-130 text-ink-soft">{t.rest(all.length - lines.length)}</p>
        ) : null}
      </figcaption>
    </figure>
  );
}
