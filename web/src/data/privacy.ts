/** How data ends, and who saw it: what the pages ask the API, each under one key. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import type { operations } from '@/api/schema';

type QueryOf<Operation extends keyof operations> = Omit<
  NonNullable<operations[Operation]['parameters']['query']>,
  'limit' | 'cursor'
>;

const FIRST_PAGE = 50;
const FURTHER_PAGE = 200;

function page(cursor: string) {
  return cursor ? { limit: FURTHER_PAGE, cursor } : { limit: FIRST_PAGE };
}

const paged = {
  initialPageParam: '',
  getNextPageParam: (last: { next_cursor?: string | null }) => last.next_cursor ?? undefined,
};

/** How often one looks whether a job is done. */
const JOB_MS = 2_000;

/** The hold that is on a case now. */
export function caseHold(id: string) {
  return queryOptions({
    queryKey: ['case', id, 'hold'],
    queryFn: async ({ signal }) => {
      const query = { case_id: id, active: true, limit: 1 };
      const { items } = await body(api.GET('/api/v1/holds', { params: { query }, signal }));
      return items[0] ?? null;
    },
  });
}

export function holdList(filter: QueryOf<'list_holds'>) {
  return infiniteQueryOptions({
    queryKey: ['holds', filter],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/api/v1/holds', { params: { query: { ...filter, ...page(pageParam) } }, signal })),
    ...paged,
  });
}

export function retentionPreview(as_of: string) {
  return queryOptions({
    queryKey: ['retention', 'preview', as_of],
    queryFn: ({ signal }) => body(api.GET('/api/v1/retention/preview', { params: { query: { as_of } }, signal })),
  });
}

export function retentionItems(filter: QueryOf<'list_retention_items'>) {
  return infiniteQueryOptions({
    queryKey: ['retention', 'items', filter],
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET('/api/v1/retention/preview/items', { params: { query: { ...filter, ...page(pageParam) } }, signal }),
      ),
    ...paged,
  });
}

export const retentionRuns = infiniteQueryOptions({
  queryKey: ['retention', 'runs'],
  queryFn: ({ pageParam, signal }) =>
    body(api.GET('/api/v1/retention/runs', { params: { query: page(pageParam) }, signal })),
  ...paged,
});

export function retentionRun(id: string) {
  return queryOptions({
    queryKey: ['retention', 'run', id],
    queryFn: ({ signal }) => body(api.GET('/api/v1/retention/runs/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? JOB_MS : false),
  });
}

export function certificate(id: string) {
  return queryOptions({
    queryKey: ['retention', 'certificate', id],
    queryFn: ({ signal }) =>
      body(api.GET('/api/v1/retention/runs/{id}/certificate', { params: { path: { id } }, signal })),
  });
}

export function disposals(filter: QueryOf<'list_disposals'>) {
  return infiniteQueryOptions({
    queryKey: ['retention', 'disposals', filter],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/api/v1/retention/disposals', { params: { query: { ...filter, ...page(pageParam) } }, signal })),
    ...paged,
  });
}

export function erasureList(filter: QueryOf<'list_erasures'>) {
  return infiniteQueryOptions({
    queryKey: ['erasures', filter],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/api/v1/erasures', { params: { query: { ...filter, ...page(pageParam) } }, signal })),
    ...paged,
  });
}

export function oneErasure(id: string) {
  return queryOptions({
    queryKey: ['erasure', id],
    queryFn: ({ signal }) => body(api.GET('/api/v1/erasures/{id}', { params: { path: { id } }, signal })),
  });
}

export const disclosureList = infiniteQueryOptions({
  queryKey: ['disclosures'],
  queryFn: ({ pageParam, signal }) =>
    body(api.GET('/api/v1/disclosures', { params: { query: page(pageParam) }, signal })),
  ...paged,
  refetchInterval: ({ state }) =>
    state.data?.pages.some(({ items }) => items.some((item) => item.state === 'pending')) ? JOB_MS : false,
});

export function viewList(filter: QueryOf<'list_views'>) {
  return infiniteQueryOptions({
    queryKey: ['views', filter],
    queryFn: ({ pageParam, signal }) =>
      body(api.GET('/api/v1/views', { params: { query: { ...filter, ...page(pageParam) } }, signal })),
    ...paged,
  });
}

export function sample(filter: NonNullable<operations['draw_sample']['parameters']['query']>) {
  return queryOptions({
    queryKey: ['sample', filter],
    queryFn: ({ signal }) => body(api.GET('/api/v1/samples', { params: { query: filter }, signal })),
  });
}

export function sampleCase(id: string) {
  return queryOptions({
    queryKey: ['sample', 'case', id],
    queryFn: ({ signal }) => body(api.GET('/api/v1/samples/{id}', { params: { path: { id } }, signal })),
  });
}
