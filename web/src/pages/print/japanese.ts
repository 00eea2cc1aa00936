/** Dates on paper: always with the era, always with the year, whatever the screen shows. Pure. */
import { datesIn } from '@/text/dates';

const era = datesIn('ja', true);

/** 令和8年11月24日(火) */
export function eraDay(at: string | Date): string {
  return era.fullDay(at);
}

/** 令和8年11月24日(火) 9時30分 */
export function eraTime(at: string | Date): string {
  return `${era.fullDay(at)} ${eraClock(at)}`;
}

/** 令和8年11月24日(火) 9時30分〜10時30分, with the second day where it is another. */
export function eraSpan(from: string | Date, to: string | Date): string {
  return era.fullDay(from) === era.fullDay(to)
    ? `${eraTime(from)}〜${eraClock(to)}`
    : `${eraTime(from)}〜${eraTime(to)}`;
}

/** 9時30分 */
export function eraClock(at: string | Date): string {
  const [hours = '', minutes = ''] = era.time(at).split(':');
  return `${hours}時${minutes}分`;
}
