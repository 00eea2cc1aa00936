import { queryOptions } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import type { UserView } from '@/api/schema';

/** Everybody who signs in, also who does so no more: what they did is asked for by their names. */
export const allUsers = queryOptions({
  queryKey: ['users', 'all'],
  queryFn: async ({ signal }) => {
    const all: UserView[] = [];
    let cursor: string | undefined;
    do {
      const query = { limit: 200, ...(cursor ? { cursor } : {}) };
      const page = await body(api.GET('/api/v1/users', { params: { query }, signal }));
      all.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    return all;
  },
  staleTime: 60_000,
});
