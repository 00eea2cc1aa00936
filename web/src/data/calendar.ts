/** Opening hours, absences and free time. */
import { queryOptions } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import type { Absence } from '@/api/schema';
import { dayStart, daysLater } from '@/text/dates';

/** The days of a desk from the first to the last, or of the help center. */
export function calendarDays(from: string, to: string, desk?: string) {
  const query = { from, to, ...(desk ? { desk_id: desk } : {}) };
  return queryOptions({
    queryKey: ['calendar', query],
    queryFn: async ({ signal }) => (await body(api.GET('/api/v1/calendar', { params: { query }, signal }))).days,
    staleTime: 60_000,
  });
}

interface Days {
  /** The first and the last day. */
  from: string;
  to: string;
}

/** When a manager could give a session of so many minutes in the hours of a desk. */
export function freeSlots(manager: string, { from, to }: Days, minutes: number, desk?: string) {
  const query = { from, to, minutes, ...(desk ? { desk_id: desk } : {}) };
  return queryOptions({
    queryKey: ['slots', manager, query],
    queryFn: async ({ signal }) =>
      (await body(api.GET('/api/v1/managers/{id}/free-slots', { params: { path: { id: manager }, query }, signal })))
        .items,
    staleTime: 30_000,
  });
}

/** When a manager is away in these days. */
export function absencesOf(manager: string, { from, to }: Days) {
  return queryOptions({
    queryKey: ['absences', manager, from, to],
    queryFn: async ({ signal }): Promise<Absence[]> => {
      const query = { from: dayStart(from), to: dayStart(daysLater(to, 1)), limit: 200 };
      const answer = await body(
        api.GET('/api/v1/managers/{id}/absences', { params: { path: { id: manager }, query }, signal }),
      );
      return answer.items;
    },
    staleTime: 30_000,
  });
}
