/** What two people changed at once, put together. Pure. */

export interface Merged<T> {
  /** Mine, with what only the other person changed taken over. */
  values: T;
  /** What both changed, differently: somebody has to choose. */
  conflicts: (keyof T)[];
  /** What only the other person changed. */
  taken: (keyof T)[];
}

/** Puts `mine`, typed over `base`, together with `theirs`, which is stored now. */
export function mergeEdits<T extends object>(base: T, mine: T, theirs: T): Merged<T> {
  const values = { ...mine };
  const conflicts: (keyof T)[] = [];
  const taken: (keyof T)[] = [];
  for (const key of Object.keys(base) as (keyof T)[]) {
    if (same(base[key], theirs[key]) || same(mine[key], theirs[key])) continue;
    if (same(base[key], mine[key])) {
      values[key] = theirs[key];
      taken.push(key);
    } else {
      conflicts.push(key);
    }
  }
  return { values, conflicts, taken };
}

/** The fields of `mine` that differ from `base`: what a PATCH has to say. */
export function changesOf<T extends object>(base: T, mine: T): Partial<T> {
  const changed = Object.entries(mine).filter(([key, value]) => !same(base[key as keyof T], value));
  return Object.fromEntries(changed) as Partial<T>;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
