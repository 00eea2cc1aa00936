/** The clock on the wall: moves every half minute, so that what is due becomes late before somebody's eyes. */
import { useEffect, useState, useSyncExternalStore } from 'react';

const TICK_MS = 30_000;
let now = Date.now();

function subscribe(listener: () => void) {
  now = Date.now();
  const timer = setInterval(() => {
    now = Date.now();
    listener();
  }, TICK_MS);
  return () => clearInterval(timer);
}

export function useNow(): Date {
  return new Date(useSyncExternalStore(subscribe, () => now));
}

/** The same by the second, for what is over in minutes. */
export function useSeconds(): number {
  const [at, setAt] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setAt(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return at;
}
