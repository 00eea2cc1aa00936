/**
 * Who is signed in. The refresh token is an HttpOnly cookie that no script sees; the access token lives in this module's
 * memory only and is renewed when a request needs it.
 */
import { leave, note } from './connection';
import { Problem, localProblem, problemOf } from './problem';
import type { SignInRequest, MeView, SignedIn } from './schema';

export type Me = MeView;

/** `unknown` until the cookie was tried; `expired` while the sign-in dialog lies over the page. */
type State = 'unknown' | 'signed-out' | 'signed-in' | 'expired';

/** Access tokens are renewed this long before they end, so that none ends on its way. */
const EARLY_MS = 30_000;

let token: { value: string; ends: number } | undefined;
let me: Me | undefined;
let state: State = 'unknown';
let renewing: Promise<boolean> | undefined;
let signedInAgain: PromiseWithResolvers<null> | undefined;
const listeners = new Set<() => void>();

export const session = {
  state: () => state,
  me: () => me,
  subscribe: (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

function become(next: State) {
  state = next;
  for (const listener of listeners) listener();
}

/** Tries the cookie of an earlier visit, once. */
export async function restore(): Promise<void> {
  if (state !== 'unknown') return;
  if (await renew()) {
    me = await fetchMe();
    become('signed-in');
  } else {
    become('signed-out');
  }
}

/**
 * Signs in, with a code where there is a second factor. In the dialog after an expiry, everything that waits for it goes
 * on; somebody else starts afresh, because the page behind the dialog is not theirs.
 */
export async function signIn(credentials: SignInRequest): Promise<void> {
  const response = await plainFetch('/api/v1/auth/login?session=cookie', credentials);
  if (!response.ok) throw await problemOf(response);
  keep((await response.json()) as SignedIn);
  const before = me;
  me = await fetchMe();
  if (state === 'expired' && before && before.id !== me.id) {
    location.assign('/');
    return;
  }
  become('signed-in');
  signedInAgain?.resolve(null);
  signedInAgain = undefined;
}

/** Asks again who this is and what they may do, after either has changed. */
export async function readMe(): Promise<void> {
  me = await fetchMe();
  become(state);
}

export async function signOut(): Promise<void> {
  const headers = token ? { authorization: `Bearer ${token.value}` } : {};
  leave(await plainFetch('/api/v1/auth/logout', undefined, headers));
  token = undefined;
  // The memory of this page is full of cases, and so is what was kept while typing; a fresh page has none.
  sessionStorage.clear();
  location.assign('/sign-in');
}

/** An access token that still counts; waits for the sign-in dialog where the session is over. */
export async function accessToken(): Promise<string> {
  for (;;) {
    if (token && token.ends - EARLY_MS > Date.now()) return token.value;
    if (await renew()) continue;
    await askToSignInAgain();
  }
}

/** The API no longer takes this token. */
export function reject(value: string): void {
  if (token?.value === value) token = undefined;
}

function askToSignInAgain(): Promise<null> {
  if (state !== 'signed-in' && state !== 'expired') {
    return Promise.reject(localProblem('unauthenticated', 401, 'Sign in first.'));
  }
  signedInAgain ??= Promise.withResolvers<null>();
  become('expired');
  return signedInAgain.promise;
}

/**
 * Exchanges the cookie for a new access token. One at a time over all tabs: a refresh token that comes twice ends the
 * session.
 */
function renew(): Promise<boolean> {
  renewing ??= (async () => {
    try {
      return await navigator.locks.request('madoguchi-refresh', refresh);
    } finally {
      renewing = undefined;
    }
  })();
  return renewing;
}

async function refresh(): Promise<boolean> {
  const response = await plainFetch('/api/v1/auth/refresh');
  if (response.status === 401 || response.status === 403) {
    leave(response);
    token = undefined;
    return false;
  }
  if (!response.ok) throw await problemOf(response);
  keep((await response.json()) as SignedIn);
  return true;
}

function keep(signedIn: SignedIn) {
  token = { value: signedIn.access_token, ends: Date.now() + signedIn.expires_in * 1000 };
}

async function fetchMe(): Promise<Me> {
  const response = await reach(fetch('/api/v1/me', { headers: { authorization: `Bearer ${token?.value ?? ''}` } }));
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as Me;
}

/** A request of somebody who is not signed in, or is about to be. */
export function plainFetch(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const typed = body === undefined ? {} : { 'content-type': 'application/json' };
  return reach(
    fetch(path, {
      method: 'POST',
      // What a form on a foreign page cannot send: the second lock beside SameSite=Strict.
      headers: { 'x-requested-with': 'madoguchi', ...typed, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
}

/** A request, or the problem `offline` when it got no answer. */
export async function reach(request: Promise<Response>): Promise<Response> {
  try {
    const response = await request;
    note(response);
    return response;
  } catch (error) {
    if (error instanceof Problem || (error instanceof DOMException && error.name === 'AbortError')) throw error;
    note(undefined);
    throw localProblem('offline', 0, 'The server cannot be reached.');
  }
}
