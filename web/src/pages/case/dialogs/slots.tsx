import { useQueries } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { freeSlots } from '@/data/calendar';
import { commonSlots } from '@/data/week';
import { dateOf, midnight, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Loading } from '@/ui/states';

const words = texts(
  {
    title: '専門家の空き時間',
    both: '全員が空いている時間です。選ぶと、下の日時に入ります。',
    none: 'この期間に空きはありません。',
    earlier: '前の週',
    later: '次の週',
    pick: (time: string) => `${time} から`,
  },
  {
    title: 'When the experts are free',
    both: 'Everybody is free at these times. Choosing one fills in the fields below.',
    none: 'No free time in these days.',
    earlier: 'Week before',
    later: 'Week after',
    pick: (time: string) => `from ${time}`,
  },
);

const DAYS = 7;

/** A choice and not a button, so that Tab passes a week of them in one step; the arrows choose. */
const SLOT = `relative inline-flex min-h-8 shrink-0 items-center rounded-4 border px-1.5 tabular-nums has-focus-visible:outline-4
  has-focus-visible:outline-offset-0 has-focus-visible:outline-black max-md:min-h-10 max-md:px-2`;
const CHOSEN = 'border-blue-900 bg-blue-900 text-white';
const OPEN = 'border-line bg-white hover:border-blue-900 hover:bg-blue-50';

/** On a phone a day is one line that one pushes along, so that the fields below are in sight. */
const ROW = '-m-1 flex min-w-0 gap-1 p-1 max-md:overflow-x-auto md:flex-wrap';

interface SlotsProps {
  managers: readonly string[];
  minutes: number;
  /** Whose hours count. */
  desk?: string | undefined;
  /** The start that stands in the fields. */
  chosen?: string | undefined;
  /** Where the times are only to be seen, nothing. */
  onPick?: (start: string) => void;
}

/** A week of free times, day by day. */
export function Slots({ managers, minutes, desk, chosen, onPick }: SlotsProps) {
  const t = useTexts(words);
  const dates = useDates();
  const group = useId();
  const [week, setWeek] = useState(0);
  const shown = { from: dateOf(midnight(week * DAYS)), to: dateOf(midnight(week * DAYS + DAYS - 1)) };
  const queries = useQueries({ queries: managers.map((manager) => freeSlots(manager, shown, minutes, desk)) });
  const lists = queries.map(({ data }) => data);
  const ready = lists.every((list) => list !== undefined);
  const starts = ready ? commonSlots(lists).map(({ starts_at }) => starts_at) : [];
  const days = Map.groupBy(starts, dateOf);
  const isChosen = (start: string) => chosen !== undefined && Date.parse(chosen) === Date.parse(start);
  return (
    <section aria-label={t.title} className="rounded-8 bg-ground p-3">
      <div className="mb-2 flex flex-wrap items-center justify-between gap-2">
        <h3 className="text-dns-16B-130">{t.title}</h3>
        <div className="flex gap-2">
          <Button size="sm" disabled={week === 0} onClick={() => setWeek(week - 1)}>
            {t.earlier}
          </Button>
          <Button size="sm" onClick={() => setWeek(week + 1)}>
            {t.later}
          </Button>
        </div>
      </div>
      {onPick ? <p className="mb-2 text-dns-14N-130 text-ink-soft">{t.both}</p> : null}
      {!ready ? <Loading lines={3} /> : null}
      {ready && starts.length === 0 ? <p className="text-dns-16N-130">{t.none}</p> : null}
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-1.5 text-dns-14N-130">
        {[...days].map(([date, times]) => (
          <div key={date} className="col-span-2 grid grid-cols-subgrid items-baseline">
            <dt className="whitespace-nowrap">{dates.day(`${date}T00:00:00+09:00`)}</dt>
            <dd className={onPick ? ROW : 'flex flex-wrap gap-1'}>
              {times.map((start) =>
                onPick ? (
                  <label key={start} className={`${SLOT} ${isChosen(start) ? CHOSEN : OPEN}`}>
                    <input
                      type="radio"
                      name={group}
                      checked={isChosen(start)}
                      aria-label={`${dates.day(start)} ${t.pick(dates.time(start))}`}
                      className="sr-only"
                      onChange={() => onPick(start)}
                    />
                    {dates.time(start)}
                  </label>
                ) : (
                  <span key={start} className="px-0.5 tabular-nums">
                    {dates.time(start)}
                  </span>
                ),
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
