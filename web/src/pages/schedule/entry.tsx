/** What a session says of itself on a schedule, drawn as a block or as a line. */
import type { ConsultationView } from '@/api/schema';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { useNow } from '@/text/now';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import type { Week } from './schedule';
import { scheduleWords } from './text';

export interface Entry {
  /** 10:00–11:00 */
  time: string;
  /** 第2回・オンライン */
  what: string;
  who: string;
  managers: string;
  /** Its state, where it is not just booked. */
  state: string | undefined;
  /** It has passed, and nobody wrote down how it went. */
  unrecorded: boolean;
  /** Everything in one line, for screen readers and in announcements. */
  text: string;
  movable: boolean;
}

export function useEntry(session: ConsultationView, names: Week['names']): Entry {
  const t = useTexts(scheduleWords);
  const words = useWords();
  const dates = useDates();
  const now = useNow();
  const { permissions } = useMe();
  const { state, mode } = session;
  const nth = session.session ? t.nth(session.session) : '';
  const entry = {
    time: `${dates.time(session.starts_at)}–${dates.time(session.ends_at)}`,
    what: [nth, words.mode[mode]].filter(Boolean).join('・'),
    who: names.get(session.case_id) ?? session.case_number,
    managers: session.managers.map(({ name }) => name).join('、'),
    state: state === 'booked' ? undefined : words.session[state],
    unrecorded: state === 'booked' && new Date(session.ends_at) < now,
  };
  // What is seen, in the order in which it is seen; a booked session says so to who does not see its colour.
  const seen = [entry.time, entry.unrecorded ? t.record : '', entry.state, entry.who, entry.what, entry.managers];
  return {
    ...entry,
    text: [...seen, entry.state ? '' : words.session[state]].filter(Boolean).join(' '),
    movable: state === 'booked' && new Date(session.starts_at) > now && permissions.includes('book_consultations'),
  };
}
