/** Lists as files: what was asked for, and asking for one. */
import { infiniteQueryOptions } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import type { CreateExportRequest, ExportEncoding, ExportFormat, ExportKind } from '@/api/schema';
import type { Once } from '@/api/send';

/** The query of a list; which fields there are depends on the list. */
export type ExportFilter = Readonly<Record<string, unknown>>;

export interface ExportWish {
  kind: ExportKind;
  filter: ExportFilter;
  format: ExportFormat;
  encoding?: ExportEncoding;
}

/** The stream of news does not say when a file is there. */
const MAKING_MS = 2_000;

export const exportList = infiniteQueryOptions({
  queryKey: ['exports'],
  queryFn: ({ pageParam, signal }) =>
    body(
      api.GET('/api/v1/exports', {
        params: { query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
        signal,
      }),
    ),
  initialPageParam: '',
  getNextPageParam: (page) => page.next_cursor ?? undefined,
  refetchInterval: ({ state }) =>
    state.data?.pages.some(({ items }) => items.some((item) => item.state === 'waiting')) ? MAKING_MS : false,
});

export function createExport({ filter, ...wish }: ExportWish, once: Once) {
  // The description of the API knows only that it is an object.
  const request: CreateExportRequest = { ...wish, filter: filter as Record<string, never> };
  return body(api.POST('/api/v1/exports', { params: { header: once }, body: request }));
}
