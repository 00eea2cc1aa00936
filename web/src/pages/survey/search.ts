/** What is asked of surveys lives in the address, under the names of the API. Pure. */
import type { FreeTextSource, FreeTextState, PurposeAchieved, SurveyState, TeleworkAfter, WhyNot } from '@/api/schema';

/** Where sent surveys can stand, as the report counts them. */
export const STATES = ['answered', 'sent', 'stopped', 'bounced', 'cancelled'] as const satisfies readonly SurveyState[];
const PURPOSES = ['yes', 'partly', 'no'] as const satisfies readonly PurposeAchieved[];
const TELEWORK = ['introduced', 'planned', 'not_planned'] as const satisfies readonly TeleworkAfter[];
const WHY_NOT = [
  'no_suitable_work',
  'cost',
  'security',
  'rules',
  'staff',
  'no_need',
  'other',
] as const satisfies readonly WhyNot[];
export const SCORES = ['1', '2', '3', '4', '5'] as const;
const TEXT_STATES = ['unchecked', 'released', 'withheld', 'all'] as const satisfies readonly (FreeTextState | 'all')[];
const SOURCES = ['survey', 'evaluation'] as const satisfies readonly FreeTextSource[];

export interface SurveySearch {
  from?: string;
  to?: string;
  desk_id?: string;
  prefecture_code?: string;
}

/** The list of surveys, or of evaluations of sessions, behind a number. */
export interface SurveyRowsSearch extends SurveySearch {
  list?: 'evaluations';
  state?: (typeof STATES)[number];
  purpose_achieved?: PurposeAchieved;
  telework?: TeleworkAfter;
  why_not?: WhyNot;
  answered?: 'yes' | 'no';
  score?: (typeof SCORES)[number];
}

export interface TextsSearch {
  /** What waits to be checked where absent. */
  state?: (typeof TEXT_STATES)[number];
  source?: FreeTextSource;
}

type Address = Record<string, unknown>;

function oneOf<T extends string>(value: unknown, known: readonly T[]): T | undefined {
  return known.find((word) => word === value);
}

function filled<T extends object>(parts: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as T;
}

function matching(value: unknown, form: RegExp): string | undefined {
  return typeof value === 'string' && form.test(value) ? value : undefined;
}

const DAY = /^2\d{3}-\d\d-\d\d$/;

export function readSurveySearch(search: Address): SurveySearch {
  return filled<SurveySearch>({
    from: matching(search['from'], DAY),
    to: matching(search['to'], DAY),
    desk_id: matching(search['desk_id'], /^[\da-f-]{36}$/),
    prefecture_code: matching(search['prefecture_code'], /^\d\d$/),
  });
}

export function readSurveyRowsSearch(search: Address): SurveyRowsSearch {
  return {
    ...readSurveySearch(search),
    ...filled<SurveyRowsSearch>({
      list: oneOf(search['list'], ['evaluations']),
      state: oneOf(search['state'], STATES),
      purpose_achieved: oneOf(search['purpose_achieved'], PURPOSES),
      telework: oneOf(search['telework'], TELEWORK),
      why_not: oneOf(search['why_not'], WHY_NOT),
      answered: oneOf(search['answered'], ['yes', 'no']),
      score: oneOf(search['score'], SCORES),
    }),
  };
}

export function readTextsSearch(search: Address): TextsSearch {
  return filled<TextsSearch>({
    state: oneOf(search['state'], TEXT_STATES),
    source: oneOf(search['source'], SOURCES),
  });
}
