import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { digitsOf } from '@/text/format';

/** What a person typed into the look-up, as the parameter it is: a number of 13 digits, a phone, or a name. */
export function lookUpOf(text: string): { corporate_number?: string; phone?: string; q?: string } {
  const typed = text.trim();
  const digits = digitsOf(typed);
  const isNumber = /^[\d+\s()ー－‐-]+$/.test(typed.normalize('NFKC'));
  if (isNumber && digits.length === 13) return { corporate_number: digits };
  if (isNumber && digits.length >= 9) return { phone: typed };
  return typed ? { q: typed } : {};
}

export function enterpriseList(text: string) {
  const look = lookUpOf(text);
  return infiniteQueryOptions({
    queryKey: ['enterprises', look],
    queryFn: ({ pageParam, signal }) =>
      body(
        api.GET('/api/v1/enterprises', {
          params: { query: { ...look, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function oneEnterprise(id: string) {
  return queryOptions({
    queryKey: ['enterprise', id],
    queryFn: ({ signal }) => body(api.GET('/api/v1/enterprises/{id}', { params: { path: { id } }, signal })),
  });
}

export function enterpriseCases(id: string) {
  return queryOptions({
    queryKey: ['enterprise', id, 'cases'],
    queryFn: ({ signal }) =>
      body(api.GET('/api/v1/enterprises/{id}/cases', { params: { path: { id }, query: { limit: 100 } }, signal })),
  });
}
