/** What the pages ask the API about cases, each under one key. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { Problem } from '@/api/problem';
import { poll } from './poll';
import type { Line, operations, TimelineItem } from '@/api/schema';

export type CaseFilter = Omit<NonNullable<operations['list_cases']['parameters']['query']>, 'limit' | 'cursor'>;

/** The first look at a list is quick; who wants more wants much more, and has to be kept up to date with few questions. */
const FIRST_PAGE = 50;
const FURTHER_PAGE = 200;

export function caseList(filter: CaseFilter) {
  return infiniteQueryOptions({
    queryKey: ['cases', 'list', filter],
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET('/api/v1/cases', {
          params: {
            query: { ...filter, ...(pageParam ? { limit: FURTHER_PAGE, cursor: pageParam } : { limit: FIRST_PAGE }) },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: poll(),
  });
}

export function caseCounts(filter: CaseFilter) {
  return queryOptions({
    queryKey: ['cases', 'counts', filter],
    queryFn: ({ signal }) => body(api.GET('/api/v1/cases/counts', { params: { query: filter }, signal })),
    refetchInterval: poll(),
  });
}

export function oneCase(id: string) {
  return queryOptions({
    queryKey: ['case', id],
    queryFn: ({ signal }) => body(api.GET('/api/v1/cases/{id}', { params: { path: { id } }, signal })),
    refetchInterval: poll(),
  });
}

export function caseSessions(id: string) {
  return queryOptions({
    queryKey: ['case', id, 'sessions'],
    queryFn: ({ signal }) => body(api.GET('/api/v1/cases/{id}/consultations', { params: { path: { id } }, signal })),
  });
}

export function caseOffers(id: string) {
  return queryOptions({
    queryKey: ['case', id, 'offers'],
    queryFn: ({ signal }) => body(api.GET('/api/v1/cases/{id}/offers', { params: { path: { id } }, signal })),
  });
}

export function caseFlags(id: string) {
  return queryOptions({
    queryKey: ['case', id, 'flags'],
    queryFn: ({ signal }) => body(api.GET('/api/v1/cases/{id}/flags', { params: { path: { id } }, signal })),
  });
}

export function caseLinks(id: string) {
  return queryOptions({
    queryKey: ['case', id, 'links'],
    queryFn: ({ signal }) => body(api.GET('/api/v1/cases/{id}/links', { params: { path: { id } }, signal })),
  });
}

export function caseTimeline(id: string) {
  return infiniteQueryOptions({
    queryKey: ['case', id, 'timeline'],
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET('/api/v1/cases/{id}/timeline', {
          params: { path: { id }, query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** Everything that happened, the newest first: for paper, which has no button for more. */
export function wholeTimeline(id: string) {
  return queryOptions({
    queryKey: ['case', id, 'whole timeline'],
    queryFn: async ({ signal }) => {
      const all: TimelineItem[] = [];
      let cursor: string | undefined;
      do {
        const query = { limit: 200, ...(cursor ? { cursor } : {}) };
        const page = await body(api.GET('/api/v1/cases/{id}/timeline', { params: { path: { id }, query }, signal }));
        all.push(...page.items);
        cursor = page.next_cursor ?? undefined;
      } while (cursor);
      return all;
    },
  });
}

export function deskProposals(id: string) {
  return queryOptions({
    queryKey: ['case', id, 'desk proposals'],
    queryFn: ({ signal }) => body(api.GET('/api/v1/cases/{id}/desk-proposals', { params: { path: { id } }, signal })),
  });
}

export function managerProposals(id: string, line: Line) {
  return queryOptions({
    queryKey: ['case', id, 'manager proposals', line],
    queryFn: ({ signal }) =>
      body(api.GET('/api/v1/cases/{id}/manager-proposals', { params: { path: { id }, query: { line } }, signal })),
  });
}

/** What a visit needs stays at hand for its day, because there may be no connection at the visit. */
export const VISIT_MS = 12 * 3_600_000;

export function report(id: string) {
  return queryOptions({
    gcTime: VISIT_MS,
    queryKey: ['report', id],
    queryFn: ({ signal }) => body(api.GET('/api/v1/consultations/{id}/report', { params: { path: { id } }, signal })),
  });
}

/** People know numbers; the API wants ids. What is wrong with the number is shown at the field with this pointer. */
export async function idOfNumber(number: string, pointer: string): Promise<string> {
  try {
    const found = await body(
      api.GET('/api/v1/cases/by-number/{number}', { params: { path: { number: number.trim() } } }),
    );
    return found.id;
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 404) throw error;
    throw new Problem({
      ...error.body,
      type: '/problems/validation',
      status: 422,
      errors: [{ pointer, detail: 'is no case that you may see' }],
    });
  }
}

export function search(q: string) {
  return infiniteQueryOptions({
    queryKey: ['search', q],
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET('/api/v1/search', {
          params: { query: { q, limit: 20, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}
