/**
 * Whether the server can be reached: what the browser says about its line, and what became of the last request. A phone
 * in a tunnel has a line and no answers.
 */

/** After a request without an answer the server is asked again, seldom and seldomer. */
const FIRST_MS = 1_000;
const LONGEST_MS = 15_000;
/** Any answer is one, also "sign in first". */
const PROBE = '/api/v1/me';

let answered = true;
let wait = FIRST_MS;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

export const connection = {
  online: () => navigator.onLine && answered,
  subscribe: (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};

function tell() {
  for (const listener of listeners) listener();
}

/** A proxy that answers for a server that is away is no answer of the server. */
export function isAnswer(response: Response): boolean {
  return response.status < 502 || response.status > 504;
}

/** What became of a request: nothing where no answer came. */
export function note(response: Response | undefined): void {
  const now = response !== undefined && isAnswer(response);
  if (now) {
    wait = FIRST_MS;
    clearTimeout(timer);
    timer = undefined;
  } else if (navigator.onLine) {
    timer ??= setTimeout(probe, wait);
  }
  if (now === answered) return;
  answered = now;
  tell();
}

function probe() {
  timer = undefined;
  wait = Math.min(wait * 2, LONGEST_MS);
  fetch(PROBE, { cache: 'no-store' }).then(
    (response) => {
      note(response);
      leave(response);
    },
    () => note(undefined),
  );
}

/** Reads what nobody wants to know: an answer that is not read to its end keeps its connection, of which a browser has six. */
export function leave(response: Response): void {
  response.arrayBuffer().catch(() => undefined);
}

/** Follows the browser's own news; once, when the page begins. */
export function watchConnection(): void {
  addEventListener('offline', tell);
  addEventListener('online', () => {
    if (answered) tell();
    else probe();
  });
}
