/** What is asked of the figures lives in the address, under the names of the API. Pure. */
import type { Basis, Dimension, FigureScope, ReportKind } from '@/api/schema';

/** What can be counted: each with a list behind every number. */
export const COUNTED = ['cases', 'interactions', 'enterprises', 'sessions', 'deadlines'] as const;
/** What the page of figures shows. */
export const REPORTS = [...COUNTED, 'times', 'lateness', 'capacity'] as const;
export type ReportName = (typeof REPORTS)[number];

export const DIMENSIONS = [
  'month',
  'fiscal_year',
  'prefecture',
  'area',
  'desk',
  'manager',
  'industry',
  'size',
  'topic',
  'ministry',
  'stage',
  'channel',
  'outcome',
  'status',
  'line',
  'telework_status',
  'state',
  'kind',
  'direction',
] as const satisfies readonly Dimension[];

const SCOPES = ['counted', 'excluded', 'all'] as const satisfies readonly FigureScope[];
const BASES = ['closed', 'record'] as const satisfies readonly Basis[];
export const MILESTONES = ['first_answer', 'acceptance', 'first_session'] as const;
export type Milestone = (typeof MILESTONES)[number];

type Texts = Partial<Record<Dimension | 'from' | 'to' | 'as_of', string>>;

/** Days, as of when, filters. */
export interface Selection extends Texts {
  basis?: Basis;
  scope?: FigureScope;
  reached?: Milestone;
}

export interface TablesSearch extends Selection {
  report?: ReportName;
  /** One dimension or two; `none` for the total alone. */
  by?: string;
}

export interface RowsSearch extends Selection {
  report?: ReportKind;
}

function oneOf<T extends string>(value: unknown, known: readonly T[]): T | undefined {
  return known.find((word) => word === value);
}

function filled(parts: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined && value !== ''));
}

/** Reads an address; the API judges the codes. */
export function readSelection(search: Record<string, unknown>): Selection {
  const texts = (['from', 'to', 'as_of', ...DIMENSIONS] as const).map((name) => {
    const value = search[name];
    return [name, typeof value === 'string' ? value.trim() : undefined] as const;
  });
  return filled({
    ...Object.fromEntries(texts),
    basis: oneOf(search['basis'], BASES),
    scope: oneOf(search['scope'], SCOPES),
    reached: oneOf(search['reached'], MILESTONES),
  });
}

export function readTablesSearch(search: Record<string, unknown>): TablesSearch {
  const by = search['by'];
  return filled({
    report: oneOf(search['report'], REPORTS),
    by: typeof by === 'string' ? by : undefined,
    ...readSelection(search),
  });
}

export function readRowsSearch(search: Record<string, unknown>): RowsSearch {
  return filled({ report: oneOf(search['report'], COUNTED), ...readSelection(search) });
}

/** `/api/v1/reports/cases/rows?from=…`, as the API gives it beside a number, as an address of ours. */
export function rowsOf(list: string): RowsSearch {
  const [path = '', query = ''] = list.split('?');
  return readRowsSearch({ ...Object.fromEntries(new URLSearchParams(query)), report: path.split('/').at(-2) });
}

/** Only what selects, as the API takes it. */
export function selectionOf(search: TablesSearch | RowsSearch): Selection {
  return readSelection(search as Record<string, unknown>);
}

export function isTime(by: Dimension | undefined): boolean {
  return by === 'month' || by === 'fiscal_year';
}

/** By what a report is broken down where nobody says. */
export function dimensionsOf({ by = 'month' }: TablesSearch): Dimension[] {
  return by.split(',').flatMap((name) => oneOf(name.trim(), DIMENSIONS) ?? []);
}

/** Without what a filter or a report does not know. */
export function without<Search extends object>(search: Search, ...parts: readonly string[]): Search {
  return Object.fromEntries(Object.entries(search).filter(([part]) => !parts.includes(part))) as Search;
}

export interface Span {
  from: string;
  to: string;
}

const pad = (n: number) => String(n).padStart(2, '0');

export function spanOfYear(year: number): Span {
  return { from: `${year}-04-01`, to: `${year + 1}-03-31` };
}

/** Of a month as in `2026-11`. */
export function spanOfMonth(month: string): Span {
  const [year = 0, number = 1] = month.split('-').map(Number);
  const days = new Date(Date.UTC(year, number, 0)).getUTCDate();
  return { from: `${month}-01`, to: `${month}-${days}` };
}

export type SpanKind = { kind: 'fiscal_year'; year: number } | { kind: 'month'; month: string } | { kind: 'days' };

/** Whether days are a whole fiscal year or a whole month. */
export function kindOfSpan({ from, to }: Span): SpanKind {
  const month = from.slice(0, 7);
  const year = Number(from.slice(0, 4));
  if (same(spanOfYear(year), { from, to })) return { kind: 'fiscal_year', year };
  if (same(spanOfMonth(month), { from, to })) return { kind: 'month', month };
  return { kind: 'days' };
}

function same(a: Span, b: Span): boolean {
  return a.from === b.from && a.to === b.to;
}

/** The month so many months later. */
export function monthLater(month: string, months: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number);
  const index = year * 12 + number - 1 + months;
  return `${Math.floor(index / 12)}-${pad((index % 12) + 1)}`;
}

/** All months that days touch, in their order. */
export function monthsOf({ from, to }: Span): string[] {
  const months: string[] = [];
  for (let month = from.slice(0, 7); month <= to.slice(0, 7); month = monthLater(month, 1)) months.push(month);
  return months;
}
