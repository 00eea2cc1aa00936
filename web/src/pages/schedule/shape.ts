/** Where something stands on the grid. */
import type { Minutes, Placed } from '@/data/week';

/** The height of an hour: three lines of text fit into a session of one hour. */
export const HOUR_PX = 68;

/** The height of the shortest session: its line can be read, and its handle be met with a finger. */
export const LEAST_PX = 26;
/** The minutes that are as high. */
export const LEAST_MINUTES = (LEAST_PX / HOUR_PX) * 60;

export function heightOf([from, to]: Minutes): number {
  return ((to - from) / 60) * HOUR_PX;
}

/** Top and height of a part of a day, below the first hour shown. */
export function rows(part: Minutes, [first]: Minutes): { top: number; height: number } {
  return { top: heightOf([first, part[0]]), height: heightOf(part) };
}

/** Left and width of what lies side by side with others. */
export function columns({ lane, lanes }: Pick<Placed<unknown>, 'lane' | 'lanes'>): { left: string; width: string } {
  return { left: `${(lane / lanes) * 100}%`, width: `calc(${100 / lanes}% - 2px)` };
}
