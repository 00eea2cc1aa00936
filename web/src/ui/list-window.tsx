/** Watches which entries of a long list are in sight, and how high they are. Draws nothing itself. */
import { defaultRangeExtractor, useWindowVirtualizer, type Range, type VirtualItem } from '@tanstack/react-virtual';
import { memo, useCallback, useEffect, useLayoutEffect, useState } from 'react';
import { kept, type Windowed } from './long-parts';

interface ListWindowProps {
  keys: readonly string[];
  height: number;
  name: string;
  element: HTMLElement;
  focused: number | undefined;
  onWindow: (windowed: Windowed | undefined) => void;
}

const remembered = new Map<string, VirtualItem[]>();

/** Entries out of sight that are drawn on each side. */
const BESIDE = 8;

/** Only what it is told draws it anew, and not the list that it tells. */
export default memo(function ListWindow({ keys, height, name, element, focused, onWindow }: ListWindowProps) {
  const [top, setTop] = useState(() => topOf(element));
  const count = keys.length;
  const virtualizer = useWindowVirtualizer<HTMLElement>({
    count,
    getItemKey: useCallback((index: number) => keys[index] ?? index, [keys]),
    estimateSize: useCallback(() => height, [height]),
    rangeExtractor: useCallback((range: Range) => kept(defaultRangeExtractor(range), count, focused), [count, focused]),
    overscan: BESIDE,
    scrollMargin: top,
    initialRect: { width: innerWidth, height: innerHeight },
    initialMeasurementsCache: remembered.get(name) ?? [],
  });
  useEffect(() => {
    // What stands above the list changes its height, and the place of the list with it.
    const observer = new ResizeObserver(() => setTop(topOf(element)));
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [element]);
  useLayoutEffect(() => {
    // The browser keeps what is seen in its place (overflow-anchor). Doing it, too, would take back what somebody scrolls.
    Object.assign(virtualizer, { shouldAdjustScrollPositionOnItemSizeChange: () => false });
  }, [virtualizer]);
  const items = virtualizer.getVirtualItems();
  const { measureElement } = virtualizer;
  useLayoutEffect(() => onWindow({ items, measure: measureElement }), [items, measureElement, onWindow]);
  useEffect(
    () => () => {
      remembered.set(name, virtualizer.takeSnapshot());
      onWindow(undefined);
    },
    [name, virtualizer, onWindow],
  );
  return null;
});

function topOf(element: HTMLElement): number {
  return Math.round(element.getBoundingClientRect().top + scrollY);
}
