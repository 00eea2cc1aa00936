/** Figures: counts and the lists behind them, closed periods, targets. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import type { operations, ReportKind, Targets } from '@/api/schema';

export type FigureQuery = NonNullable<operations['report_cases']['parameters']['query']>;
export type FigureFilter = Omit<FigureQuery, 'by'>;

/** Figures are counted over everything, and change by the day more than by the minute. */
const SOME_TIME_MS = 60_000;
const RARELY_MS = 5 * 60_000;
const PER_PAGE = 50;

export const catalogue = queryOptions({
  queryKey: ['figures', 'catalogue'],
  queryFn: ({ signal }) => body(api.GET('/api/v1/reports', { signal })),
  staleTime: RARELY_MS,
});

export const overview = queryOptions({
  queryKey: ['figures', 'overview'],
  queryFn: ({ signal }) => body(api.GET('/api/v1/reports/overview', { signal })),
  staleTime: SOME_TIME_MS,
});

export function figureReport(report: ReportKind, query: FigureQuery) {
  return queryOptions({
    queryKey: ['figures', 'report', report, query],
    queryFn: ({ signal }) => body(api.GET(`/api/v1/reports/${report}`, { params: { query }, signal })),
    staleTime: SOME_TIME_MS,
  });
}

/** The list behind a number, where it is of cases and what happened on them. */
export function figureRows(report: Exclude<ReportKind, 'enterprises'>, filter: FigureFilter) {
  return infiniteQueryOptions({
    queryKey: ['figures', 'rows', report, filter],
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filter, limit: PER_PAGE, ...(pageParam ? { cursor: pageParam } : {}) };
      return body(api.GET(`/api/v1/reports/${report}/rows`, { params: { query }, signal }));
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: SOME_TIME_MS,
  });
}

export function enterpriseRows(filter: FigureFilter) {
  return infiniteQueryOptions({
    queryKey: ['figures', 'rows', 'enterprises', filter],
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filter, limit: PER_PAGE, ...(pageParam ? { cursor: pageParam } : {}) };
      return body(api.GET('/api/v1/reports/enterprises/rows', { params: { query }, signal }));
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: SOME_TIME_MS,
  });
}

export function timesReport(query: FigureQuery) {
  return queryOptions({
    queryKey: ['figures', 'times', query],
    queryFn: ({ signal }) => body(api.GET('/api/v1/reports/times', { params: { query }, signal })),
    staleTime: SOME_TIME_MS,
  });
}

export function latenessReport(query: FigureFilter) {
  return queryOptions({
    queryKey: ['figures', 'lateness', query],
    queryFn: ({ signal }) => body(api.GET('/api/v1/reports/lateness', { params: { query }, signal })),
    staleTime: SOME_TIME_MS,
  });
}

export function capacityReport(query: { from?: string; to?: string }) {
  return queryOptions({
    queryKey: ['figures', 'capacity', query],
    queryFn: ({ signal }) => body(api.GET('/api/v1/reports/capacity', { params: { query }, signal })),
    staleTime: SOME_TIME_MS,
  });
}

export const closedPeriods = queryOptions({
  queryKey: ['figures', 'periods'],
  queryFn: ({ signal }) => body(api.GET('/api/v1/periods', { signal })),
});

export function closedPeriod(id: string) {
  return queryOptions({
    queryKey: ['figures', 'period', id],
    queryFn: ({ signal }) => body(api.GET('/api/v1/periods/{id}', { params: { path: { id } }, signal })),
  });
}

export function adjustments(id: string) {
  return infiniteQueryOptions({
    queryKey: ['figures', 'period', id, 'adjustments'],
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PER_PAGE, ...(pageParam ? { cursor: pageParam } : {}) };
      return body(api.GET('/api/v1/periods/{id}/adjustments', { params: { path: { id }, query }, signal }));
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function targetsReport(year: number) {
  return queryOptions({
    queryKey: ['figures', 'targets', year, 'measured'],
    queryFn: ({ signal }) =>
      body(api.GET('/api/v1/reports/targets', { params: { query: { fiscal_year: year } }, signal })),
  });
}

/** The targets with their version, which is in the header only. */
export function targets(year: number) {
  return queryOptions({
    queryKey: ['figures', 'targets', year],
    queryFn: async ({ signal }): Promise<{ targets: Targets; etag: string }> => {
      const { data, response } = await api.GET('/api/v1/targets', { params: { query: { fiscal_year: year } }, signal });
      return { targets: data as Targets, etag: response.headers.get('etag') ?? '' };
    },
  });
}
