/** A short line at the foot of the page that says that something is done, to eyes and to screen readers. */
import { useEffect, useSyncExternalStore } from 'react';
import { Icon } from './icon';

let message: { text: string } | undefined;
const listeners = new Set<() => void>();

export function say(text: string | undefined): void {
  message = text === undefined ? undefined : { text };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const SHOWN_MS = 6000;

export function Toast() {
  const current = useSyncExternalStore(subscribe, () => message);
  useEffect(() => {
    if (!current) return;
    const timer = setTimeout(() => say(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [current]);
  return (
    <div
      role="status"
      className="pointer-events-none fixed inset-x-0 bottom-20 z-50 flex justify-center px-4 md:bottom-6"
    >
      {current ? (
        <p className="flex items-center gap-2 rounded-8 bg-solid-gray-900 px-4 py-3 text-dns-16N-130 text-white shadow-3">
          <Icon name="check" />
          {current.text}
        </p>
      ) : null}
    </div>
  );
}
