/** What of the trail is asked for, as it stands in the address. */
import { dayStart, daysLater } from '@/text/dates';

export interface AuditSearch {
  /** Whose deeds, by the id of the user. */
  who?: string;
  /** Which kind of event. */
  what?: string;
  /** A case, by its number. */
  case?: string;
  /** First and last day. */
  from?: string;
  to?: string;
}

const SHAPES: Record<keyof AuditSearch, RegExp> = {
  who: /^[0-9a-f-]{36}$/,
  what: /^[a-z_]+$/,
  case: /\S/,
  from: /^\d{4}-\d{2}-\d{2}$/,
  to: /^\d{4}-\d{2}-\d{2}$/,
};

/** Anything else in an address is dropped. */
export function readAuditSearch(search: Record<string, unknown>): AuditSearch {
  const found: AuditSearch = {};
  for (const [name, shape] of Object.entries(SHAPES) as [keyof AuditSearch, RegExp][]) {
    const value = search[name];
    if (typeof value === 'string' && shape.test(value)) found[name] = value.trim();
  }
  return found;
}

/** The same as the API asks for it; a day is one of Japan, and the last one counts. */
export function auditFilter({ who, what, from, to }: AuditSearch, caseId: string | undefined) {
  return {
    ...(who ? { actor_id: who } : {}),
    ...(what ? { kind: what } : {}),
    ...(caseId ? { case_id: caseId } : {}),
    ...(from ? { from: dayStart(from) } : {}),
    ...(to ? { to: dayStart(daysLater(to, 1)) } : {}),
  };
}
