import { expect, it } from 'vitest';
import { shortNames } from './labels';

it('names lose the words that most of them begin with', () => {
  const names = ['支援網 東京窓口', '支援網 東海窓口', '支援網 東京窓口', '相談センター'];
  expect(shortNames(names)).toEqual(['東京窓口', '東海窓口', '東京窓口', '相談センター']);
});

it('names that have little in common stay as they are', () => {
  expect(shortNames(['黒田 聡子', '黒田 花', '三枝 浩一', '上原 琴美'])).toEqual([
    '黒田 聡子',
    '黒田 花',
    '三枝 浩一',
    '上原 琴美',
  ]);
  expect(shortNames(['電話', 'FAX'])).toEqual(['電話', 'FAX']);
  expect(shortNames(['全国 件数'])).toEqual(['件数']);
});
