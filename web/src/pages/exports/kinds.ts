/** The lists that can be made into a file, and what each is narrowed down by: one more list is one more entry. */
import type { ExportKind, MeView, Permission } from '@/api/schema';

/** The words of the programme that the values of a field are called by. */
export type WordGroup = 'status' | 'due' | 'waiting' | 'flag' | 'topic' | 'session' | 'interaction' | 'direction';

export type FilterField = {
  /** As the filter has it. */
  name: string;
  /** Left out of the form: it comes only with the filter of a page. */
  hidden?: true;
} & (
  | { as: 'choice'; group: WordGroup; values: readonly string[] }
  /** Looks for what is personal. */
  | { as: 'text' }
  | { as: 'desk' | 'manager' | 'yes' | 'from' | 'to' }
);

interface ExportedList {
  /** Whoever reads the list may have it as a file. */
  permission: Permission;
  fields: readonly FilterField[];
}

const DESK: FilterField = { name: 'desk_id', as: 'desk' };
const MANAGER: FilterField = { name: 'manager_id', as: 'manager' };
const SPAN: readonly FilterField[] = [
  { name: 'from', as: 'from' },
  { name: 'to', as: 'to' },
];

export const LISTS: Readonly<Record<ExportKind, ExportedList>> = {
  cases: {
    permission: 'read_cases',
    fields: [
      { name: 'q', as: 'text' },
      {
        name: 'status',
        as: 'choice',
        group: 'status',
        values: ['open', 'received', 'routed', 'accepted', 'assigned', 'consulting', 'closed'],
      },
      DESK,
      {
        name: 'topic',
        as: 'choice',
        group: 'topic',
        values: ['ict', 'security', 'tools', 'labour', 'rules', 'subsidy', 'other'],
      },
      {
        name: 'waiting_on',
        as: 'choice',
        group: 'waiting',
        values: ['help_center', 'desk', 'manager', 'enterprise', 'none'],
      },
      { name: 'received_from', as: 'from' },
      { name: 'received_to', as: 'to' },
      { name: 'overdue', as: 'yes' },
      { name: 'due', as: 'choice', group: 'due', values: [], hidden: true },
      { name: 'flag', as: 'choice', group: 'flag', values: [], hidden: true },
      { ...MANAGER, hidden: true },
    ],
  },
  sessions: {
    permission: 'read_cases',
    fields: [
      {
        name: 'state',
        as: 'choice',
        group: 'session',
        values: ['booked', 'held', 'no_show', 'cancelled', 'voided'],
      },
      DESK,
      MANAGER,
      ...SPAN,
    ],
  },
  interactions: {
    permission: 'read_cases',
    fields: [
      {
        name: 'kind',
        as: 'choice',
        group: 'interaction',
        values: ['phone', 'visit', 'fax', 'web', 'email', 'other'],
      },
      { name: 'direction', as: 'choice', group: 'direction', values: ['inbound', 'outbound'] },
      DESK,
      ...SPAN,
    ],
  },
  enterprises: {
    permission: 'read_enterprises',
    fields: [
      { name: 'q', as: 'text' },
      { name: 'phone', as: 'text', hidden: true },
      { name: 'corporate_number', as: 'text', hidden: true },
    ],
  },
};

type Person = Pick<MeView, 'role' | 'permissions'>;

export function listsOf({ role, permissions }: Person): ExportKind[] {
  const all = Object.keys(LISTS) as ExportKind[];
  // The auditor gets every list, with what is personal masked.
  return role === 'auditor' ? all : all.filter((kind) => permissions.includes(LISTS[kind].permission));
}

/** What a person can narrow a list down by in the form. */
export function fieldsOf(kind: ExportKind, { role, permissions }: Person): FilterField[] {
  return LISTS[kind].fields.filter(({ as, hidden }) => {
    if (hidden) return false;
    // What is masked must not be found out by looking for it.
    if (as === 'text') return role !== 'auditor';
    // Whoever has only one of them chooses none.
    if (as === 'desk') return role !== 'desk' && role !== 'manager' && permissions.includes('read_directory');
    if (as === 'manager') return role !== 'manager' && permissions.includes('read_directory');
    return true;
  });
}
