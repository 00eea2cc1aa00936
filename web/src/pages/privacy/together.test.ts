import { expect, it } from 'vitest';
import type { ViewEntry } from '@/api/schema';
import { together } from './together';

const ANNA = { id: 'anna', name: '安奈', role: 'desk' } as const;
const BEN = { id: 'ben', name: '勉', role: 'operator' } as const;

function view(id: number, seen_at: string, what: string, rest: Partial<ViewEntry> = {}): ViewEntry {
  return {
    id,
    seen_at: `2026-11-23T${seen_at}Z`,
    what,
    by_token: false,
    request_id: '',
    case_id: 'x',
    user: ANNA,
    ...rest,
  };
}

it('puts together what one person saw of one case within a minute', () => {
  const looks = together([
    view(9, '10:00:50', 'timeline'),
    view(8, '10:00:49', 'case'),
    view(7, '10:00:48', 'timeline'),
    view(6, '09:59:50', 'case'),
    view(5, '09:59:49', 'case', { user: BEN }),
    view(4, '09:59:48', 'case', { user: BEN, by_token: true }),
    view(3, '09:59:47', 'case', { user: BEN, by_token: true, case_id: 'y' }),
  ]);
  expect(looks.map(({ id, what }) => [id, what])).toEqual([
    ['9', ['timeline', 'case']],
    ['6', ['case']],
    ['5', ['case']],
    ['4', ['case']],
    ['3', ['case']],
  ]);
});
