/** Mail in both directions, templates and files: what the pages ask the API about them. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { poll } from './poll';
import type { MessageView, operations } from '@/api/schema';

type MailFilter = Omit<NonNullable<operations['list_emails']['parameters']['query']>, 'limit' | 'cursor'>;

const byItself = poll();
/** While a message may still be taken back, its state changes by the second. */
const WAITING_MS = 3_000;
const READING_MS = 1_000;
const RARELY_MS = 5 * 60_000;

export function mailList(filter: MailFilter) {
  return infiniteQueryOptions({
    queryKey: ['mails', filter],
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET('/api/v1/intake/emails', {
          params: { query: { ...filter, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: byItself,
  });
}

export function oneMail(id: string) {
  return queryOptions({
    queryKey: ['mail', id],
    queryFn: ({ signal }) => body(api.GET('/api/v1/intake/emails/{id}', { params: { path: { id } }, signal })),
    // It is read in a job, a moment later.
    refetchInterval: ({ state }) => (state.data?.state === 'pending' ? READING_MS : false),
  });
}

const UNDER_WAY: readonly MessageView['state'][] = ['waiting', 'queued', 'sending'];

export function caseMessages(id: string) {
  return queryOptions({
    queryKey: ['case', id, 'messages'],
    queryFn: ({ signal }) =>
      body(api.GET('/api/v1/cases/{id}/messages', { params: { path: { id }, query: { limit: 100 } }, signal })),
    refetchInterval: ({ state }) =>
      state.data?.items.some((message) => UNDER_WAY.includes(message.state)) ? WAITING_MS : byItself(),
  });
}

export function caseFiles(id: string) {
  return queryOptions({
    queryKey: ['case', id, 'files'],
    queryFn: ({ signal }) =>
      body(api.GET('/api/v1/cases/{id}/attachments', { params: { path: { id }, query: { limit: 100 } }, signal })),
  });
}

export const templates = queryOptions({
  queryKey: ['templates'],
  queryFn: ({ signal }) => body(api.GET('/api/v1/templates', { signal })),
  staleTime: RARELY_MS,
});

export const mailboxes = queryOptions({
  queryKey: ['mailboxes'],
  queryFn: ({ signal }) => body(api.GET('/api/v1/mailboxes', { signal })),
});
