/** Sessions, by the day. */
import { queryOptions } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { VISIT_MS } from './cases';
import type { CaseView, ConsultationView, operations } from '@/api/schema';

type SessionFilter = Omit<NonNullable<operations['list_consultations']['parameters']['query']>, 'limit' | 'cursor'>;

/** All sessions of a filter that bounds them by time, the earliest first. */
export function sessionList(filter: SessionFilter) {
  return queryOptions({
    queryKey: ['sessions', filter],
    queryFn: async ({ signal }) => {
      const all: ConsultationView[] = [];
      let cursor: string | undefined;
      do {
        const query = { ...filter, limit: 200, ...(cursor ? { cursor } : {}) };
        const page = await body(api.GET('/api/v1/consultations', { params: { query }, signal }));
        all.push(...page.items);
        cursor = page.next_cursor ?? undefined;
      } while (cursor);
      return all.toSorted((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
    },
    refetchInterval: 60_000,
  });
}

export function oneSession(id: string) {
  return queryOptions({
    gcTime: VISIT_MS,
    queryKey: ['session', id],
    queryFn: ({ signal }) => body(api.GET('/api/v1/consultations/{id}', { params: { path: { id } }, signal })),
  });
}

/** The newer of a session that a page holds and the one that was read or sent since. */
export function newest(held: ConsultationView, known: ConsultationView | undefined): ConsultationView {
  return known && known.version > held.version ? known : held;
}

/** How many pages of cases are read for their names; beyond, a session shows the number of its case. */
const MOST_PAGES = 5;

/** What the enterprises of running cases are called, by case: a session itself knows only the number. */
export function namesOfCases(whose: { desk_id?: string; manager_id?: string }) {
  return queryOptions({
    queryKey: ['cases', 'names', whose],
    queryFn: async ({ signal }) => {
      const names = new Map<string, string>();
      let cursor: string | undefined;
      for (let pages = 0; pages === 0 || (cursor && pages < MOST_PAGES); pages += 1) {
        const query = { ...whose, status: 'assigned,consulting', limit: 200, ...(cursor ? { cursor } : {}) };
        const page = await body(api.GET('/api/v1/cases', { params: { query }, signal }));
        for (const { id, enterprise } of page.items) if (enterprise.name) names.set(id, enterprise.name);
        cursor = page.next_cursor ?? undefined;
      }
      return names;
    },
    staleTime: 60_000,
  });
}

/** The cases that sessions are booked for, by id: a session itself knows only the number. */
export const bookedCases = queryOptions({
  queryKey: ['cases', 'booked'],
  queryFn: async ({ signal }) => {
    const query = { status: 'assigned,consulting', limit: 200 };
    const page = await body(api.GET('/api/v1/cases', { params: { query }, signal }));
    return new Map<string, CaseView>(page.items.map((item) => [item.id, item]));
  },
  staleTime: 60_000,
});
