import { useQueries } from '@tanstack/react-query';
import { useId, useState } from 'react';
import type { Slot } from '@/api/schema';
import { freeSlots } from '@/data/calendar';
import { commonSlots } from '@/data/week';
import { dateOf, midnight, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Loading } from '@/ui/states';

const words = texts(
  {
    title: '専門家の空き時間',
    one: '全員が空いている時間です。選ぶと、下の日時に入ります。',
    several: '全員が空いている時間です。選ぶと、送る候補に入ります。',
    none: 'この期間に空きはありません。',
    earlier: '前の週',
    later: '次の週',
    pick: (time: string) => `${time} から`,
    held: 'ほかの案内で仮に押さえている時間',
    heldWhy: '点線の時間は、企業・団体に候補として案内中です。予約はできますが、先に選ばれることがあります。',
  },
  {
    title: 'When the experts are free',
    one: 'Everybody is free at these times. Choosing one fills in the fields below.',
    several: 'Everybody is free at these times. Those that you choose are sent.',
    none: 'No free time in these days.',
    earlier: 'Week before',
    later: 'Week after',
    pick: (time: string) => `from ${time}`,
    held: 'offered to an enterprise',
    heldWhy: 'Dotted times were offered to an enterprise that has not answered. They can be booked all the same.',
  },
);

const DAYS = 7;

/** A choice and not a button, so that Tab passes a week of them in one step; the arrows choose. Several: each by itself. */
const SLOT = `relative inline-flex min-h-8 shrink-0 items-center rounded-4 border px-1.5 tabular-nums has-focus-visible:outline-4
  has-focus-visible:outline-offset-0 has-focus-visible:outline-black max-md:min-h-10 max-md:px-2`;
const CHOSEN = 'border-blue-900 bg-blue-900 text-white';
const OPEN = 'border-line bg-white hover:border-blue-900 hover:bg-blue-50';
const HELD = 'border-dashed border-yellow-1000 bg-yellow-50 hover:border-blue-900';

/** On a phone a day is one line that one pushes along, so that the fields below are in sight. */
const ROW = '-m-1 flex min-w-0 gap-1 p-1 max-md:overflow-x-auto md:flex-wrap';

interface SlotsProps {
  managers: readonly string[];
  minutes: number;
  /** Whose hours count. */
  desk?: string | undefined;
  /** The start that stands in the fields, or the starts that are chosen. */
  chosen?: string | readonly string[] | undefined;
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
  const slots = ready ? commonSlots(lists) : [];
  const days = Map.groupBy(slots, ({ starts_at }) => dateOf(starts_at));
  const picked = (typeof chosen === 'string' ? [chosen] : (chosen ?? [])).map((start) => Date.parse(start));
  const isChosen = (start: string) => picked.includes(Date.parse(start));
  const lookOf = ({ starts_at, is_held }: Slot) => (isChosen(starts_at) ? CHOSEN : is_held ? HELD : OPEN);
  const name = ({ starts_at, is_held }: Slot) =>
    `${dates.day(starts_at)} ${t.pick(dates.time(starts_at))}${is_held ? ` (${t.held})` : ''}`;
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
      {onPick ? <p className="mb-2 text-dns-14N-130 text-ink-soft">{typeof chosen === 'object' ? t.several : t.one}</p> : null}
      {!ready ? <Loading lines={3} /> : null}
      {slots.some(({ is_held }) => is_held) ? (
        <p className="mb-2 text-dns-14N-130 text-yellow-1000">{t.heldWhy}</p>
      ) : null}
      {ready && slots.length === 0 ? <p className="text-dns-16N-130">{t.none}</p> : null}
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-1.5 text-dns-14N-130">
        {[...days].map(([date, times]) => (
          <div key={date} className="col-span-2 grid grid-cols-subgrid items-baseline">
            <dt className="whitespace-nowrap">{dates.day(`${date}T00:00:00+09:00`)}</dt>
            <dd className={onPick ? ROW : 'flex flex-wrap gap-1'}>
              {times.map((slot) =>
                onPick ? (
                  <label key={slot.starts_at} className={`${SLOT} ${lookOf(slot)}`}>
                    <input
                      type={typeof chosen === 'object' ? 'checkbox' : 'radio'}
                      name={group}
                      checked={isChosen(slot.starts_at)}
                      aria-label={name(slot)}
                      className="sr-only"
                      onChange={() => onPick(slot.starts_at)}
                    />
                    {dates.time(slot.starts_at)}
                  </label>
                ) : (
                  <span
                    key={slot.starts_at}
                    className={`px-0.5 tabular-nums ${slot.is_held ? 'border-b-2 border-dashed border-yellow-1000' : ''}`}
                  >
                    {dates.time(slot.starts_at)}
                    {slot.is_held ? <span className="sr-only">({t.held})</span> : null}
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
