/** A short line at the foot of the page that says what became of something, to eyes and to screen readers. */
import { useEffect, useSyncExternalStore } from 'react';
import { texts, useTexts } from '@/text/preferences';
import { Icon } from './icon';

const words = texts({ close: '閉じる', failed: '失敗' }, { close: 'Close', failed: 'Failed' });

interface Message {
  text: string;
  /** Whether it did not work. */
  isFailure: boolean;
}

let message: Message | undefined;
const listeners = new Set<() => void>();

function show(next: Message | undefined) {
  message = next;
  for (const listener of listeners) listener();
}

/** Says that something is done. */
export function say(text: string): void {
  show({ text, isFailure: false });
}

/** Says that something did not work: at once, and until it is closed. */
export function sayFailed(text: string): void {
  show({ text, isFailure: true });
}

/** Takes a word that something is done away, before it lies over what comes next. What failed stays. */
export function sayNoMore(): void {
  if (!message?.isFailure) show(undefined);
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const SHOWN_MS = 6000;

export function Toast() {
  const t = useTexts(words);
  const current = useSyncExternalStore(subscribe, () => message);
  const failure = current?.isFailure ? current.text : undefined;
  const done = current?.isFailure ? undefined : current?.text;
  useEffect(() => {
    if (!current || current.isFailure) return;
    const timer = setTimeout(() => show(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [current]);
  // Both places are there before anything is said: only then is it read out.
  return (
    <div
      data-toast
      className="no-print pointer-events-none fixed inset-x-0 bottom-20 z-50 flex justify-center px-4 md:bottom-6"
    >
      <div role="status">
        {done === undefined ? null : (
          <p className="flex items-center gap-2 rounded-8 bg-solid-gray-900 px-4 py-3 text-dns-16N-130 text-white shadow-3">
            <Icon name="check" />
            {done}
          </p>
        )}
      </div>
      <div role="alert">
        {failure === undefined ? null : (
          <p className="pointer-events-auto flex items-center gap-2 rounded-8 border-2 border-error-2 bg-white py-1.5 pr-1.5 pl-4 text-dns-16N-130 shadow-3">
            <Icon name="alert" className="size-6 text-error-2" />
            <span>
              <span className="sr-only">{t.failed}: </span>
              {failure}
            </span>
            <button
              type="button"
              aria-label={t.close}
              className="flex size-10 shrink-0 items-center justify-center rounded-4 hover:bg-solid-gray-50"
              onClick={() => show(undefined)}
            >
              <Icon name="close" />
            </button>
          </p>
        )}
      </div>
    </div>
  );
}
