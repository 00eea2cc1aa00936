/** What is in the document of a long list. Pure. */

/** Up to so many entries the document has all of them: drawing them takes no wait, and everything finds them. */
export const LONG = 200;

/** An entry, or the room of those that are left out after the entry `after`. */
export type Part = { index: number } | { room: number; after: number };

/** An entry that is drawn, and from where to where, in pixels. */
export interface Drawn {
  index: number;
  start: number;
  end: number;
}

export interface Windowed {
  items: readonly Drawn[];
  measure: (element: HTMLElement | null) => void;
}

/** What is in sight, and the entries that the keyboard needs: the ends, and those beside the focus. */
export function kept(inSight: readonly number[], count: number, focused: number | undefined): number[] {
  const around = focused === undefined ? [] : [focused - 1, focused, focused + 1];
  const all = new Set([0, count - 1, ...around, ...inSight]);
  return [...all].filter((index) => index >= 0 && index < count).toSorted((a, b) => a - b);
}

/** The head of a list, before it is known what is in sight, and about as much room as the rest takes. */
export function beginning(count: number, height: number): Part[] {
  const head = Math.min(count, 20);
  const entries = Array.from({ length: head }, (_, index) => ({ index }));
  return head < count ? [...entries, { room: (count - head) * height, after: head - 1 }] : entries;
}

/** Entries in their order, with room where some are left out. What is gone from the list since it was looked at is left out, too. */
export function partsOf(items: readonly Drawn[], count: number): Part[] {
  return items
    .filter(({ index }) => index < count)
    .flatMap((item, place, all): Part[] => {
      const before = all[place - 1];
      const isNext = before === undefined || before.index + 1 === item.index;
      const entry = { index: item.index };
      return isNext ? [entry] : [{ room: item.start - before.end, after: before.index }, entry];
    });
}
