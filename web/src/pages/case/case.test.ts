import { describe, expect, it } from 'vitest';
import { changesOf, mergeEdits } from './merge-edits';
import { whyNot } from './why-not';

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
  const seen = {
    status: 'accepted' as const,
    allowed_moves: ['return', 'offer', 'close'],
    managers: [],
    consultations: { limit: 3, used: 0, remaining: 3 },
    merged_into: null,
    enterprise: { kind: 'company' as const },
  };

  it('is explained', () => {
    expect(whyNot(seen, 'desk')).toEqual([
      ['accept', 'accept_status'],
      ['route', 'route_role'],
      ['book', 'book_manager'],
    ]);
    expect(whyNot({ ...seen, status: 'closed', allowed_moves: ['reopen'] }, 'manager')).toEqual([['book', 'closed']]);
  });

  it('says that the sessions are used up', () => {
    const manager = { id: 'm', name: '黒田', line: 'labour' as const, assignment_id: 'a' };
    const used = { ...seen, managers: [manager], consultations: { limit: 3, used: 3, remaining: 0 } };
    expect(whyNot(used, 'manager')).toEqual([['book', 'book_used']]);
  });
});
