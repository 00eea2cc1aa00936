/** The dialogs of this area, fetched when the first one opens: also from a case and from an enterprise. */
import type { HoldView } from '@/api/schema';
import { DiscloseDialog } from './disclose';
import { EraseDialog } from './erase';
import { HoldDialog, LiftDialog } from './hold';

/** A person, by one of the contacts that they are, or an enterprise. */
export interface Subject {
  scope: 'contact' | 'enterprise';
  id: string;
  name: string;
}

/** Which dialog lies over the page. */
export type Opened =
  | { dialog: 'hold'; case: { id: string; number: string } }
  | { dialog: 'lift'; case: { id: string; number: string }; hold: HoldView }
  | { dialog: 'erase'; subject: Subject }
  | { dialog: 'disclose'; subject?: Subject };

export default function Dialogs({ opened, onClose }: { opened: Opened; onClose: () => void }) {
  switch (opened.dialog) {
    case 'hold':
      return <HoldDialog of={opened.case} onClose={onClose} />;
    case 'lift':
      return <LiftDialog of={opened.case} hold={opened.hold} onClose={onClose} />;
    case 'erase':
      return <EraseDialog subject={opened.subject} onClose={onClose} />;
    case 'disclose':
      return <DiscloseDialog subject={opened.subject} onClose={onClose} />;
  }
}
