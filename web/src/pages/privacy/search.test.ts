import { expect, it } from 'vitest';
import { readSampleSearch } from '../samples/search';
import { readPrivacySearch } from './search';
import { countsOf, privacyWords, wordOf } from './text';

it('keeps what an address may ask for, and drops the rest', () => {
  const who = '01890000-0000-7000-8000-000000000000';
  expect(
    readPrivacySearch({ part: 'views', who, case: ' TW-2026-000001 ', from: '2026-11-01', to: '1.11.', x: 'y' }),
  ).toEqual({ part: 'views', who, case: 'TW-2026-000001', from: '2026-11-01' });
  expect(readPrivacySearch({ part: 'users', class: 'Case!', day: '2040-04-01', year: '26' })).toEqual({
    day: '2040-04-01',
  });
  expect(readSampleSearch({ year: '2025', size: '-1', seed: '20261123' })).toEqual({ year: '2025', seed: '20261123' });
});

it('says what goes in the order of the words, without what there is none of', () => {
  const { counts } = privacyWords.ja;
  expect(countsOf({ mails: 2, contacts: 1, notes: 0 }, counts)).toEqual([
    ['相談者', 1],
    ['受信メール', 2],
  ]);
  expect(countsOf(null, counts)).toEqual([]);
  expect(wordOf(counts, 'something_new')).toBe('something_new');
});
