/** Why a move that one might look for is not offered now. The API decides; this explains. */
import type { CaseView, Role } from '@/api/schema';
import { texts } from '@/text/preferences';
import type { Move } from '@/text/words';

export const whyNotWords = texts(
  {
    closed: '案件は終了しています。先に再開してください。',
    merged: '別の案件に統合されています。先に統合を取り消してください。',
    route_again: '一度振り分けた案件の再振り分けは、統括が行います。',
    route_role: '振り分けは、相談センターが行います。',
    accept_status: '受理できるのは「受理待ち」の案件だけです。',
    accept_role: '受理は、地域窓口が行います。',
    return_status: '差し戻せるのは、担当専門家が決まる前だけです。',
    offer_status: '打診できるのは、窓口が受理した後です。',
    offer_anonymous: '匿名のままでは打診できません。先に企業・団体名を登録してください。',
    book_manager: '予約できるのは、担当の専門家が決まった後です。',
    book_used: '無料で使える回数をすべて使っています。',
    close_role: '終了の手続きは、担当する窓口が行います。',
    edit_role: '受理後の訂正は、担当する窓口が行います。',
  },
  {
    closed: 'The case is closed: reopen it first.',
    merged: 'It was merged into another case: undo the merge first.',
    route_again: 'A case that was routed once is routed anew by a supervisor.',
    route_role: 'The help center routes cases.',
    accept_status: 'Only a case that waits for acceptance is accepted.',
    accept_role: 'The desk accepts cases.',
    return_status: 'A case is returned before an expert is assigned, not after.',
    offer_status: 'It is offered to experts after a desk has accepted it.',
    offer_anonymous: 'The enterprise is anonymous: name it before an offer is made.',
    book_manager: 'Sessions are booked once an expert is assigned.',
    book_used: 'All free sessions are used.',
    close_role: 'The desk that has the case closes it.',
    edit_role: 'The desk that has the case corrects it.',
  },
);

export type WhyNot = keyof (typeof whyNotWords)['ja'];

type Looked = Pick<CaseView, 'status' | 'allowed_moves' | 'managers' | 'consultations' | 'merged_into'> & {
  enterprise: Pick<CaseView['enterprise'], 'kind'>;
};

/** Moves that a person of this role may come to look for. */
const LOOKED_FOR: Record<Role, readonly Move[]> = {
  operator: ['route', 'accept', 'close', 'edit'],
  supervisor: ['route', 'accept', 'return', 'offer', 'book', 'close'],
  desk: ['accept', 'return', 'route', 'offer', 'book', 'close'],
  manager: ['book'],
  admin: ['route', 'accept', 'return', 'offer', 'book', 'close'],
  auditor: [],
};

export function whyNot(seen: Looked, role: Role): readonly (readonly [Move, WhyNot])[] {
  const missing = LOOKED_FOR[role].filter((move) => !seen.allowed_moves.includes(move));
  return missing.flatMap((move) => {
    const reason = reasonFor(move, seen, role);
    return reason ? [[move, reason] as const] : [];
  });
}

function reasonFor(move: Move, seen: Looked, role: Role): WhyNot | undefined {
  if (seen.merged_into) return 'merged';
  if (seen.status === 'closed') return 'closed';
  switch (move) {
    case 'route':
      return role === 'operator' ? 'route_again' : 'route_role';
    case 'accept':
      return role === 'operator' ? 'accept_role' : 'accept_status';
    case 'return':
      return 'return_status';
    case 'offer':
      return seen.enterprise.kind === 'anonymous' ? 'offer_anonymous' : 'offer_status';
    case 'book':
      return seen.managers.length === 0 ? 'book_manager' : 'book_used';
    case 'close':
      return 'close_role';
    case 'edit':
      return 'edit_role';
    default:
      return undefined;
  }
}
