import { describe, expect, it } from 'vitest';
import { isWaiting, nextStep } from './next-step';

const now = new Date('2026-11-22T00:00:00Z');
const past = '2026-11-20T00:00:00Z';
const ahead = '2026-11-24T00:00:00Z';
const base = {
  waiting_on: 'desk' as const,
  consultations: { limit: 3, used: 0, remaining: 3 },
  allowed_moves: ['offer', 'close'],
  reports: { due: 0, submitted: 0 },
};

describe('the next step', () => {
  it('is what is due, for whom it is due', () => {
    const routed = { ...base, status: 'routed' as const, due: { kind: 'accept' as const, at: ahead } };
    expect(nextStep({ ...routed, allowed_moves: ['accept'] }, 'desk', now)).toBe('accept');
    expect(nextStep({ ...routed, allowed_moves: [] }, 'operator', now)).toBe('await_accept');
  });

  it('is to press somebody once they are late', () => {
    const offered = { ...base, status: 'accepted' as const, due: { kind: 'answer_offer' as const, at: ahead } };
    expect(nextStep(offered, 'desk', now)).toBe('await_answer');
    expect(nextStep({ ...offered, due: { ...offered.due, at: past } }, 'desk', now)).toBe('chase_answer');
    expect(nextStep({ ...offered, due: { ...offered.due, at: past } }, 'manager', now)).toBe('answer');
  });

  it('of an assigned expert is their own, whatever the desk still has to do', () => {
    const assigned = { ...base, status: 'assigned' as const, due: { kind: 'first_contact' as const, at: ahead } };
    expect(nextStep(assigned, 'manager', now)).toBe('book');
    expect(nextStep(assigned, 'desk', now)).toBe('first_contact');
    // The offer is somebody else's, for the other field.
    expect(nextStep({ ...assigned, due: { kind: 'answer_offer', at: ahead } }, 'manager', now)).toBe('book');
  });

  it('follows from the status where nothing is due', () => {
    const accepted = { ...base, status: 'accepted' as const };
    expect(nextStep(accepted, 'desk', now)).toBe('offer');
    expect(nextStep({ ...accepted, waiting_on: 'enterprise' }, 'desk', now)).toBe('await_enterprise');
  });

  it('of a wait is the wait, until it has to be looked at', () => {
    const waiting = {
      ...base,
      status: 'accepted' as const,
      waiting_on: 'enterprise' as const,
      due: { kind: 'wait_review' as const, at: ahead },
    };
    expect(nextStep(waiting, 'desk', now)).toBe('await_enterprise');
    expect(nextStep({ ...waiting, due: { kind: 'wait_review', at: past } }, 'desk', now)).toBe('review_wait');
  });

  it('knows when somebody else has to act', () => {
    expect(isWaiting('await_answer')).toBe(true);
    expect(isWaiting('chase_answer')).toBe(false);
  });
});

describe('with sessions, the next step', () => {
  const consulting = { ...base, status: 'consulting' as const, waiting_on: 'manager' as const };
  const booked = { id: 's', starts_at: ahead, ends_at: ahead, mode: 'online' as const };

  it('is to record what has begun, then to approve, then to book', () => {
    const begun = { ...consulting, next_consultation: { ...booked, starts_at: past } };
    expect(nextStep({ ...begun, reports: { due: 1, submitted: 1 } }, 'desk', now)).toBe('record_session');
    const submitted = { ...consulting, reports: { due: 1, submitted: 1 } };
    expect(nextStep(submitted, 'desk', now)).toBe('approve_report');
    expect(nextStep(submitted, 'manager', now)).toBe('await_approval');
    const unwritten = { ...consulting, reports: { due: 1, submitted: 0 } };
    expect(nextStep(unwritten, 'manager', now)).toBe('write_report');
    expect(nextStep(unwritten, 'desk', now)).toBe('await_report');
    expect(nextStep({ ...consulting, next_consultation: booked }, 'desk', now)).toBe('await_session');
    expect(nextStep(consulting, 'desk', now)).toBe('book_next');
    expect(nextStep({ ...consulting, status: 'assigned' }, 'desk', now)).toBe('book');
  });

  it('is to close once all are used and approved', () => {
    const used = { ...consulting, consultations: { limit: 1, used: 1, remaining: 0 } };
    expect(nextStep(used, 'desk', now)).toBe('finish');
    expect(nextStep(used, 'manager', now)).toBe('await_desk');
  });
});
