/** The dialogs of a case, fetched when the first one opens. */
import type { CaseManager, CaseView, ConsultationView, Flag, OfferView } from '@/api/schema';
import type { Move } from '@/text/words';
import { BookDialog } from './book';
import { CloseDialog } from './close';
import { EditDialog } from './edit';
import { FlagDialog } from './flag';
import { LinkDialog, MergeDialog } from './other-case';
import { OfferDialog, RevokeDialog } from './offer';
import { OfferDatesDialog } from './offer-dates';
import { ReasonDialog } from './reason';
import { RescheduleDialog } from './reschedule';
import { RouteDialog } from './route';
import { CancelDialog, HoldDialog, NoShowDialog } from './session';
import { LimitDialog, WaitDialog } from './wait';

/** Which dialog lies over the page. */
export type Opened =
  | { dialog: Exclude<Move, 'accept'> | 'accept' }
  | { dialog: 'reschedule' | 'cancel' | 'hold' | 'no_show' | 'void'; session: ConsultationView }
  | { dialog: 'release'; manager: CaseManager }
  | { dialog: 'revoke'; offer: OfferView }
  | { dialog: 'flag'; flag: Flag }
  | { dialog: 'offer_dates' };

interface DialogsProps {
  opened: Opened;
  seen: CaseView;
  onClose: () => void;
}

export default function Dialogs({ opened, seen, onClose }: DialogsProps) {
  const common = { seen, onClose };
  switch (opened.dialog) {
    case 'route':
      return <RouteDialog {...common} />;
    case 'offer':
      return <OfferDialog {...common} />;
    case 'book':
      return <BookDialog {...common} />;
    case 'offer_dates':
      return <OfferDatesDialog {...common} />;
    case 'close':
      return <CloseDialog {...common} />;
    case 'edit':
      return <EditDialog {...common} />;
    case 'wait':
      return <WaitDialog {...common} />;
    case 'limit':
      return <LimitDialog {...common} />;
    case 'link':
      return <LinkDialog {...common} />;
    case 'merge':
    case 'unmerge':
      return <MergeDialog {...common} undo={opened.dialog === 'unmerge'} />;
    case 'return':
    case 'reopen':
    case 'guard_override':
    case 'escalate':
      return <ReasonDialog {...common} move={opened.dialog} />;
    case 'release':
      return <ReasonDialog {...common} move="release" manager={opened.manager} />;
    case 'revoke':
      return <RevokeDialog offer={opened.offer} onClose={onClose} />;
    case 'flag':
      return <FlagDialog {...common} flag={opened.flag} />;
    case 'reschedule':
      return <RescheduleDialog session={opened.session} onClose={onClose} />;
    case 'cancel':
    case 'void':
      return <CancelDialog session={opened.session} undo={opened.dialog === 'void'} onClose={onClose} />;
    case 'hold':
      return <HoldDialog {...common} session={opened.session} />;
    case 'no_show':
      return <NoShowDialog session={opened.session} onClose={onClose} />;
    case 'accept':
      return null;
  }
}
