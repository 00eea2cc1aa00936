import { expect, it } from 'vitest';
import type { DayView } from '@/api/schema';
import { dayStart, mondayOf } from '@/text/dates';
import { heightOf, LEAST_MINUTES, LEAST_PX } from '@/pages/schedule/shape';
import * as week from './week';

const span = (date: string, from: string, to: string): week.Span => ({
  starts_at: `${date}T${from}:00+09:00`,
  ends_at: `${date}T${to}:00+09:00`,
});
const day = (date: string, ...periods: [string, string][]): DayView => ({
  date,
  open: periods.length > 0,
  periods: periods.map(([from, to]) => ({ from, to })),
});

it('a week begins on Monday, also on a Sunday and over the end of a year', () => {
  expect(mondayOf('2026-11-23')).toBe('2026-11-23');
  expect(mondayOf('2026-11-29')).toBe('2026-11-23');
  expect(mondayOf('2027-01-01')).toBe('2026-12-28');
});

it('a day is a day in Japan, whatever the offset of a moment', () => {
  // 16:30 of the 23rd in London is 1:30 of the 24th in Tokyo.
  const late = { starts_at: '2026-11-23T16:30:00Z', ends_at: '2026-11-23T17:30:00Z' };
  expect(week.partOfDay(late, '2026-11-23')).toBeUndefined();
  expect(week.partOfDay(late, '2026-11-24')).toEqual([90, 150]);
});

it('a span over midnight has a part on both days', () => {
  const night = { starts_at: '2026-11-24T23:00:00+09:00', ends_at: '2026-11-25T01:00:00+09:00' };
  expect(week.partOfDay(night, '2026-11-24')).toEqual([23 * 60, 24 * 60]);
  expect(week.partOfDay(night, '2026-11-25')).toEqual([0, 60]);
  const untilMidnight = { starts_at: '2026-11-24T23:00:00+09:00', ends_at: dayStart('2026-11-25') };
  expect(week.partOfDay(untilMidnight, '2026-11-25')).toBeUndefined();
});

it('moments and minutes are each other’s inverse', () => {
  expect(week.momentOf('2026-11-24', 9 * 60 + 30)).toBe('2026-11-24T09:30:00+09:00');
  expect(week.momentOf('2026-12-31', 24 * 60)).toBe('2027-01-01T00:00:00+09:00');
  expect(week.momentOf('2026-11-24', -15)).toBe('2026-11-23T23:45:00+09:00');
});

it('puts side by side only what lies at the same time', () => {
  const [a, b, c, d] = [
    span('2026-11-24', '09:00', '11:00'),
    span('2026-11-24', '10:00', '12:00'),
    span('2026-11-24', '11:00', '12:30'),
    span('2026-11-24', '13:00', '14:00'),
  ] as const;
  expect(week.sideBySide([d, c, b, a])).toEqual([
    { item: a, lane: 0, lanes: 2 },
    { item: b, lane: 1, lanes: 2 },
    { item: c, lane: 0, lanes: 2 },
    { item: d, lane: 0, lanes: 1 },
  ]);
});

it('puts side by side what is drawn higher than it is long', () => {
  const [a, b, c] = [
    span('2026-11-24', '09:00', '09:05'),
    span('2026-11-24', '09:10', '09:15'),
    span('2026-11-24', '09:24', '09:29'),
  ] as const;
  const lanes = (least: number) => week.sideBySide([a, b, c], least).map(({ lane, lanes }) => [lane, lanes]);
  expect(lanes(0)).toEqual([
    [0, 1],
    [0, 1],
    [0, 1],
  ]);
  expect(lanes(23)).toEqual([
    [0, 2],
    [1, 2],
    [0, 2],
  ]);
  // A part of the grid as high as a block is as long as these minutes.
  const [first, second] = [week.minutesOfTime('09:00'), week.minutesOfTime('09:00') + LEAST_MINUTES] as const;
  expect(heightOf([first, second])).toBeCloseTo(LEAST_PX);
});

it('shows the opening hours and everything outside of them, in whole hours', () => {
  const open = [day('2026-11-24', ['09:00', '12:00'], ['13:00', '17:00'])];
  expect(week.hoursOf(open, ['2026-11-24'], [])).toEqual([540, 1020]);
  expect(week.hoursOf(open, ['2026-11-24'], [span('2026-11-24', '16:45', '18:15')])).toEqual([540, 1140]);
  expect(week.hoursOf([], [], [])).toEqual([540, 1020]);
});

it('shades what is not open, the lunch break too', () => {
  const open = day('2026-11-24', ['09:00', '12:00'], ['13:00', '17:00']);
  expect(week.closedParts(open, [480, 1080])).toEqual([
    [480, 540],
    [720, 780],
    [1020, 1080],
  ]);
  expect(week.closedParts(day('2026-11-23'), [540, 1020])).toEqual([[540, 1020]]);
});

it('shows a weekend only where something is', () => {
  expect(week.daysShown('2026-11-23', [], [])).toHaveLength(5);
  expect(week.daysShown('2026-11-23', [day('2026-11-28', ['09:00', '12:00'])], [])).toContain('2026-11-28');
  expect(week.daysShown('2026-11-23', [], [span('2026-11-29', '10:00', '11:00')])).toContain('2026-11-29');
});

it('steps over a weekend that is not shown', () => {
  expect(week.dayBeside('2026-11-27', 1, [])).toBe('2026-11-30');
  expect(week.dayBeside('2026-11-27', 1, ['2026-11-28'])).toBe('2026-11-28');
  expect(week.dayBeside('2026-11-30', -1, [])).toBe('2026-11-27');
});

it('a moved session keeps its length and begins on the day it was moved to', () => {
  const session = span('2026-11-24', '10:00', '11:30');
  expect(week.movedTo(session, '2026-11-26', 14 * 60)).toEqual(span('2026-11-26', '14:00', '15:30'));
  expect(week.movedTo(session, '2026-11-26', -30).starts_at).toBe(dayStart('2026-11-26'));
  expect(week.movedTo(session, '2026-11-26', 2000).starts_at).toBe('2026-11-26T23:45:00+09:00');
  expect(week.snapped(613)).toBe(615);
});

it('common free time, joined, and without what is taken', () => {
  const half = (from: string, to: string) => span('2026-11-24', from, to);
  const mine = [half('09:00', '09:30'), half('09:30', '10:00'), half('11:00', '11:30')];
  const slots = (held: boolean) => mine.map((one) => ({ ...one, is_held: held }));
  expect(week.commonSlots([slots(false), slots(false).slice(1)])).toEqual(slots(false).slice(1));
  expect(week.commonSlots([slots(false), slots(true)])).toEqual(slots(true));
  expect(week.commonSlots([])).toEqual([]);
  expect(week.joined(mine)).toEqual([half('09:00', '10:00'), half('11:00', '11:30')]);
  expect(week.minus(half('09:00', '12:00'), half('10:00', '11:00'))).toEqual([
    half('09:00', '10:00'),
    half('11:00', '12:00'),
  ]);
  expect(week.minus(half('09:00', '10:00'), half('10:00', '11:00'))).toEqual([half('09:00', '10:00')]);
  expect(week.minus(half('10:00', '11:00'), half('09:00', '12:00'))).toEqual([]);
  expect(week.isWithin(half('09:15', '10:00'), week.joined(mine))).toBe(true);
  expect(week.isWithin(half('09:45', '10:15'), week.joined(mine))).toBe(false);
});
