/** Which of what was asked has to be asked again after a change. Pure. */
import type { Change } from '@/api/schema';

/** The beginning of a query key, or the whole key. */
export interface Concerned {
  key: readonly unknown[];
  exact?: true;
}

const LISTS: readonly Concerned[] = [{ key: ['cases'] }];

export function concerned({ kind, case_id, id, gone }: Change): readonly Concerned[] {
  const whole: Concerned = { key: ['case', case_id] };
  if (gone && case_id) return [whole, ...LISTS, { key: ['sessions'] }, { key: ['offers'] }];
  /** The case itself, its history, and these parts of it. */
  const ofCase = (...parts: string[]): readonly Concerned[] =>
    case_id === undefined
      ? []
      : [
          { key: whole.key, exact: true },
          { key: [...whole.key, 'timeline'] },
          ...parts.map((part) => ({ key: [...whole.key, part] })),
          ...LISTS,
        ];
  switch (kind) {
    case 'case':
      return [whole, ...LISTS];
    case 'consultation':
      return [
        ...ofCase('sessions', 'answers'),
        { key: ['sessions'] },
        { key: ['session', id] },
        { key: ['report', id] },
        { key: ['slots'] },
      ];
    case 'offer':
      return [...ofCase('offers'), { key: ['offers'] }];
    case 'message':
      return ofCase('messages');
    case 'mail':
      return [...ofCase('messages', 'files'), { key: ['mails'] }, { key: ['mail', id] }];
    case 'enterprise':
      // A case shows its enterprise's name.
      return [{ key: ['enterprise', id] }, { key: ['enterprises'] }, { key: ['case'] }, ...LISTS];
    case 'manager':
      return [{ key: ['managers'] }, { key: ['absences', id] }, { key: ['slots'] }];
    case 'desk':
      return [{ key: ['desks'] }, { key: ['coverage'] }, { key: ['mailboxes'] }];
    case 'calendar':
      return [{ key: ['calendar'] }, { key: ['hours'] }, { key: ['slots'] }];
    case 'settings':
      return [{ key: ['settings'] }];
    case 'template':
      return [{ key: ['templates'] }];
  }
}
