/** Keeps what has the focus out from under a bar that appears over the page. */
import { useLayoutEffect, type RefObject } from 'react';

const BESIDE_PX = 8;

/** How far the page has to be scrolled so that one stretch of it is seen beside another that lies over it. Pure. */
export function wayClear(
  focus: { top: number; bottom: number },
  bar: { top: number; bottom: number },
  edge: 'top' | 'bottom',
): number {
  if (focus.bottom <= bar.top || focus.top >= bar.bottom) return 0;
  return edge === 'top' ? focus.top - bar.bottom - BESIDE_PX : focus.bottom - bar.top + BESIDE_PX;
}

/** For a bar at an edge of the window, as soon as it is shown. */
export function useClearOf(bar: RefObject<HTMLElement | null>, edge: 'top' | 'bottom', isShown: boolean): void {
  useLayoutEffect(() => {
    const focused = document.activeElement;
    if (!isShown || !bar.current || !focused?.closest('main') || focused.id === 'main') return;
    if (bar.current.contains(focused)) return;
    const way = wayClear(focused.getBoundingClientRect(), bar.current.getBoundingClientRect(), edge);
    if (way !== 0) scrollBy({ top: way, behavior: 'instant' });
  }, [bar, edge, isShown]);
}
