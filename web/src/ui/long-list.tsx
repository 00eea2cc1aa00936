/**
 * Which entries of a long list are in the document: those in sight and around it, the first and the last, and those around
 * the one that had the focus last, so that Tab and the keys j and k go from entry to entry and the focus is never lost.
 * Where the others would be there is room.
 *
 * What is not in the document is not found by the browser's search and not printed: the whole list is there again as soon
 * as somebody presses Ctrl+F or prints. A search that is begun from the browser's menu finds what is near only.
 */
import { lazy, Suspense, useEffect, useState, type FocusEvent, type ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { beginning, LONG, partsOf, type Part, type Windowed } from './long-parts';

/** Fetched once a list is long: no first look needs it. */
const ListWindow = lazy(() => import('./list-window'));

interface LongList {
  isLong: boolean;
  parts: readonly Part[];
  /** Beside the list: it watches what is in sight. */
  watch: ReactNode;
  /** For the element that has the entries in it. */
  list: { ref: (element: HTMLElement | null) => void; onFocus: (event: FocusEvent) => void };
  /** For the element of an entry. */
  entry: (index: number) => { 'data-index'?: number; ref?: (element: HTMLElement | null) => void };
}

interface Options {
  /** The entries' names, the same array while they are the same. */
  keys: readonly string[];
  /** About how high an entry is, in pixels, before it was seen. */
  height: number;
  /** Under which name the heights are remembered, so that one comes back to the same place. */
  name: string;
}

export function useLongList({ keys, height, name }: Options): LongList {
  const [element, setElement] = useState<HTMLElement | null>(null);
  const [focused, setFocused] = useState<number>();
  const [windowed, setWindowed] = useState<Windowed>();
  // One comes back to a list that is long already: nobody waits until all of it is drawn.
  const [beganLong] = useState(keys.length > LONG);
  const isWhole = useWhole(keys.length);
  const isWanted = keys.length > LONG && !isWhole;
  const isLong = isWanted && windowed !== undefined;
  const isBeginning = isWanted && windowed === undefined && beganLong;
  return {
    isLong,
    parts: isLong
      ? partsOf(windowed.items, keys.length)
      : isBeginning
        ? beginning(keys.length, height)
        : keys.map((_, index) => ({ index })),
    watch:
      isWanted && element ? (
        <Suspense>
          <ListWindow
            keys={keys}
            height={height}
            name={name}
            element={element}
            focused={focused}
            onWindow={setWindowed}
          />
        </Suspense>
      ) : null,
    list: {
      ref: setElement,
      onFocus: ({ target }) => {
        const index = target.closest<HTMLElement>('[data-index]')?.dataset['index'];
        setFocused(index === undefined ? undefined : Number(index));
      },
    },
    entry: (index) => (isWanted ? { 'data-index': index, ...(isLong ? { ref: windowed.measure } : {}) } : {}),
  };
}

/** Whether everything is wanted in the document, for the browser's search or for paper, until more comes. */
function useWhole(count: number): boolean {
  const [whole, setWhole] = useState(0);
  useEffect(() => {
    if (count <= LONG) return;
    const all = () => flushSync(() => setWhole(count));
    const onKey = ({ key, ctrlKey, metaKey }: KeyboardEvent) => {
      if ((ctrlKey || metaKey) && key.toLowerCase() === 'f') all();
    };
    const onPrinted = () => setWhole(0);
    addEventListener('keydown', onKey);
    addEventListener('beforeprint', all);
    addEventListener('afterprint', onPrinted);
    return () => {
      removeEventListener('keydown', onKey);
      removeEventListener('beforeprint', all);
      removeEventListener('afterprint', onPrinted);
    };
  }, [count]);
  return whole === count;
}
