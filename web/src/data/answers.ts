/** What enterprises answer by their links: dates offered, sessions, surveys. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import type { operations } from '@/api/schema';

type Filter<Operation extends keyof operations> = Omit<
  NonNullable<operations[Operation]['parameters']['query']>,
  'limit' | 'cursor'
>;

export function dateProposals(id: string) {
  return queryOptions({
    queryKey: ['case', id, 'date proposals'],
    queryFn: async ({ signal }) =>
      (await body(api.GET('/api/v1/cases/{id}/date-proposals', { params: { path: { id } }, signal }))).items,
  });
}

/** Whether the enterprise comes, how sessions were, and the survey after closing. */
export function caseAnswers(id: string) {
  return queryOptions({
    queryKey: ['case', id, 'answers'],
    queryFn: ({ signal }) => body(api.GET('/api/v1/cases/{id}/answers', { params: { path: { id } }, signal })),
  });
}

export type SurveyFilter = Filter<'show_survey_report'>;
export type SurveyRowFilter = Filter<'list_survey_rows'>;
export type EvaluationRowFilter = Filter<'list_evaluation_rows'>;
export type FreeTextFilter = Filter<'list_free_texts'>;

export function surveyReport(query: SurveyFilter) {
  return queryOptions({
    queryKey: ['survey', 'report', query],
    queryFn: ({ signal }) => body(api.GET('/api/v1/reports/survey', { params: { query }, signal })),
  });
}

export function surveyRows(filter: SurveyRowFilter) {
  return infiniteQueryOptions({
    queryKey: ['survey', 'rows', filter],
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filter, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) };
      return body(api.GET('/api/v1/reports/survey/rows', { params: { query }, signal }));
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function evaluationRows(filter: EvaluationRowFilter) {
  return infiniteQueryOptions({
    queryKey: ['survey', 'evaluations', filter],
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filter, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) };
      return body(api.GET('/api/v1/reports/survey/evaluations', { params: { query }, signal }));
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function freeTexts(filter: FreeTextFilter) {
  return infiniteQueryOptions({
    queryKey: ['survey', 'texts', filter],
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filter, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) };
      return body(api.GET('/api/v1/survey/free-texts', { params: { query }, signal }));
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}
