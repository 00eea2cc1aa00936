/** What the server tells becomes questions anew: only those that the change concerns, and a burst of changes at once. */
import type { QueryClient } from '@tanstack/react-query';
import { setLive } from '@/data/poll';
import { concerned, type Concerned } from './concerned';
import { follow } from './stream';

/** Changes within this time are one. */
const BURST_MS = 300;

/** Keeps what is shown as the server has it, until the returned function is called. */
export function keepLive(client: QueryClient): () => void {
  const waiting = new Map<string, Concerned>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAll = false;
  const ask = () => {
    timer = undefined;
    if (isAll) void client.invalidateQueries();
    else for (const { key, exact = false } of waiting.values()) void client.invalidateQueries({ queryKey: key, exact });
    waiting.clear();
    isAll = false;
  };
  const soon = () => {
    timer ??= setTimeout(ask, BURST_MS);
  };
  const stop = follow({
    change: (change) => {
      for (const one of concerned(change)) waiting.set(JSON.stringify(one), one);
      soon();
    },
    reload: () => {
      isAll = true;
      soon();
    },
    live: setLive,
  });
  return () => {
    clearTimeout(timer);
    stop();
    setLive(false);
  };
}
