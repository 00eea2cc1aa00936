import { describe, expect, it } from 'vitest';
import type { ConsultationView } from '@/api/schema';
import { stepsNow, tapsNow } from './steps';
import { visitTimes, type Tap } from './taps';

const before = new Date('2026-11-24T09:00:00Z');
const near = new Date('2026-11-24T11:30:00Z');
const begun = new Date('2026-11-24T12:30:00Z');
const after = new Date('2026-11-24T16:00:00Z');

/** A visit from 12 to 13 o'clock, read in the morning. */
const visit = {
  id: 's',
  state: 'booked',
  mode: 'visit',
  starts_at: '2026-11-24T12:00:00Z',
  ends_at: '2026-11-24T13:00:00Z',
  allowed_steps: ['reschedule', 'cancel'],
  refused_steps: [
    { step: 'check_in', reason: 'too_early' },
    { step: 'check_out', reason: 'not_checked_in' },
    { step: 'hold', reason: 'not_begun' },
  ],
} as unknown as ConsultationView;

const tap: Tap = {
  person: 'p',
  session: 's',
  number: 'TW-2026-000001',
  side: 'in',
  at: '2026-11-24T11:55:00Z',
  replace: false,
  key: 'k',
};

describe('what may be done with a session', () => {
  it('follows the clock after it was read', () => {
    expect(stepsNow(visit, before).can('cancel')).toBe(true);
    expect(stepsNow(visit, before).whyNot('hold')).toBe('not_begun');
    expect(stepsNow(visit, begun).can('cancel')).toBe(false);
    expect(stepsNow(visit, begun).whyNot('cancel')).toBe('begun');
    expect(stepsNow(visit, begun).can('hold')).toBe(true);
  });

  it('is nothing that the role never does', () => {
    expect(stepsNow(visit, begun).can('void')).toBe(false);
    expect(stepsNow(visit, begun).whyNot('void')).toBeUndefined();
  });
});

describe('at a visit', () => {
  it('one arrives near its time, and then leaves, also before the server knows', () => {
    expect(tapsNow(visit, [], before).next).toBeUndefined();
    expect(tapsNow(visit, [], near).next).toBe('in');
    expect(tapsNow(visit, [], after).next).toBeUndefined();
    expect(tapsNow(visit, [tap], begun)).toEqual({ next: 'out', correct: ['in'] });
    expect(tapsNow(visit, [tap, { ...tap, side: 'out' }], begun)).toEqual({ next: undefined, correct: ['in', 'out'] });
  });

  it('nobody taps twice, or where there is no visit', () => {
    const refused_steps = [{ step: 'check_in', reason: 'already_done' as const }];
    const arrived = { ...visit, allowed_steps: ['check_out'], refused_steps };
    expect(tapsNow(arrived, [], begun)).toEqual({ next: 'out', correct: ['in'] });
    expect(tapsNow({ ...visit, mode: 'online' }, [], near).next).toBeUndefined();
  });

  it('what was tapped here counts, unless it was refused', () => {
    const known = { id: 's', checked_in_at: '2026-11-24T11:50:00Z', checked_out_at: null };
    expect(visitTimes(known, [tap])).toEqual({ in: tap.at, out: undefined });
    expect(visitTimes(known, [{ ...tap, refused: 'no' }])).toEqual({ in: known.checked_in_at, out: undefined });
  });
});
