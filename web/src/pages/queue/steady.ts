/** A list that others change while somebody reads it: what is in it is new, where it stands is not. Pure. */

export interface Steady<Row> {
  rows: readonly Row[];
  /** How many rows came, and are not shown before one asks for them. */
  added: number;
  /** Shown rows that are in the list no more, by id. */
  left: ReadonlySet<string>;
  /** Whether the shown rows would stand in another order. */
  moved: boolean;
}

export function fresh<Row>(rows: readonly Row[]): Steady<Row> {
  return { rows, added: 0, left: new Set(), moved: false };
}

/** The shown rows where they were, with what is known of them now. What was loaded further down stands at the end. */
export function held<Row extends { id: string }>(
  shown: readonly Row[],
  now: readonly Row[],
  further: readonly Row[] = [],
): Steady<Row> {
  const known = new Map(now.map((row) => [row.id, row]));
  const before = new Set(shown.map(({ id }) => id));
  const more = further.filter(({ id }) => !before.has(id));
  for (const { id } of more) before.add(id);
  const rows = [...shown.map((row) => known.get(row.id) ?? row), ...more];
  const order = now.filter(({ id }) => before.has(id));
  const kept = rows.filter(({ id }) => known.has(id));
  return {
    rows,
    added: now.length - order.length,
    left: new Set(rows.filter(({ id }) => !known.has(id)).map(({ id }) => id)),
    moved: kept.some(({ id }, index) => id !== order[index]?.id),
  };
}
