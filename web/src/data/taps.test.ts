import { describe, expect, it } from 'vitest';
import { Problem, isPassing, problemOf } from '@/api/problem';
import { nextTap, postponed, type Tap } from './taps';

const NOW = Date.parse('2026-11-24T01:00:00Z');
const tap = (part: Partial<Tap> = {}): Tap => ({
  person: 'p',
  session: 's',
  number: 'R8-1',
  side: 'in',
  at: '2026-11-24T00:59:00Z',
  replace: false,
  key: 'k',
  ...part,
});
const later = (ms: number) => new Date(NOW + ms).toISOString();

describe('a tap that the server could not take', () => {
  it('is sent again later and later, with the same key', () => {
    let now = tap();
    const waits: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      now = postponed(now, 0, NOW, 0);
      waits.push((Date.parse(now.again?.at ?? '') - NOW) / 1000);
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
    expect(now).toMatchObject({ key: 'k', at: tap().at, again: { tries: 9 } });
  });

  it('is not sent before the server wants it, nor by all phones at once', () => {
    expect(postponed(tap(), 60_000, NOW, 0).again?.at).toBe(later(60_000));
    expect(postponed(tap(), 0, NOW, 1).again?.at).toBe(later(6_250));
  });

  it('is one that a limit or a fault of the server met, and no refusal', async () => {
    const answer = (status: number, headers = {}) =>
      problemOf(Response.json({ type: '/problems/x', status, detail: '' }, { status, headers }));
    expect(isPassing(await answer(429, { 'retry-after': '7' }))).toBe(true);
    expect((await answer(429, { 'retry-after': '7' })).retryAfterMs).toBe(7_000);
    expect(isPassing(await answer(500))).toBe(true);
    for (const status of [401, 403, 404, 409, 422]) expect(isPassing(await answer(status)), `${status}`).toBe(false);
    expect(isPassing(new Error('no answer'))).toBe(false);
    expect((await answer(500)) instanceof Problem).toBe(true);
  });
});

describe('the next tap to send', () => {
  const out = tap({ side: 'out', at: '2026-11-24T01:59:00Z', key: 'o' });

  it('is the first that waits for nothing', () => {
    expect(nextTap([], NOW)).toBeUndefined();
    expect(nextTap([tap({ refused: 'no' })], NOW)).toBeUndefined();
    expect(nextTap([tap({ refused: 'no' }), out], NOW)).toEqual({ tap: out });
    const due = tap({ again: { tries: 1, at: later(0) } });
    expect(nextTap([due, out], NOW)).toEqual({ tap: due });
  });

  it('does not leave a visit before arriving at it, and does not hold up another visit', () => {
    const waiting = tap({ again: { tries: 1, at: later(4_000) } });
    expect(nextTap([waiting, out], NOW)).toEqual({ wait: 4_000 });
    const other = tap({ session: 'other', key: 'x' });
    expect(nextTap([waiting, out, other], NOW)).toEqual({ tap: other });
  });
});
