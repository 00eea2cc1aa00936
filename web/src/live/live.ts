/** What the server tells becomes questions anew: only those that the change concerns, and a burst of changes at once. */
import type { InvalidateQueryFilters, Query, QueryClient } from '@tanstack/react-query';
import { holdQuestions, wereSent } from '@/api/first-questions';
import { session } from '@/api/session';
import { setLive } from '@/data/poll';
import { concerned, type Concerned } from './concerned';
import { follow } from './stream';

/** Changes within this time are one. */
const BURST_MS = 300;

/** A further page of a list is on its way, which asking again would give up. */
const isGrowing = (query: Query) =>
  query.state.fetchStatus === 'fetching' && query.state.fetchMeta?.fetchMore !== undefined;

/**
 * Asks again what is known; and what is under way, once it has come: what was sent for the first time, which an invalidation
 * alone leaves as it comes, and further pages, for which somebody pressed a button.
 */
function askAgain(client: QueryClient, filters: InvalidateQueryFilters = {}): void {
  if (!wereSent()) {
    void client.invalidateQueries({ ...filters, fetchStatus: 'idle' });
    return;
  }
  for (const query of client.getQueryCache().findAll({ ...filters, fetchStatus: 'fetching' })) {
    if (query.state.data !== undefined && !isGrowing(query)) continue;
    const again = () => client.invalidateQueries({ queryKey: query.queryKey, exact: true });
    query.promise?.then(again, () => undefined);
  }
  void client.invalidateQueries({ ...filters, predicate: (query) => !isGrowing(query) });
}

/** Keeps what is shown as the server has it, until the returned function is called. */
export function keepLive(client: QueryClient): () => void {
  const waiting = new Map<string, Concerned>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAll = false;
  const ask = () => {
    timer = undefined;
    if (isAll) askAgain(client);
    else for (const { key, exact = false } of waiting.values()) askAgain(client, { queryKey: key, exact });
    waiting.clear();
    isAll = false;
  };
  const soon = () => {
    timer ??= setTimeout(ask, BURST_MS);
  };
  const letGo = holdQuestions();
  const stop = follow({
    change: (change) => {
      for (const one of concerned(change)) waiting.set(JSON.stringify(one), one);
      soon();
    },
    // At once: what is asked from here on is answered as it is told, and is not asked a second time.
    begun: () => {
      askAgain(client);
      letGo();
    },
    reload: () => {
      isAll = true;
      soon();
    },
    live: (isLive) => {
      setLive(isLive);
      if (!isLive) letGo();
    },
  });
  return () => {
    clearTimeout(timer);
    letGo();
    stop();
    setLive(false);
  };
}

let stop: (() => void) | undefined;

/**
 * News for whoever reads cases, from the moment in which it is known who that is: while the page is still being fetched,
 * so that its first questions come after the news has begun, and need no second answer.
 */
export function followSession(client: QueryClient): void {
  const onChange = () => {
    const me = session.me();
    const state = session.state();
    const isIn = state === 'signed-in' || state === 'expired';
    if (isIn && me?.permissions.includes('read_cases') && !me.needs_second_factor) stop ??= keepLive(client);
    else endNews();
  };
  onChange();
  session.subscribe(onChange);
}

/** Before somebody signs out: the stream would ask for a new token. */
export function endNews(): void {
  stop?.();
  stop = undefined;
}
