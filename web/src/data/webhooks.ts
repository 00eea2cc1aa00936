/** Webhooks: which other systems are told what happens, and how each delivery went. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import type { DeliveryState } from '@/api/schema';

/** Tries go on by themselves, and the stream of news does not say so. */
const TRYING_MS = 3_000;
const SELDOM_MS = 20_000;

export const webhooks = queryOptions({
  queryKey: ['webhooks'],
  queryFn: ({ signal }) => body(api.GET('/api/v1/webhooks', { signal })),
  refetchInterval: SELDOM_MS,
});

export function oneWebhook(id: string) {
  return queryOptions({
    queryKey: ['webhooks', id],
    queryFn: ({ signal }) => body(api.GET('/api/v1/webhooks/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => (state.data?.pending ? TRYING_MS : SELDOM_MS),
  });
}

export function deliveries(id: string, state: DeliveryState | '') {
  return infiniteQueryOptions({
    queryKey: ['webhooks', id, 'deliveries', state],
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET('/api/v1/webhooks/{id}/deliveries', {
          params: {
            path: { id },
            query: { limit: 50, ...(state ? { state } : {}), ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: ({ state: { data } }) =>
      data?.pages.some(({ items }) => items.some((item) => item.state === 'pending')) ? TRYING_MS : SELDOM_MS,
  });
}
