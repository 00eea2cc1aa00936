/** A stack of papers: what stays from one sheet to the next. Pure. */
import type { CaseView } from '@/api/schema';
import { blank, type Typed } from '@/pages/intake/inquiry';
import type { Inquiry, Received } from '@/pages/intake/receive';
import type { MeView } from '@/api/schema';

/** One sheet while it is typed. */
export interface Sheet extends Typed {
  desk: string;
  routeNote: string;
  receivedBy: string;
}

/** One that is saved, as the list shows it. */
export interface Entered {
  id: string;
  number: string;
  name: string | null;
  received_at: string;
  status: CaseView['status'];
  desk: string | null | undefined;
}

export function firstSheet(me: Pick<MeView, 'role'>, today: string, lateReason: string, notice: string): Sheet {
  const typed = blank({
    isLate: true,
    channel: 'event',
    receivedDate: today,
    lateReason,
    notice,
    end: me.role === 'desk' ? 'keep' : 'route',
  });
  return { ...typed, desk: '', routeNote: '', receivedBy: '' };
}

/** The next one of the stack: the same day, way, person, reason and kind of ending; nothing else. */
export function nextSheet({ channel, receivedDate, receivedBy, lateReason, end, notice }: Sheet): Sheet {
  return {
    ...blank({ isLate: true, channel, receivedDate, lateReason, end, notice }),
    desk: '',
    routeNote: '',
    receivedBy,
  };
}

/** What is sent for a sheet. Who received it stands in the reason, which the case keeps. */
export function inquiryOf(sheet: Sheet, withReceiver: (reason: string, name: string) => string): Inquiry {
  const { desk, routeNote, receivedBy, ...typed } = sheet;
  const name = receivedBy.trim();
  return {
    typed: { ...typed, lateReason: name ? withReceiver(typed.lateReason, name) : typed.lateReason },
    desk,
    routeNote,
  };
}

export function enteredOf({ made, desk }: Received): Entered {
  return {
    id: made.id,
    number: made.number,
    name: made.enterprise.name ?? null,
    received_at: made.received_at,
    status: made.status,
    desk,
  };
}
