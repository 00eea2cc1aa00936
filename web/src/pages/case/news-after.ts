import type { TimelineItem } from '@/api/schema';

type Looked = Pick<TimelineItem, 'seq' | 'actor' | 'mail'>;

/** What others did after an entry of the history, and the mail that came in; not one's own, nor what follows by itself. */
export function newsAfter<Item extends Looked>(items: readonly Item[], seq: number, me: string): readonly Item[] {
  return items.filter(
    (item) => item.seq > seq && (item.mail ? item.actor?.id !== me : item.actor && item.actor.id !== me),
  );
}
