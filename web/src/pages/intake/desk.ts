/** Which desk covers a prefecture, before there is a case that the API could propose one for. */
import { useQueries, useQuery } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import type { Coverage, Desk } from '@/api/schema';
import { desks } from '@/data/directory';
import { dateOf } from '@/text/dates';

function coverage(desk: string) {
  return {
    queryKey: ['coverage', desk],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      body(api.GET('/api/v1/desks/{id}/coverage', { params: { path: { id: desk } }, signal })),
    staleTime: 30 * 60_000,
  };
}

/** Whether an area lies in the prefecture and is covered on that day. */
export function covers(
  { prefecture_code, municipality_code, from, to }: Coverage,
  prefecture: string,
  day: string,
): boolean {
  const inside = prefecture_code === prefecture || (municipality_code?.startsWith(prefecture) ?? false);
  return inside && from <= day && (to === null || to === undefined || day <= to);
}

/** The active desks that cover a prefecture, those that cover all of it first. */
export function useDesksFor(prefecture: string): { found: Desk[]; all: Desk[] } {
  const all = useQuery(desks).data?.items.filter(({ active }) => active) ?? [];
  const areas = useQueries({ queries: prefecture ? all.map(({ id }) => coverage(id)) : [] });
  const today = dateOf(new Date());
  const ranked = all.flatMap((desk, index) => {
    const own = areas[index]?.data?.items.filter((area) => covers(area, prefecture, today)) ?? [];
    return own.length > 0 ? [{ desk, whole: own.some((area) => area.prefecture_code === prefecture) }] : [];
  });
  const found = ranked.toSorted((a, b) => Number(b.whole) - Number(a.whole)).map(({ desk }) => desk);
  return { found, all };
}
