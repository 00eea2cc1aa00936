/**
 * Japan as tiles of one size: every prefecture is as easy to hit and to read as any other. Our own grid, by the codes of
 * JIS X 0401; who is a neighbour in the country is mostly one here.
 */
const ROWS = [
  '.. .. .. .. .. .. .. .. .. .. .. 01',
  '.. .. .. .. .. .. .. .. .. .. .. 02',
  '.. .. .. .. .. .. .. .. .. .. 05 03',
  '.. .. .. .. .. .. .. .. .. .. 06 04',
  '.. .. .. .. .. .. .. 17 16 15 07 ..',
  '.. .. .. .. .. .. .. 18 20 10 09 08',
  '.. .. 32 31 28 26 25 21 19 11 13 12',
  '.. 35 34 33 27 29 24 23 22 14 .. ..',
  '41 40 44 38 37 30 .. .. .. .. .. ..',
  '42 43 45 39 36 .. .. .. .. .. .. ..',
  '.. 46 .. .. .. .. .. .. .. .. .. ..',
  '47 .. .. .. .. .. .. .. .. .. .. ..',
];

export interface Tile {
  code: string;
  /** From 1, as CSS counts. */
  column: number;
  row: number;
}

/** The tiles in the order of the codes, which is how people read a list of prefectures. */
export const TILES: readonly Tile[] = ROWS.flatMap((line, row) =>
  line.split(' ').map((code, column) => ({ code, column: column + 1, row: row + 1 })),
)
  .filter(({ code }) => code !== '..')
  .toSorted((a, b) => a.code.localeCompare(b.code));

export type Direction = 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight';

/** The nearest tile in a direction: straight ahead before aside. */
export function tileBeside(code: string, direction: string): string | undefined {
  const here = TILES.find((tile) => tile.code === code);
  if (!here) return undefined;
  const vertical = direction === 'ArrowUp' || direction === 'ArrowDown';
  const sign = direction === 'ArrowUp' || direction === 'ArrowLeft' ? -1 : 1;
  const ahead = TILES.map((tile) => {
    const along = (vertical ? tile.row - here.row : tile.column - here.column) * sign;
    const aside = Math.abs(vertical ? tile.column - here.column : tile.row - here.row);
    return { code: tile.code, along, cost: along + aside * 3 };
  }).filter(({ along }) => along > 0);
  return ahead.toSorted((a, b) => a.cost - b.cost)[0]?.code;
}
