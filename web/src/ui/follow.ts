/** Where the focus goes when what had it is gone. */
import { useEffect, useRef } from 'react';

/** So long is an answer waited for that may take the button away which was pressed. */
const PATIENCE_MS = 5000;

/** What comes with the answer is drawn by then, and a dialog has given the focus back, on a busy machine too. */
const AFTER_DIALOGS_MS = 250;

/**
 * A step often takes its own button away, and with it the focus. What is returned is told by one's own step, before it,
 * which element is to have the focus then; each time `what` changed, it gets it, where nothing else has it.
 */
export function useFollow(...what: readonly unknown[]): (id: string) => void {
  const wanted = useRef({ id: '', until: 0 });
  useEffect(() => {
    const { id, until } = wanted.current;
    if (Date.now() > until) return;
    let frame = 0;
    const take = () => {
      if (document.activeElement === document.body) document.getElementById(id)?.focus();
    };
    // Never before the dialog, which gives it back in a frame of its own.
    const timer = setTimeout(() => {
      frame = requestAnimationFrame(take);
    }, AFTER_DIALOGS_MS);
    return () => {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    };
    // As many as the caller names, always the same ones.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, what);
  return (id) => {
    wanted.current = { id, until: Date.now() + PATIENCE_MS };
  };
}
