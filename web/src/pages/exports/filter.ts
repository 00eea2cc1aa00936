/** The filter of an export: out of the form, and in words. Pure. */
import type { ExportKind } from '@/api/schema';
import type { ExportFilter } from '@/data/exports';
import { daysLater, dayStart, type Dates } from '@/text/dates';
import type { useWords } from '@/text/words';
import { LISTS, type FilterField } from './kinds';

/** What was typed and chosen, by the name of the field. */
export type Typed = Readonly<Record<string, string>>;

/** The filter that a form means. A last day is in it: the API takes the moment before which. */
export function filterOf(fields: readonly FilterField[], typed: Typed): ExportFilter {
  const entries = fields.flatMap(({ name, as }) => {
    const value = typed[name]?.trim();
    if (!value) return [];
    if (as === 'yes') return [[name, true]];
    if (as === 'from') return [[name, dayStart(value)]];
    if (as === 'to') return [[name, dayStart(daysLater(value, 1))]];
    return [[name, value]];
  });
  return Object.fromEntries(entries) as ExportFilter;
}

/**
 * What another page sends one for: its list and the filter that it has, out of the address. What it does not know stays, so
 * that the API refuses it: without it the file would hold more than was wanted.
 */
export function wishOf({ list, ...search }: Readonly<Record<string, unknown>>) {
  const kind = (Object.keys(LISTS) as ExportKind[]).find((known) => known === list);
  if (!kind) return undefined;
  const yes = new Set(LISTS[kind].fields.flatMap(({ name, as }) => (as === 'yes' ? [name] : [])));
  const entries = Object.entries(search).map(([name, value]) => [name, yes.has(name) ? value === true || value === 'true' : value]);
  return { kind, filter: Object.fromEntries(entries) as ExportFilter };
}

export interface Naming {
  words: ReturnType<typeof useWords>;
  /** What fields are called. */
  fields: Readonly<Record<string, string>>;
  /** All but the closed ones, as a status. */
  open: string;
  dates: Pick<Dates, 'day' | 'dayTime'>;
  desk: (id: string) => string | undefined;
  manager: (id: string) => string | undefined;
}

/** What a filter leaves, as terms and values; nothing where it leaves everything. The order leaves nothing out. */
export function inWords(kind: ExportKind, filter: ExportFilter, naming: Naming): (readonly [string, string])[] {
  const names = LISTS[kind].fields.map(({ name }) => name);
  // In the order of the form; what it does not know comes last.
  const rank = ([name]: [string, unknown]) => (names.includes(name) ? names.indexOf(name) : names.length);
  const entries = Object.entries(filter).toSorted((a, b) => rank(a) - rank(b));
  return entries.flatMap(([name, value]) => {
    if (name === 'sort' || value === null || value === undefined || value === '' || value === false) return [];
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const field = LISTS[kind].fields.find((known) => known.name === name);
    return [[naming.fields[name] ?? name, valueInWords(field, text, naming)]];
  });
}

function valueInWords(field: FilterField | undefined, value: string, naming: Naming): string {
  switch (field?.as) {
    case 'choice':
      return value
        .split(',')
        .map((one) => choiceInWords(field.group, one, naming))
        .join('、');
    case 'desk':
      return naming.desk(value) ?? value;
    case 'manager':
      return naming.manager(value) ?? value;
    case 'yes':
      return '';
    case 'from':
    case 'to':
      return momentInWords(field.as, value, naming);
    default:
      return value;
  }
}

export function choiceInWords(
  group: keyof Naming['words'],
  value: string,
  { words, open }: Pick<Naming, 'words' | 'open'>,
) {
  if (group === 'status' && value === 'open') return open;
  return (words[group] as Readonly<Record<string, string>>)[value] ?? value;
}

/** The end as the last day that is in it, where it is a midnight. */
function momentInWords(end: 'from' | 'to', value: string, { dates }: Naming): string {
  const at = Date.parse(value);
  if (Number.isNaN(at)) return value;
  const isMidnight = dayStart(daysLater(value.slice(0, 10), 0)) === value;
  if (!isMidnight) return dates.dayTime(value);
  return dates.day(end === 'to' ? new Date(at - 1) : value);
}
