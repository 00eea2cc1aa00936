/** The API as typed functions: a bearer token on every request, a thrown {@link Problem} for every answer that says no. */
import createClient from 'openapi-fetch';
import { leave } from './connection';
import { myTurn } from './first-questions';
import { problemOf } from './problem';
import { accessToken, reach, readMe, reject } from './session';
import type { paths } from './schema';

/** Sends with a token, and once more with a new one where the API says that the first is over. */
async function send(request: Request): Promise<Response> {
  if (request.method === 'GET') await myTurn();
  for (let tries = 0; ; tries += 1) {
    const token = await accessToken();
    const attempt = request.clone();
    attempt.headers.set('authorization', `Bearer ${token}`);
    const response = await reach(fetch(attempt));
    if (response.ok) return response;
    if (response.status !== 401 || tries > 1) {
      const problem = await problemOf(response);
      // The office demands it since this page was opened: the router goes by what `GET /me` says now.
      if (problem.slug === 'second-factor-enrolment-required') await readMe();
      throw problem;
    }
    leave(response);
    reject(token);
  }
}

export const api = createClient<paths>({ fetch: send, querySerializer: { array: { style: 'form', explode: false } } });

/** The body of an answer. `send` has thrown for everything else. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

/** The version that the API asks for in `If-Match`. */
export function ifMatch(version: number): { 'If-Match': string } {
  return { 'If-Match': `"${version}"` };
}
