/** The arithmetic of a week on a grid: minutes of a day in Japan, places of what lies at the same time. Pure. */
import type { DayView, Period, Slot } from '@/api/schema';
import { dateOf, daysLater, timeOf } from '@/text/dates';

/** Sessions are moved in steps of so many minutes. */
export const STEP = 15;
const DAY = 24 * 60;

export interface Span {
  starts_at: string;
  ends_at: string;
}

/** `[from, to)` in minutes of a day. */
export type Minutes = readonly [from: number, to: number];

/** `09:30` → 570 */
export function minutesOfTime(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

/** A moment of a day in Japan, with its offset; the minutes may reach into the days beside it. */
export function momentOf(date: string, minutes: number): string {
  const day = daysLater(date, Math.floor(minutes / DAY));
  const rest = ((minutes % DAY) + DAY) % DAY;
  const two = (n: number) => String(n).padStart(2, '0');
  return `${day}T${two(Math.floor(rest / 60))}:${two(rest % 60)}:00+09:00`;
}

/** The part of a span that lies in a day; nothing where none does. */
export function partOfDay({ starts_at, ends_at }: Span, date: string): Minutes | undefined {
  const from = dateOf(starts_at) < date ? 0 : dateOf(starts_at) > date ? DAY : minutesOfTime(timeOf(starts_at));
  const to = dateOf(ends_at) > date ? DAY : dateOf(ends_at) < date ? 0 : minutesOfTime(timeOf(ends_at));
  return from < to ? [from, to] : undefined;
}

/** Its length in minutes. */
export function lengthOf({ starts_at, ends_at }: Span): number {
  return Math.round((Date.parse(ends_at) - Date.parse(starts_at)) / 60_000);
}

export function overlaps(a: Span, b: Span): boolean {
  return Date.parse(a.starts_at) < Date.parse(b.ends_at) && Date.parse(b.starts_at) < Date.parse(a.ends_at);
}

export interface Placed<T> {
  item: T;
  /** Which of the columns side by side, from 0. */
  lane: number;
  /** How many there are. */
  lanes: number;
}

/**
 * Columns for what lies at the same time: as few as possible, the earliest on the left. What is shorter than `least`
 * minutes is drawn as high as that, so it takes the place of that.
 */
export function sideBySide<T extends Span>(items: readonly T[], least = 0): Placed<T>[] {
  const placed: Placed<T>[] = [];
  let group: Placed<T>[] = [];
  let ends: number[] = [];
  const close = () => {
    for (const one of group) one.lanes = ends.length;
    placed.push(...group);
    group = [];
    ends = [];
  };
  for (const item of items.toSorted((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at))) {
    const start = Date.parse(item.starts_at);
    if (ends.every((end) => end <= start)) close();
    const free = ends.findIndex((end) => end <= start);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = Math.max(Date.parse(item.ends_at), start + least * 60_000);
    group.push({ item, lane, lanes: 1 });
  }
  close();
  return placed;
}

const USUAL: Minutes = [9 * 60, 17 * 60];

/** The whole hours that a week shows: when any day is open, and everything that lies outside of that. */
export function hoursOf(days: readonly DayView[], dates: readonly string[], spans: readonly Span[]): Minutes {
  const parts = [
    ...days.flatMap(({ periods }) => periods.map(minutesOfPeriod)),
    ...spans.flatMap((span) => dates.flatMap((date) => [partOfDay(span, date)].filter((part) => part !== undefined))),
  ];
  if (parts.length === 0) return USUAL;
  const from = Math.min(...parts.map(([first]) => first));
  const to = Math.max(...parts.map(([, last]) => last));
  return [Math.floor(from / 60) * 60, Math.ceil(to / 60) * 60];
}

export function minutesOfPeriod({ from, to }: Period): Minutes {
  return [minutesOfTime(from), minutesOfTime(to)];
}

/** When a day is not open, of the hours shown. */
export function closedParts({ periods }: Pick<DayView, 'periods'>, [first, last]: Minutes): Minutes[] {
  const parts: Minutes[] = [];
  let at = first;
  for (const [from, to] of periods.map(minutesOfPeriod).toSorted(([a], [b]) => a - b)) {
    if (from > at) parts.push([at, Math.min(from, last)]);
    at = Math.max(at, to);
  }
  if (at < last) parts.push([at, last]);
  return parts;
}

/** The days of a week from Monday: those of the weekend only where they are open or something lies there. */
export function daysShown(monday: string, days: readonly DayView[], spans: readonly Span[]): string[] {
  return Array.from({ length: 7 }, (_, index) => daysLater(monday, index)).filter(
    (date, index) =>
      index < 5 ||
      days.some((day) => day.date === date && day.open) ||
      spans.some((span) => partOfDay(span, date) !== undefined),
  );
}

/** The day before or after; over the weekend unless it is among the days shown. */
export function dayBeside(date: string, by: 1 | -1, shown: readonly string[]): string {
  let day = daysLater(date, by);
  while (!shown.includes(day) && [0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay())) day = daysLater(day, by);
  return day;
}

/** The nearest step of the clock. */
export function snapped(minutes: number): number {
  return Math.round(minutes / STEP) * STEP;
}

/** The same length on another day and time; it does not begin on another day than asked for. */
export function movedTo(span: Span, date: string, minutes: number): Span {
  const start = Math.min(Math.max(0, minutes), DAY - STEP);
  return { starts_at: momentOf(date, start), ends_at: momentOf(date, start + lengthOf(span)) };
}

/** The starts at which all of them are free; held where one of them was offered to an enterprise that has not answered. */
export function commonSlots(lists: readonly (readonly Slot[])[]): Slot[] {
  const [first = [], ...others] = lists;
  return first.flatMap((slot) => {
    const same = others.map((list) => list.find(({ starts_at }) => starts_at === slot.starts_at));
    if (same.some((other) => other === undefined)) return [];
    return [{ ...slot, is_held: slot.is_held || same.some((other) => other?.is_held) }];
  });
}

/** Slots that touch or overlap, joined. */
export function joined(slots: readonly Span[]): Span[] {
  const spans: Span[] = [];
  for (const { starts_at, ends_at } of slots.toSorted((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at))) {
    const last = spans.at(-1);
    if (last && Date.parse(starts_at) <= Date.parse(last.ends_at)) {
      if (Date.parse(ends_at) > Date.parse(last.ends_at)) last.ends_at = ends_at;
    } else {
      spans.push({ starts_at, ends_at });
    }
  }
  return spans;
}

/** What is left of a span without another. */
export function minus(span: Span, other: Span): Span[] {
  if (!overlaps(span, other)) return [span];
  const before = Date.parse(span.starts_at) < Date.parse(other.starts_at);
  const after = Date.parse(other.ends_at) < Date.parse(span.ends_at);
  return [
    ...(before ? [{ starts_at: span.starts_at, ends_at: other.starts_at }] : []),
    ...(after ? [{ starts_at: other.ends_at, ends_at: span.ends_at }] : []),
  ];
}

export function isWithin(span: Span, spans: readonly Span[]): boolean {
  return spans.some(
    (whole) =>
      Date.parse(whole.starts_at) <= Date.parse(span.starts_at) &&
      Date.parse(span.ends_at) <= Date.parse(whole.ends_at),
  );
}
