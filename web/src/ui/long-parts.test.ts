import { describe, expect, it } from 'vitest';
import { beginning, kept, partsOf } from './long-parts';

describe('what is in the document of a long list', () => {
  it('is what is in sight, both ends, and what is beside the focus', () => {
    expect(kept([40, 41, 42], 1000, undefined)).toEqual([0, 40, 41, 42, 999]);
    expect(kept([40, 41, 42], 1000, 500)).toEqual([0, 40, 41, 42, 499, 500, 501, 999]);
  });

  it('has nothing twice, and nothing that is not in the list', () => {
    expect(kept([0, 1, 2], 3, 0)).toEqual([0, 1, 2]);
    expect(kept([], 1, 0)).toEqual([0]);
    expect(kept([5, 6], 6, 5)).toEqual([0, 4, 5]);
  });
});

describe('the parts of a long list', () => {
  const at = (index: number) => ({ index, start: index * 10, end: index * 10 + 10 });

  it('have room where entries are left out, and only there', () => {
    expect(partsOf([at(0), at(4), at(5), at(9)], 10)).toEqual([
      { index: 0 },
      { room: 30, after: 0 },
      { index: 4 },
      { index: 5 },
      { room: 30, after: 5 },
      { index: 9 },
    ]);
    expect(partsOf([at(0), at(1)], 2)).toEqual([{ index: 0 }, { index: 1 }]);
  });

  it('begin with the head and the room of the rest', () => {
    const parts = beginning(1000, 10);
    expect(parts).toHaveLength(21);
    expect(parts.at(-1)).toEqual({ room: 9_800, after: 19 });
    expect(beginning(2, 10)).toEqual([{ index: 0 }, { index: 1 }]);
  });

  it('end where the list ends', () => {
    expect(partsOf([at(0), at(1), at(9)], 2)).toEqual([{ index: 0 }, { index: 1 }]);
  });
});
