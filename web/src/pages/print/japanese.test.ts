import { expect, it } from 'vitest';
import { eraDay, eraSpan, eraTime } from './japanese';

it('writes years of the era, also the first and those of this year', () => {
  expect(eraDay('2026-11-24T00:30:00Z')).toBe('令和8年11月24日(火)');
  expect(eraDay('2019-05-01T00:00:00+09:00')).toBe('令和元年5月1日(水)');
  expect(eraDay('2019-04-30T23:59:00+09:00')).toBe('平成31年4月30日(火)');
});

it('counts days in Japan', () => {
  expect(eraTime('2026-11-23T15:05:00Z')).toBe('令和8年11月24日(火) 0時05分');
});

it('says the day once where both ends share it', () => {
  expect(eraSpan('2026-11-24T09:30:00+09:00', '2026-11-24T10:30:00+09:00')).toBe(
    '令和8年11月24日(火) 9時30分〜10時30分',
  );
  expect(eraSpan('2026-11-24T23:30:00+09:00', '2026-11-25T00:30:00+09:00')).toBe(
    '令和8年11月24日(火) 23時30分〜令和8年11月25日(水) 0時30分',
  );
});
