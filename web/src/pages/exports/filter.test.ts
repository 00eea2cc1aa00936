import { expect, it } from 'vitest';
import { datesIn } from '@/text/dates';
import { wordsIn } from '@/text/words';
import { filterOf, inWords, wishOf, type Naming } from './filter';
import { fieldsOf, LISTS, listsOf } from './kinds';
import { exportWords } from './text';

const naming: Naming = {
  words: wordsIn('ja'),
  fields: exportWords.ja.fields,
  open: exportWords.ja.open,
  dates: datesIn('ja', false),
  desk: (id) => (id === 'd1' ? '東京窓口' : undefined),
  manager: () => undefined,
};

it('means whole days, the last one included', () => {
  const typed = { from: '2026-11-01', to: '2026-11-30', state: 'held', desk_id: ' ' };
  expect(filterOf(LISTS.sessions.fields, typed)).toEqual({
    state: 'held',
    from: '2026-11-01T00:00:00+09:00',
    to: '2026-12-01T00:00:00+09:00',
  });
});

it('keeps nothing of another list', () => {
  expect(filterOf(LISTS.enterprises.fields, { q: ' 山田 ', state: 'held' })).toEqual({ q: '山田' });
});

it('takes the list and the filter of another page out of the address', () => {
  const address = { list: 'cases', status: 'open', overdue: 'true', q: '規程', sort: 'due_at' };
  expect(wishOf(address)).toEqual({
    kind: 'cases',
    filter: { status: 'open', overdue: true, q: '規程', sort: 'due_at' },
  });
  expect(wishOf({ list: 'cases', overdue: true })?.filter).toEqual({ overdue: true });
  expect(wishOf({ list: 'secrets' })).toBeUndefined();
  expect(wishOf({})).toBeUndefined();
});

it('says a filter as people do', () => {
  const filter = { status: 'open', overdue: true, desk_id: 'd1', topic: 'rules', q: '規程', sort: 'due_at' };
  expect(inWords('cases', filter, naming)).toEqual([
    ['検索', '規程'],
    ['状態', '進行中'],
    ['窓口', '東京窓口'],
    ['相談分野', '就業規則・規程'],
    ['期限を過ぎた案件', ''],
  ]);
  expect(inWords('sessions', { to: '2025-12-01T00:00:00+09:00' }, naming)).toEqual([
    ['この日まで', '2025年11月30日(日)'],
  ]);
  expect(inWords('sessions', { to: '2025-12-01T09:30:00+09:00' }, naming)).toEqual([
    ['この日まで', '2025年12月1日(月) 9:30'],
  ]);
  expect(inWords('cases', { status: 'routed,closed' }, naming)).toEqual([['状態', '受理待ち、終了']]);
});

it('shows as it is what it does not know', () => {
  expect(inWords('cases', { colour: 'red', desk_id: 'd2' }, naming)).toEqual([
    ['窓口', 'd2'],
    ['colour', 'red'],
  ]);
});

it('offers what a role may have', () => {
  const auditor = { role: 'auditor', permissions: ['make_exports'] } as const;
  expect(listsOf({ ...auditor, permissions: [...auditor.permissions] })).toEqual(Object.keys(LISTS));
  const fields = fieldsOf('cases', { ...auditor, permissions: [...auditor.permissions] }).map(({ name }) => name);
  expect(fields).not.toContain('q');
  expect(fields).not.toContain('desk_id');
  expect(listsOf({ role: 'operator', permissions: ['make_exports', 'read_cases'] })).toEqual([
    'cases',
    'sessions',
    'interactions',
  ]);
});

it('has a name for every field', () => {
  for (const { fields } of Object.values(LISTS)) {
    for (const { name } of fields) {
      expect(exportWords.ja.fields[name]).toBeTypeOf('string');
      expect(exportWords.en.fields[name]).toBeTypeOf('string');
    }
  }
});
