import { expect, it } from 'vitest';
import { shortNames } from './labels';

it('names lose the words that most of them begin with', () => {
  const names = [
    'サポートネットワーク 東京窓口',
    'サポートネットワーク 東海窓口',
    'サポートネットワーク 東京窓口',
    '相談センター',
  ];
  expect(shortNames(names)).toEqual(['東京窓口', '東海窓口', '東京窓口', '相談センター']);
});

it('names that have little in common stay as they are', () => {
  for (const names of [['黒田 聡子'], ['黒田 聡子', '黒田 花', '三枝 浩一'], ['電話', 'FAX'], ['全国 件数']]) {
    expect(shortNames(names)).toEqual(names);
  }
  const few = ['サポートネットワーク 東京窓口', '相談センター', '事務局'];
  expect(shortNames(few)).toEqual(few);
});
