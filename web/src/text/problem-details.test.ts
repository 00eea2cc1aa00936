import { expect, it } from 'vitest';
import { inJapanese } from './problem-details';

it('takes over what the sentence carries', () => {
  expect(inJapanese('All 3 free sessions of this case are used.')).toBe('無料で使える3回を、すべて使っています。');
  expect(inJapanese('must be between 1 and 9')).toBe('1〜9の範囲で入力してください。');
  expect(inJapanese('The session is no_show already.')).toBe('この回は、すでに「当日不在」です。');
  expect(inJapanese('Say in override_reason why the offer is made all the same: absent, capacity_full.')).toBe(
    'それでも打診する理由を入力してください（不在、担当枠に空きなし）。',
  );
});

it('keeps a sentence of its own from one that takes over anything', () => {
  expect(inJapanese('at most one with the role primary')).toBe('「主な相談者」は1人までです。');
  expect(inJapanese('at most 20')).toBe('20までにしてください。');
});

it('has no word for what it does not know', () => {
  expect(inJapanese('A comet has hit the server.')).toBeUndefined();
});
