/** What may be done with a session now. The API said it when the session was read; a page stays open, and the clock goes on. */
import type { ConsultationView, StepRefusal } from '@/api/schema';
import type { Side, Tap } from './taps';

export const STEPS = [
  'reschedule',
  'cancel',
  'check_in',
  'check_out',
  'hold',
  'no_show',
  'void',
  'write_report',
  'submit_report',
  'return_report',
  'approve_report',
] as const;
export type SessionStep = (typeof STEPS)[number];

type Looked = Pick<ConsultationView, 'allowed_steps' | 'refused_steps' | 'starts_at' | 'ends_at'>;

/** How long before and after its booked time a visit may begin. */
const NEAR_MS = 2 * 3_600_000;

/** Nothing where the step is allowed or not of the role, else why not. */
export interface Steps {
  can: (step: SessionStep) => boolean;
  whyNot: (step: SessionStep) => StepRefusal | undefined;
}

export function stepsNow(session: Looked, now: Date): Steps {
  const begun = Date.parse(session.starts_at) <= now.getTime();
  const early = now.getTime() < Date.parse(session.starts_at) - NEAR_MS;
  const late = now.getTime() > Date.parse(session.ends_at) + NEAR_MS;
  const whyNot = (step: SessionStep): StepRefusal | undefined => {
    const told = session.refused_steps.find((refused) => refused.step === step)?.reason;
    if (told === undefined && !session.allowed_steps.includes(step)) return undefined;
    if (told === 'not_begun') return begun ? undefined : told;
    if (told !== undefined && told !== 'too_early') return told;
    if ((step === 'reschedule' || step === 'cancel') && begun) return 'begun';
    if (step === 'check_in') return early ? 'too_early' : late ? 'too_late' : undefined;
    return told;
  };
  const isTold = (step: SessionStep) =>
    session.allowed_steps.includes(step) || session.refused_steps.some((refused) => refused.step === step);
  return { can: (step) => isTold(step) && whyNot(step) === undefined, whyNot };
}

/** What one may tap at a visit: the next tap, and which times may be corrected. */
export function tapsNow(
  session: Looked & Pick<ConsultationView, 'id' | 'state' | 'mode' | 'checked_in_at' | 'checked_out_at'>,
  taps: readonly Tap[],
  now: Date,
): { next: Side | undefined; correct: readonly Side[] } {
  if (session.state !== 'booked' || session.mode !== 'visit') return { next: undefined, correct: [] };
  const { can, whyNot } = stepsNow(session, now);
  const mine = taps.filter((tap) => tap.session === session.id && tap.refused === undefined);
  const has = (side: Side) => mine.some((tap) => tap.side === side);
  const isIn = has('in') || whyNot('check_in') === 'already_done';
  const isOut = has('out') || whyNot('check_out') === 'already_done';
  // Leaving waits for an arrival that this device knows of, and the server not yet.
  const canLeave = can('check_out') || (has('in') && whyNot('check_out') === 'not_checked_in');
  const next = !isIn && can('check_in') ? 'in' : isIn && !isOut && canLeave ? 'out' : undefined;
  return { next, correct: [...(isIn ? (['in'] as const) : []), ...(isOut ? (['out'] as const) : [])] };
}
