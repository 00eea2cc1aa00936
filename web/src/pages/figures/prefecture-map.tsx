import { Link } from '@tanstack/react-router';
import { useTileKeys } from '@/pages/admin/tile-keys';
import { TILES } from '@/pages/admin/tiles';
import type { FigureReport } from '@/api/schema';
import { texts, useTexts } from '@/text/preferences';
import { prefectureName } from '@/ui/prefectures';
import { FigureNumber } from './frame';
import { useNumbers } from './labels';
import { rowsOf } from './search';

const words = texts(
  {
    howTo: '矢印キーで都道府県を選び、Enterキーで一覧を開きます。',
    unset: '都道府県が不明',
    none: '0',
    upTo: (from: string, to: string) => (from === to ? from : `${from}〜${to}`),
  },
  {
    howTo: 'Arrow keys choose a prefecture, Enter opens its list.',
    unset: 'Prefecture not known',
    none: '0',
    upTo: (from: string, to: string) => (from === to ? from : `${from} – ${to}`),
  },
);

/** From light to dark, and the text on it; the number stands on every tile as well. */
const LOOKS = [
  'bg-white text-ink border-line-strong',
  'bg-blue-50 text-ink border-blue-200',
  'bg-blue-200 text-ink border-blue-300',
  'bg-blue-300 text-ink border-blue-400',
  'bg-blue-800 text-white border-blue-900',
  'bg-blue-1100 text-white border-blue-1200',
] as const;
const CLASSES = LOOKS.length - 1;

/**
 * The largest number of a class: 0 for nothing, then five that grow towards the largest. Of equal width they would show
 * Tokyo, and 46 prefectures in one colour.
 */
function upTo(look: number, most: number): number {
  return Math.floor((most * look * look) / (CLASSES * CLASSES));
}

export function classOf(count: number, most: number): number {
  let look = 0;
  while (look < CLASSES && count > upTo(look, most)) look += 1;
  return look;
}

interface MapProps {
  title: string;
  report: FigureReport;
}

/** A report by prefecture as tiles of one size, each of them the list it counts. */
export function PrefectureMap({ title, report }: MapProps) {
  const t = useTexts(words);
  const numbers = useNumbers();
  const { map, current, setCurrent, onKeyDown } = useTileKeys();
  const found = new Map(report.rows.map((row) => [row.keys['prefecture']?.code ?? '', row]));
  const most = Math.max(0, ...TILES.map(({ code }) => found.get(code)?.count ?? 0));
  const unset = found.get('unset');
  return (
    <figure aria-label={title}>
      <p className="no-print mb-2 text-dns-14N-130 text-ink-soft">{t.howTo}</p>
      <div
        ref={map}
        role="group"
        aria-label={title}
        className="grid auto-rows-[2.75rem] grid-cols-12 gap-0.5 sm:auto-rows-[3.25rem]"
        onKeyDown={onKeyDown}
      >
        {TILES.map(({ code, column, row }) => {
          const name = prefectureName(code);
          const short = name.replace(/[都府県]$/, '');
          const count = found.get(code)?.count ?? 0;
          return (
            <Link
              key={code}
              to="/figures/rows"
              search={
                found.has(code) ? rowsOf(found.get(code)?.list ?? '') : { ...rowsOf(report.list), prefecture: code }
              }
              preload={false}
              data-code={code}
              tabIndex={code === current ? 0 : -1}
              className={`focus-inside flex min-w-0 flex-col items-center justify-center overflow-hidden rounded-4 border text-center text-[0.75rem] leading-tight tracking-tight print-color hover:underline ${LOOKS[classOf(count, most)] ?? LOOKS[0]}`}
              style={{ gridColumn: column, gridRow: row }}
              onFocus={() => setCurrent(code)}
            >
              {/* Read out whole, and shown as far as a tile has room. */}
              <span className="sr-only">{`${name} ${numbers.whole(count)}`}</span>
              <span aria-hidden className="whitespace-nowrap">
                {short.slice(0, 2)}
                <span className="max-sm:hidden">{short.slice(2)}</span>
              </span>
              <span aria-hidden className="font-bold tabular-nums">
                {count > 999 ? numbers.short(count) : count}
              </span>
            </Link>
          );
        })}
      </div>
      <figcaption className="mt-3 flex flex-wrap gap-x-4 gap-y-1 text-dns-14N-130">
        {scaleOf(most).map(([look, from, to]) => (
          <span key={look} className="flex items-center gap-1.5">
            <span aria-hidden className={`size-5 border print-color ${LOOKS[look] ?? ''}`} />
            {look === 0 ? t.none : t.upTo(numbers.whole(from), numbers.whole(to))}
          </span>
        ))}
        {unset ? (
          <span>
            {t.unset}: <FigureNumber count={unset.count} list={unset.list} label={t.unset} />
          </span>
        ) : null}
      </figcaption>
    </figure>
  );
}

/** The classes that can occur, each with its smallest and largest number. */
export function scaleOf(most: number): (readonly [look: number, from: number, to: number])[] {
  const classes = Array.from({ length: CLASSES }, (_, index) => {
    return [index + 1, upTo(index, most) + 1, upTo(index + 1, most)] as const;
  });
  return [[0, 0, 0] as const, ...classes.filter(([, from, to]) => from <= to)];
}
