import { describe, expect, it } from 'vitest';
import type { ConsultationView } from '@/api/schema';
import { conflictsOf, isRefused, type Facts, type Plan } from './conflicts';

const NOW = new Date('2026-11-24T08:00:00+09:00');
const at = (time: string) => `2026-11-25T${time}:00+09:00`;

function session(part: Partial<ConsultationView>): ConsultationView {
  return {
    id: 'other',
    case_id: 'case 2',
    case_number: 'TW-2026-000002',
    origin_case_id: 'case 2',
    managers: [{ id: 'm1', name: '黒田 聡子' }],
    mode: 'online',
    session: 1,
    stage: 'assessment',
    state: 'booked',
    report: 'none',
    starts_at: at('10:00'),
    ends_at: at('11:00'),
    booked_at: at('00:00'),
    updated_at: at('00:00'),
    enterprise_name: '山田商事',
    allowed_steps: [],
    refused_steps: [],
    version: 1,
    warnings: [],
    ...part,
  };
}

const plan = (from: string, to: string, part: Partial<Plan> = {}): Plan => ({
  starts_at: at(from),
  ends_at: at(to),
  case_id: 'case 1',
  managers: [{ id: 'm1', name: '黒田 聡子' }],
  ...part,
});

const facts = (part: Partial<Facts> = {}): Facts => ({
  sessions: [],
  absences: [],
  days: [{ date: '2026-11-25', open: true, periods: [{ from: '09:00', to: '17:00' }] }],
  free: new Map(),
  ...part,
});

const kinds = (...given: Parameters<typeof conflictsOf>) => conflictsOf(...given).map(({ kind }) => kind);

describe('double booking', () => {
  it('a manager is not in two sessions at once, and one may follow the other', () => {
    const known = facts({ sessions: [session({})] });
    expect(kinds(plan('10:30', '11:30'), known, NOW)).toEqual(['manager']);
    expect(kinds(plan('11:00', '12:00'), known, NOW)).toEqual([]);
    expect(kinds(plan('09:00', '10:00'), known, NOW)).toEqual([]);
    expect(kinds(plan('10:30', '11:30', { managers: [{ id: 'm2', name: '' }] }), known, NOW)).toEqual([]);
  });

  it('nor is a case, and both are said where both are so', () => {
    const known = facts({ sessions: [session({ case_id: 'case 1' })] });
    expect(kinds(plan('10:30', '11:30'), known, NOW)).toEqual(['manager', 'case']);
  });

  it('the session itself and one that was given back are in nobody’s way', () => {
    const self = session({ id: 'self', case_id: 'case 1' });
    expect(kinds(plan('10:30', '11:30', { moved: self }), facts({ sessions: [self] }), NOW)).toEqual([]);
    const cancelled = session({ session: null, state: 'cancelled' });
    expect(kinds(plan('10:30', '11:30'), facts({ sessions: [cancelled] }), NOW)).toEqual([]);
  });
});

it('stages do not run backwards', () => {
  const first = session({ case_id: 'case 1', stage: 'preparation', starts_at: at('09:00'), ends_at: at('10:00') });
  const known = facts({ sessions: [first] });
  expect(kinds(plan('13:00', '14:00', { stage: 'assessment' }), known, NOW)).toEqual(['stage']);
  expect(kinds(plan('13:00', '14:00', { stage: 'follow_up' }), known, NOW)).toEqual([]);
  expect(kinds(plan('13:00', '14:00'), known, NOW)).toEqual([]);
});

it('a move into the past is refused, an entry afterwards is not', () => {
  const before = { starts_at: '2026-11-20T10:00:00+09:00', ends_at: '2026-11-20T11:00:00+09:00' };
  expect(kinds(plan('10:00', '11:00', { ...before, moved: session({}) }), facts(), NOW)).toEqual(['past']);
  expect(kinds(plan('10:00', '11:00', before), facts(), NOW)).toEqual([]);
});

describe('absence, hours and free time', () => {
  it('an absence is refused, and explains why nobody is free', () => {
    const absence = {
      id: 'a',
      manager_id: 'm1',
      starts_at: at('00:00'),
      ends_at: at('12:00'),
      created_at: at('00:00'),
    };
    const known = facts({ absences: [absence], free: new Map([['m1', []]]) });
    expect(kinds(plan('10:00', '11:00'), known, NOW)).toEqual(['absent']);
    expect(kinds(plan('13:00', '14:00'), facts({ absences: [absence] }), NOW)).toEqual([]);
  });

  it('days off and times outside the hours are only warned of', () => {
    const holiday = { date: '2026-11-25', open: false, periods: [], reason: '臨時休業' };
    const closed = conflictsOf(plan('10:00', '11:00'), facts({ days: [holiday] }), NOW);
    expect(closed).toEqual([{ kind: 'closed', reason: '臨時休業' }]);
    const late = conflictsOf(plan('16:30', '17:30'), facts(), NOW);
    expect(late.map(({ kind }) => kind)).toEqual(['hours']);
    expect([...closed, ...late].some(isRefused)).toBe(false);
  });

  it('a session over the lunch break lies outside the hours', () => {
    const periods = [
      { from: '09:00', to: '12:00' },
      { from: '13:00', to: '17:00' },
    ];
    const known = facts({ days: [{ date: '2026-11-25', open: true, periods }] });
    expect(kinds(plan('11:30', '12:30'), known, NOW)).toEqual(['hours']);
  });

  it('what cannot be seen is warned of; the time of the session itself is its own', () => {
    const free = new Map([['m1', [{ starts_at: at('11:00'), ends_at: at('11:30'), is_held: false }]]]);
    expect(kinds(plan('11:00', '11:30'), facts({ free }), NOW)).toEqual([]);
    expect(kinds(plan('10:30', '11:30'), facts({ free }), NOW)).toEqual(['busy']);
    // 10:00 to 11:00 is taken by what is moved.
    expect(kinds(plan('10:30', '11:30', { moved: session({ id: 'self' }) }), facts({ free }), NOW)).toEqual([]);
  });
});

it('a time that was offered to an enterprise may be booked, with a warning', () => {
  const slot = { starts_at: at('10:00'), ends_at: at('11:00'), is_held: true };
  const known = facts({ free: new Map([['m1', [slot]]]) });
  expect(conflictsOf(plan('10:00', '11:00'), known, NOW)).toEqual([{ kind: 'held', name: '黒田 聡子' }]);
  expect(isRefused({ kind: 'held', name: '' })).toBe(false);
  expect(kinds(plan('11:00', '12:00'), facts({ free: new Map([['m1', [{ ...slot, is_held: false }]]]) }), NOW)).toEqual(
    ['busy'],
  );
});
