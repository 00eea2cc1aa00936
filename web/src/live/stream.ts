/**
 * The connection on which the server tells what changes: one per tab, as long as the tab is looked at. It comes back by
 * itself, with the place where it was, so that nothing is missed.
 */
import { connection, leave } from '@/api/connection';
import type { Change } from '@/api/schema';
import { accessToken, reach, reject } from '@/api/session';
import { eventReader } from './event-stream';

export interface News {
  change: (change: Change) => void;
  /** From now on nothing is missed, and nothing tells what happened before. */
  begun: () => void;
  /** More happened than was told: everything is to be read again. */
  reload: () => void;
  /** Whether news arrives now. */
  live: (isLive: boolean) => void;
}

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;
/** The server says something every 15 seconds; after three times nothing, the line is dead and does not say so. */
const SILENCE_MS = 45_000;
/**
 * A tab out of sight lets go of its connection: browsers allow six to a host over HTTP/1.1, for all tabs together. The
 * place is remembered, and what happened meanwhile is told when somebody looks again.
 */
const UNSEEN_MS = 30_000;

/** Follows the news until the returned function is called. */
export function follow(news: News): () => void {
  const over = new AbortController();
  void run(news, over.signal);
  return () => over.abort();
}

async function run(news: News, over: AbortSignal) {
  let last: string | undefined;
  let wait = FIRST_MS;
  for (;;) {
    await until(isWanted, over);
    if (over.aborted) return;
    const pause = new AbortController();
    const stopWatching = watch(pause);
    try {
      const answer = await open(last, AbortSignal.any([over, pause.signal]));
      // Not for this person, and it will not become theirs while they are signed in.
      if (answer === 'forbidden') return;
      const isFirst = last === undefined;
      await listen(answer, pause, {
        ...news,
        live: (live) => {
          news.live(live);
          if (live && isFirst) news.begun();
        },
        at: (id) => {
          last = id;
          wait = FIRST_MS;
        },
      });
    } catch {
      // Cut off, or out of reach: it is tried again below, and the pages ask by themselves meanwhile.
    } finally {
      stopWatching();
      news.live(false);
    }
    // Not all at once after the server was away.
    await sleep(wait * (0.5 + Math.random() / 2), over);
    wait = Math.min(wait * 2, LONGEST_MS);
  }
}

async function open(last: string | undefined, signal: AbortSignal): Promise<ReadableStream<Uint8Array> | 'forbidden'> {
  const token = await accessToken();
  const response = await reach(
    fetch('/api/v1/events', {
      headers: {
        accept: 'text/event-stream',
        authorization: `Bearer ${token}`,
        ...(last === undefined ? {} : { 'last-event-id': last }),
      },
      cache: 'no-store',
      signal,
    }),
  );
  if (response.ok && response.body) return response.body;
  leave(response);
  if (response.status === 401) reject(token);
  if (response.status === 403) return 'forbidden';
  throw new Error(`no stream: ${response.status}`);
}

async function listen(
  body: ReadableStream<Uint8Array>,
  pause: AbortController,
  news: News & { at: (id: string) => void },
) {
  const read = eventReader(({ name, data, id }) => {
    if (id !== undefined) news.at(id);
    if (name === 'ready') news.live(true);
    else if (name === 'reload') news.reload();
    else if (name === 'change') news.change(JSON.parse(data) as Change);
  });
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let silence: ReturnType<typeof setTimeout> | undefined;
  try {
    for (;;) {
      clearTimeout(silence);
      silence = setTimeout(() => pause.abort(), SILENCE_MS);
      const { done, value } = await reader.read();
      if (done) return;
      read(decoder.decode(value, { stream: true }));
    }
  } finally {
    clearTimeout(silence);
  }
}

function isWanted(): boolean {
  return connection.online() && document.visibilityState === 'visible';
}

/** Ends the stream once the line is gone, or nobody has looked for a while. */
function watch(pause: AbortController): () => void {
  let unseen: ReturnType<typeof setTimeout> | undefined;
  const onChange = () => {
    clearTimeout(unseen);
    if (!navigator.onLine) pause.abort();
    else if (document.visibilityState === 'hidden') unseen = setTimeout(() => pause.abort(), UNSEEN_MS);
  };
  onChange();
  const stop = subscribe(onChange);
  return () => {
    clearTimeout(unseen);
    stop();
  };
}

function subscribe(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener);
  const stop = connection.subscribe(listener);
  return () => {
    document.removeEventListener('visibilitychange', listener);
    stop();
  };
}

function until(holds: () => boolean, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (!holds() && !over.aborted) return;
      stop();
      over.removeEventListener('abort', check);
      resolve();
    };
    const stop = subscribe(check);
    over.addEventListener('abort', check);
    check();
  });
}

function sleep(ms: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    over.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
