/** Desks, managers, settings: what changes rarely. */
import { queryOptions } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import type { Manager } from '@/api/schema';

const RARELY_MS = 5 * 60_000;

export const desks = queryOptions({
  queryKey: ['desks'],
  queryFn: ({ signal }) => body(api.GET('/api/v1/desks', { signal })),
  staleTime: RARELY_MS,
});

/** Which areas a desk covers, of the past and the future too. */
export function coverageOf(desk: string) {
  return queryOptions({
    queryKey: ['coverage', desk],
    queryFn: async ({ signal }) =>
      (await body(api.GET('/api/v1/desks/{id}/coverage', { params: { path: { id: desk } }, signal }))).items,
  });
}

export const settings = queryOptions({
  queryKey: ['settings'],
  queryFn: ({ signal }) => body(api.GET('/api/v1/settings', { signal })),
  staleTime: RARELY_MS,
});

export const POSTAL_DIGITS = 7;

/** Where a postal code is, once it is whole. */
export function placesOf(postal_code: string) {
  return queryOptions({
    queryKey: ['places', postal_code],
    queryFn: ({ signal }) => body(api.GET('/api/v1/places', { params: { query: { postal_code } }, signal })),
    enabled: postal_code.length === POSTAL_DIGITS,
    staleTime: Infinity,
  });
}

/** All managers: a programme has some hundreds at most. */
export const managers = queryOptions({
  queryKey: ['managers'],
  queryFn: async ({ signal }) => {
    const all: Manager[] = [];
    let cursor: string | undefined;
    do {
      const query = { limit: 200, ...(cursor ? { cursor } : {}) };
      const page = await body(api.GET('/api/v1/managers', { params: { query }, signal }));
      all.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    return all;
  },
  staleTime: RARELY_MS,
});
