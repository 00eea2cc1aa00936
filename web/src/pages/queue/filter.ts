/** The queue's filters live in the address, so that a view can be kept, shared and gone back to. */
import type { CaseFilter } from '@/data/cases';
import type { DueKind, Flag, Status, Topic, WaitingOn } from '@/api/schema';

/** What may stand in the address of the queue. Anything else is dropped. */
export interface QueueSearch {
  /** One status, `open` (where absent) or `all`. */
  status?: Status | 'open' | 'all';
  due?: DueKind;
  overdue?: 'true';
  flag?: Flag;
  waiting_on?: WaitingOn;
  topic?: Topic;
  desk_id?: string;
  q?: string;
  sort?: 'due_at' | 'received_at' | '-received_at';
}

export const STATUSES = ['received', 'routed', 'accepted', 'assigned', 'consulting', 'closed'] as const;
export const DUES = ['route', 'accept', 'first_contact', 'callback', 'answer_offer', 'report', 'wait_review'] as const;
export const FLAGS = [
  'complaint',
  'possible_duplicate',
  'same_enterprise_this_year',
  'delivery_failed',
  'after_last_day',
  'mail_after_close',
  'unverified_sender',
  'address_guessed',
  'late_entry',
  'after_last_day',
] as const;
export const WAITING = ['help_center', 'desk', 'manager', 'enterprise'] as const;
export const TOPICS = ['ict', 'security', 'tools', 'labour', 'rules', 'subsidy', 'other'] as const;
export const SORTS = ['due_at', '-received_at', 'received_at'] as const;

function oneOf<T extends string>(value: unknown, known: readonly T[]): T | undefined {
  return known.find((word) => word === value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** Reads an address; what is not understood is no filter. */
export function readSearch(search: Record<string, unknown>): QueueSearch {
  const read = {
    status: oneOf(search['status'], [...STATUSES, 'open', 'all'] as const),
    due: oneOf(search['due'], DUES),
    overdue: oneOf(search['overdue'], ['true'] as const),
    flag: oneOf(search['flag'], FLAGS),
    waiting_on: oneOf(search['waiting_on'], WAITING),
    topic: oneOf(search['topic'], TOPICS),
    desk_id: text(search['desk_id']),
    q: text(search['q']),
    sort: oneOf(search['sort'], SORTS),
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}

/** The same as the API's parameters: open cases, what is due first on top, unless the address says otherwise. */
export function filterOf({ status = 'open', overdue, sort = 'due_at', ...rest }: QueueSearch): CaseFilter {
  return {
    ...rest,
    ...(status === 'all' ? {} : { status }),
    ...(overdue ? { overdue: true } : {}),
    sort,
  };
}

/** The filter without some of its parts: what a list of choices for those parts counts by. */
export function without(search: QueueSearch, ...parts: (keyof QueueSearch)[]): QueueSearch {
  return Object.fromEntries(Object.entries(search).filter(([part]) => !parts.includes(part as keyof QueueSearch)));
}
