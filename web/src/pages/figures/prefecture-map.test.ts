import { expect, it } from 'vitest';
import { classOf, scaleOf } from './prefecture-map';

it.each([1, 3, 7, 96, 1_234])('the legend says what the tiles show, up to %i', (most) => {
  for (let count = 0; count <= most; count += 1) {
    const fitting = scaleOf(most).filter(([, from, to]) => from <= count && count <= to);
    expect(fitting.map(([look]) => look)).toEqual([classOf(count, most)]);
  }
});
