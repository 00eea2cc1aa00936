import { expect, it } from 'vitest';
import { PREFECTURES, prefectureName, prefecturesLike } from './prefectures';

it('are 47 in the order of their code', () => {
  expect(PREFECTURES).toHaveLength(47);
  expect(PREFECTURES.every(([, name]) => /^.{2,3}[都道府県]$/.test(name))).toBe(true);
  expect([prefectureName('01'), prefectureName('13'), prefectureName('47')]).toEqual(['北海道', '東京都', '沖縄県']);
});

it('are found by name, reading and code', () => {
  const codes = (typed: string) => prefecturesLike(typed).map(({ code }) => code);
  expect(codes('東京')).toEqual(['13']);
  expect(codes('きょう')).toEqual(['26']);
  expect(codes('トクシマ')).toEqual(['36']);
  expect(codes('１３')).toEqual(['13']);
  expect(codes('ひ')).toEqual(['28', '34']);
});
