/** What speaks against a time, from what is on the screen already: said before anything is sent. Pure. */
import type { Absence, ConsultationView, DayView, Slot, Stage } from '@/api/schema';
import { dateOf } from '@/text/dates';
import { isWithin, joined, minus, minutesOfPeriod, overlaps, partOfDay, type Span } from './week';

/** A session as it would be. */
export interface Plan extends Span {
  case_id: string;
  managers: readonly { id: string; name: string }[];
  /** Absent while the API is to choose it. */
  stage?: Stage;
  /** The session as it is, where it is moved. */
  moved?: ConsultationView;
}

/** What is known of the days around the plan. */
export interface Facts {
  /** Sessions of the managers and of the case, as far as one may see them. */
  sessions: readonly ConsultationView[];
  absences: readonly Absence[];
  days: readonly DayView[];
  /** Half hours in which a manager is free, by manager; those whose free time is not known are left out. */
  free: ReadonlyMap<string, readonly Slot[]>;
}

export type Conflict =
  | { kind: 'past' }
  | { kind: 'manager'; name: string; other: ConsultationView }
  | { kind: 'case'; other: ConsultationView }
  | { kind: 'stage'; other: ConsultationView }
  | { kind: 'absent'; name: string; absence: Absence }
  | { kind: 'closed'; reason: string | null }
  | { kind: 'hours'; day: DayView }
  | { kind: 'busy'; name: string }
  | { kind: 'held'; name: string };

/** Whether the API will refuse it, or only warns. An absence is refused too, unless a supervisor gives a reason. */
export function isRefused({ kind }: Conflict): boolean {
  return kind !== 'closed' && kind !== 'hours' && kind !== 'busy' && kind !== 'held';
}

const STAGES: readonly Stage[] = ['assessment', 'preparation', 'follow_up'];

export function conflictsOf(plan: Plan, facts: Facts, now: Date): Conflict[] {
  const isPast = Date.parse(plan.starts_at) < now.getTime();
  const others = facts.sessions.filter(({ id, session }) => id !== plan.moved?.id && isUsed(session));
  const clashing = others.filter((other) => overlaps(plan, other));
  return [
    // A booking in the past is an entry afterwards; a session is not moved there.
    ...(isPast && plan.moved ? [{ kind: 'past' } as const] : []),
    ...plan.managers.flatMap(({ id, name }): Conflict[] =>
      clashing.filter(({ managers }) => managers.some((one) => one.id === id)).map(doubleBooked(name)),
    ),
    ...clashing.filter(({ case_id }) => case_id === plan.case_id).map((other): Conflict => ({ kind: 'case', other })),
    ...stageConflict(plan, others),
    ...(isPast ? [] : ahead(plan, facts, clashing)),
  ];
}

function isUsed(session: number | null | undefined): boolean {
  return session !== null && session !== undefined;
}

function doubleBooked(name: string) {
  return (other: ConsultationView): Conflict => ({ kind: 'manager', name, other });
}

/** Stages never run backwards in the order of time. */
function stageConflict({ stage, case_id, starts_at }: Plan, others: readonly ConsultationView[]): Conflict[] {
  if (!stage) return [];
  const rank = STAGES.indexOf(stage);
  const wrong = others.find((other) => {
    if (other.case_id !== case_id) return false;
    const between = STAGES.indexOf(other.stage) - rank;
    return Date.parse(other.starts_at) < Date.parse(starts_at) ? between > 0 : between < 0;
  });
  return wrong ? [{ kind: 'stage', other: wrong }] : [];
}

/** What concerns only times that lie ahead: absences, opening hours, and what one cannot see of other desks. */
function ahead(plan: Plan, facts: Facts, clashing: readonly ConsultationView[]): Conflict[] {
  const absent = plan.managers.flatMap(({ id, name }) =>
    facts.absences
      .filter((absence) => absence.manager_id === id && overlaps(plan, absence))
      .map((absence): Conflict => ({ kind: 'absent', name, absence })),
  );
  const closed = outsideHours(plan, facts.days);
  const explained = absent.length > 0 || closed.length > 0 || clashing.length > 0;
  return [...absent, ...closed, ...(explained ? [] : notFree(plan, facts)), ...offered(plan, facts)];
}

/** Offered to an enterprise that has not answered yet. */
function offered(plan: Plan, { free }: Facts): Conflict[] {
  return plan.managers.flatMap(({ id, name }): Conflict[] =>
    free.get(id)?.some((slot) => slot.is_held && overlaps(plan, slot)) ? [{ kind: 'held', name }] : [],
  );
}

function outsideHours(plan: Span, days: readonly DayView[]): Conflict[] {
  const day = days.find(({ date }) => date === dateOf(plan.starts_at));
  if (!day) return [];
  if (!day.open) return [{ kind: 'closed', reason: day.reason ?? null }];
  const part = partOfDay(plan, day.date);
  const within =
    part &&
    day.periods.map(minutesOfPeriod).some(([from, to]) => from <= part[0] && part[1] <= to) &&
    dateOf(plan.ends_at) === day.date;
  return within ? [] : [{ kind: 'hours', day }];
}

/** Not free for a reason that is not to be seen here: another desk's booking, or the month's capacity. */
function notFree(plan: Plan, { free }: Facts): Conflict[] {
  // The time that the session itself takes is its own.
  const needed = plan.moved ? minus(plan, plan.moved) : [plan];
  return plan.managers.flatMap(({ id, name }): Conflict[] => {
    const slots = free.get(id);
    if (!slots) return [];
    const spans = joined(slots);
    return needed.every((span) => isWithin(span, spans)) ? [] : [{ kind: 'busy', name }];
  });
}
