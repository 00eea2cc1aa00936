import { useSyncExternalStore } from 'react';

const query = '(max-width: 47.99rem)';

/** Whether the page is as narrow as a phone, or zoomed so far: tables become lists then. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      const media = matchMedia(query);
      media.addEventListener('change', changed);
      return () => media.removeEventListener('change', changed);
    },
    () => matchMedia(query).matches,
  );
}
