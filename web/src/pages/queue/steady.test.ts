import { describe, expect, it } from 'vitest';
import { fresh, held } from './steady';

const row = (id: string, state = '') => ({ id, state });
const list = (ids: string) => Array.from(ids, (id) => row(id));

describe('a list that is being read', () => {
  it('stands still, and shows what is new of its rows', () => {
    const now = [row('x'), row('b'), row('a', 'late'), row('c')];
    const steady = held(list('abc'), now);
    expect(steady.rows).toEqual([row('a', 'late'), row('b'), row('c')]);
    expect(steady).toMatchObject({ added: 1, moved: true });
    expect([...steady.left]).toEqual([]);
  });

  it('keeps the place of what has left', () => {
    const steady = held(list('abc'), list('ac'));
    expect(steady.rows.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect([...steady.left]).toEqual(['b']);
    expect(steady).toMatchObject({ added: 0, moved: false });
  });

  it('grows at the end by what one asks for', () => {
    const steady = held(list('abc'), list('xabcde'), list('cde'));
    expect(steady.rows.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(steady).toMatchObject({ added: 1, moved: false });
  });

  it('has nothing to tell when nothing has changed', () => {
    expect(held(list('abc'), list('abc'))).toEqual(fresh(list('abc')));
  });
});
