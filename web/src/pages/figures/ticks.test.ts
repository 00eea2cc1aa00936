import { expect, it } from 'vitest';
import { ticksOf } from './ticks';

it('are round, whole and reach over the largest', () => {
  expect(ticksOf(0)).toEqual([0, 1]);
  expect(ticksOf(3)).toEqual([0, 1, 2, 3]);
  expect(ticksOf(17)).toEqual([0, 5, 10, 15, 20]);
  expect(ticksOf(230_000)).toEqual([0, 100_000, 200_000, 300_000]);
});
