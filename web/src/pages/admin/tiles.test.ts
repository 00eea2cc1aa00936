import { expect, it } from 'vitest';
import type { Coverage } from '@/api/schema';
import { PREFECTURES } from '@/ui/prefectures';
import { coverOf } from './cover';
import { tileBeside, TILES } from './tiles';

it('the map has every prefecture once, each on a place of its own', () => {
  expect(TILES.map(({ code }) => code)).toEqual(PREFECTURES.map(([code]) => code));
  expect(new Set(TILES.map(({ column, row }) => `${column}/${row}`)).size).toBe(47);
});

it('arrows lead to neighbours, and reach every prefecture', () => {
  expect(tileBeside('13', 'ArrowLeft')).toBe('11');
  expect(tileBeside('27', 'ArrowUp')).toBe('28');
  expect(tileBeside('01', 'ArrowUp')).toBeUndefined();
  const reached = new Set(['13']);
  for (const code of reached) {
    for (const direction of ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight']) {
      const next = tileBeside(code, direction);
      if (next) reached.add(next);
    }
  }
  expect(reached.size).toBe(47);
});

const area = (part: Partial<Coverage>): Coverage => ({
  id: 'a',
  desk_id: 'tokyo',
  from: '2026-04-01',
  version: 1,
  ...part,
});

it('an area counts from its first to its last day', () => {
  const tokyo = area({ prefecture_code: '13', to: '2027-03-31' });
  expect(coverOf([tokyo], '13', '2026-04-01')).toMatchObject({ state: 'whole', desks: ['tokyo'] });
  expect(coverOf([tokyo], '13', '2027-03-31').state).toBe('whole');
  expect(coverOf([tokyo], '13', '2027-04-01').state).toBe('gap');
  expect(coverOf([tokyo], '13', '2026-03-31').state).toBe('gap');
  expect(coverOf([tokyo], '14', '2026-04-01').state).toBe('gap');
});

it('single municipalities are a part, and several desks are several', () => {
  const ward = area({ id: 'b', desk_id: 'minato', municipality_code: '13103' });
  expect(coverOf([ward], '13', '2026-11-24')).toMatchObject({ state: 'part', desks: ['minato'] });
  const both = coverOf([ward, area({ prefecture_code: '13' })], '13', '2026-11-24');
  expect(both).toMatchObject({ state: 'whole', desks: ['minato', 'tokyo'] });
});
