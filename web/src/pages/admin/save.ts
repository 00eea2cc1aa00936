/** Creating and changing the things of the office. */
import { useSend, type Once } from '@/api/send';
import { useTexts } from '@/text/preferences';
import { say } from '@/ui/toast';
import { adminWords } from './text';

/** A request that saves what a dialog holds, says so and closes it. */
export function useSave<Content, Answer>(save: (content: Content, once: Once) => Promise<Answer>, onClose: () => void) {
  const t = useTexts(adminWords);
  return useSend(save, () => {
    onClose();
    say(t.saved);
  });
}

/** Empty texts as what clears a field in a PATCH. */
export function orNull(text: string): string | null {
  return text.trim() === '' ? null : text;
}

/** Only the texts that say something, for a POST. */
export function filled<T extends Record<string, unknown>>(parts: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(parts).filter(([, value]) => value !== '' && value !== null && value !== undefined),
  ) as Partial<T>;
}
