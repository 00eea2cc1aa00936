import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TimelineItem } from '@/api/schema';
import { kindWords } from '@/pages/audit/kinds';
import { describeIn } from './describe';
import { changesOf, mergeEdits } from './merge-edits';
import { newsAfter } from './news-after';
import { movesNotNow, whyNotWords } from './why-not';

describe('two people on one case', () => {
  const base = { subject: '規程', description: '相談', topics: ['rules'] };

  it('keep what each changed alone', () => {
    const merged = mergeEdits(base, { ...base, subject: '在宅規程' }, { ...base, topics: ['rules', 'labour'] });
    expect(merged).toEqual({
      values: { subject: '在宅規程', description: '相談', topics: ['rules', 'labour'] },
      conflicts: [],
      taken: ['topics'],
    });
  });

  it('are asked where both changed the same', () => {
    const merged = mergeEdits(base, { ...base, subject: 'A' }, { ...base, subject: 'B' });
    expect(merged.conflicts).toEqual(['subject']);
    expect(merged.values.subject).toBe('A');
  });

  it('are not asked where both wrote the same', () => {
    expect(mergeEdits(base, { ...base, subject: 'A' }, { ...base, subject: 'A' }).conflicts).toEqual([]);
  });

  it('send only what they changed', () => {
    expect(changesOf(base, { ...base, topics: ['rules', 'ict'] })).toEqual({ topics: ['rules', 'ict'] });
  });
});

describe('a move that is not offered', () => {
  const t = whyNotWords.ja;

  it('is explained, in the words of the move where it has some', () => {
    const refused_moves = [
      { move: 'accept', reason: 'status' as const },
      { move: 'book', reason: 'no_session_left' as const },
    ];
    expect(movesNotNow({ refused_moves, allowed_moves: [] }, t)).toEqual([
      ['accept', t.detail['accept status']],
      ['book', t.move.no_session_left],
    ]);
  });

  it('is not mentioned where nobody looks for it', () => {
    const refused_moves = [{ move: 'unmerge', reason: 'not_merged' as const }];
    expect(movesNotNow({ refused_moves, allowed_moves: [] }, t)).toEqual([]);
  });
});

describe('every reason of the API', () => {
  const file = readFileSync(new URL('../../../../openapi/openapi.json', import.meta.url), 'utf8');
  const { components } = JSON.parse(file) as { components: { schemas: Record<string, { enum: string[] }> } };

  it.each([
    ['MoveRefusal', 'move'],
    ['StepRefusal', 'step'],
  ] as const)('of %s has words in both languages', (type, part) => {
    const reasons = components.schemas[type]?.enum ?? [];
    expect(reasons.length).toBeGreaterThan(5);
    for (const language of ['ja', 'en'] as const) {
      expect(Object.keys(whyNotWords[language][part]).toSorted()).toEqual(reasons.toSorted());
      expect(Object.values(whyNotWords[language][part])).not.toContain('');
    }
  });
});

describe('what happens on a case', () => {
  const { case: ofCase, help, sessions, answers, talk, mail } = kindWords.ja;
  const kinds = [ofCase, help, sessions, answers, talk, mail]
    .flatMap(Object.keys)
    .filter((kind) => kind !== 'case_moved');
  const ending = ['enterprise_returned', 'hold_placed', 'hold_lifted', 'case_disposed', 'case_erased'];

  it.each(['ja', 'en'] as const)('has a sentence in %s', (language) => {
    const say = describeIn(language, { span: () => '' }, { managers: [], desks: [] });
    const unnamed = [...kinds, ...ending].filter((kind) => say({ kind, data: {} } as TimelineItem) === kind);
    expect(unnamed).toEqual([]);
  });
});

describe('news on an open case', () => {
  const by = (seq: number, id?: string) => ({ seq, ...(id ? { actor: { id, name: id } } : {}) });

  it('is what others did after it was opened', () => {
    const items = [by(9, 'other'), by(8, 'me'), by(7), by(6, 'other'), by(5, 'other')];
    expect(newsAfter(items, 5, 'me').map(({ seq }) => seq)).toEqual([9, 6]);
  });
});
