import { expect, it } from 'vitest';
import { partsOf, partsOfNames } from './suspects';

function suspects(text: string, names: readonly string[] = []): string[] {
  return partsOf(text, names).flatMap((part) => (part.suspect ? [part.text] : []));
}

it('points at ways to reach somebody', () => {
  expect(suspects('03-5550-1234 か ０９０（１２３４）５６７８ へ')).toEqual([
    '03-5550-1234',
    '０９０（１２３４）５６７８',
  ]);
  expect(suspects('taro.yamada@kigyo.example.jp にどうぞ')).toEqual(['taro.yamada@kigyo.example.jp']);
  expect(suspects('〒100-0001 の事務所、https://kigyo.example.jp/taro も')).toEqual([
    '〒100-0001',
    'https://kigyo.example.jp/taro',
  ]);
});

it('points at names of people and firms', () => {
  expect(suspects('専門家の佐藤さんと、弊社の山田課長に感謝')).toEqual(['佐藤さん', '山田課長']);
  expect(suspects('株式会社あおぞらの者です')).toEqual(['株式会社あおぞら']);
  expect(suspects('青空株式会社の者です')).toEqual(['青空株式会社']);
});

it('points at the names that the case knows, in whole and in parts', () => {
  const names = partsOfNames(['株式会社あおぞら', '山田 太郎', null]);
  expect(names).toEqual(['株式会社あおぞら', 'あおぞら', '山田 太郎', '山田', '太郎']);
  expect(suspects('あおぞらの山田です。株式会社あおぞら、山田 太郎', names)).toEqual([
    'あおぞら',
    '山田',
    '株式会社あおぞら',
    '山田 太郎',
  ]);
});

it('leaves alone what names nobody', () => {
  const text = '皆さん、担当者様、お客様に説明できた。2026年11月23日、30分で3名。費用は100,000円でした。';
  expect(suspects(text)).toEqual([]);
});

it('loses nothing of the text', () => {
  const text = '佐藤さん\n株式会社ア、03-5550-1234。';
  expect(
    partsOf(text, ['佐藤', '佐'])
      .map((part) => part.text)
      .join(''),
  ).toBe(text);
});
