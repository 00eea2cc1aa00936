/** How often lists are asked for anew by themselves: seldom while the server tells what changes. */

const SELDOM_MS = 60_000;
let isLive = false;

export function setLive(live: boolean): void {
  isLive = live;
}

/** For `refetchInterval`. */
export function poll(ms = 20_000): () => number {
  return () => (isLive ? Math.max(ms, SELDOM_MS) : ms);
}
