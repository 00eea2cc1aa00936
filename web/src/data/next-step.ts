/** The next step of a case, for the person who looks at it. Pure: the case and a role in, a word out. */
import type { CaseView, Role } from '@/api/schema';
import { texts, useTexts } from '@/text/preferences';

const words = texts(
  {
    route: '窓口へ振り分ける',
    await_route: 'センターの振り分けを待つ',
    accept: '内容を確かめて受理する',
    await_accept: '窓口の受理を待つ',
    first_contact: '相談者へ初回の連絡をする',
    await_first_contact: '窓口の初回連絡を待つ',
    callback: '約束の時刻に電話する',
    await_callback: '窓口の折り返し電話を待つ',
    offer: '専門家を選んで打診する',
    await_offer: '窓口の専門家調整を待つ',
    answer: '打診に回答する',
    await_answer: '専門家の回答を待つ',
    chase_answer: '専門家に回答を催促する',
    book: '第1回の日程を決める',
    write_report: '実施報告書を提出する',
    await_report: '実施報告書の提出を待つ',
    chase_report: '実施報告書を催促する',
    record_session: '実施の結果を記録する',
    approve_report: '実施報告書を確かめて承認する',
    await_approval: '窓口の報告書承認を待つ',
    await_session: '予約した回の実施を待つ',
    book_next: '次の回の日程を決める',
    finish: '報告書を確認し、終了する',
    await_enterprise: '企業・団体の連絡を待つ',
    await_manager: '専門家の対応を待つ',
    await_desk: '窓口の対応を待つ',
    await_help_center: 'センターの対応を待つ',
    review_wait: '待ちの状況を確認する',
    closed: '終了済み',
  },
  {
    route: 'Route to a desk',
    await_route: 'The help center will route it',
    accept: 'Read it and accept',
    await_accept: 'The desk will accept it',
    first_contact: 'Contact the enterprise',
    await_first_contact: 'The desk will contact the enterprise',
    callback: 'Call back at the promised time',
    await_callback: 'The desk will call back',
    offer: 'Choose an expert and offer it',
    await_offer: 'The desk is looking for an expert',
    answer: 'Answer the offer',
    await_answer: 'The expert will answer',
    chase_answer: 'Press the expert for an answer',
    book: 'Agree on the first session',
    write_report: 'Hand in the report',
    await_report: 'The expert will report',
    chase_report: 'Press for the report',
    record_session: 'Record how the session went',
    approve_report: 'Read the report and approve it',
    await_approval: 'The desk will approve the report',
    await_session: 'The next session is booked',
    book_next: 'Agree on the next session',
    finish: 'Check the reports and close',
    await_enterprise: 'The enterprise will answer',
    await_manager: 'The expert has it',
    await_desk: 'The desk has it',
    await_help_center: 'The help center has it',
    review_wait: 'Look at the wait again',
    closed: 'Closed',
  },
);

export type Step = keyof (typeof words)['ja'];

/** Whether somebody else is to act: such a step stands in grey. */
export function isWaiting(step: Step): boolean {
  return step.startsWith('await_') || step === 'closed';
}

export function useStepWords(): Record<Step, string> {
  return useTexts(words);
}

type Looked = Pick<
  CaseView,
  'status' | 'due' | 'waiting_on' | 'consultations' | 'allowed_moves' | 'next_consultation' | 'reports'
>;

export function nextStep(seen: Looked, role: Role, now = new Date()): Step {
  if (seen.status === 'closed') return 'closed';
  const late = seen.due ? new Date(seen.due.at) < now : false;
  const can = (move: string) => seen.allowed_moves.includes(move);
  // Who has the case takes the calls: the desk once it accepted, the help center before. Leads may do everything, and
  // see whose turn it is.
  const withDesk = !['received', 'routed'].includes(seen.status);
  const isMine = withDesk ? role === 'desk' || role === 'supervisor' || role === 'admin' : role !== 'manager';
  // What the desk has to do, and whom else it asks, keeps an assigned expert from nothing.
  const due = role === 'manager' && isOfDesk(seen) ? undefined : seen.due?.kind;
  switch (due) {
    case 'route':
      return can('route') ? 'route' : 'await_route';
    case 'accept':
      return can('accept') ? 'accept' : 'await_accept';
    case 'first_contact':
      return isMine ? 'first_contact' : 'await_first_contact';
    case 'callback':
      return isMine || role === 'manager' ? 'callback' : 'await_callback';
    case 'answer_offer':
      if (role === 'manager') return 'answer';
      return late && isMine ? 'chase_answer' : 'await_answer';
    case 'report':
      if (role === 'manager') return 'write_report';
      return late && isMine ? 'chase_report' : 'await_report';
    case 'wait_review':
      if (late && isMine) return 'review_wait';
      return seen.waiting_on === 'none' ? 'review_wait' : `await_${seen.waiting_on}`;
    case undefined:
      return stepOfStatus(seen, role, isMine || role === 'manager', now);
  }
}

function isOfDesk({ status, due }: Looked): boolean {
  const isAssigned = status === 'assigned' || status === 'consulting';
  return isAssigned && (due?.kind === 'first_contact' || due?.kind === 'answer_offer');
}

function stepOfStatus(seen: Looked, role: Role, isMine: boolean, now: Date): Step {
  const { status, waiting_on, allowed_moves } = seen;
  if (waiting_on === 'enterprise') return 'await_enterprise';
  switch (status) {
    case 'received':
      return allowed_moves.includes('route') ? 'route' : 'await_route';
    case 'routed':
      return allowed_moves.includes('accept') ? 'accept' : 'await_accept';
    case 'accepted':
      return allowed_moves.includes('offer') ? 'offer' : 'await_offer';
    case 'assigned':
    case 'consulting':
      return isMine ? stepOfSessions(seen, role, now) : 'await_desk';
    case 'closed':
      return 'closed';
  }
}

/** What has begun must be recorded, what was reported be approved, before the next is booked. */
function stepOfSessions(
  { status, consultations, next_consultation: next, reports }: Looked,
  role: Role,
  now: Date,
): Step {
  const isManager = role === 'manager';
  if (next && new Date(next.starts_at) <= now) return 'record_session';
  if (reports.submitted > 0) return isManager ? 'await_approval' : 'approve_report';
  if (reports.due > 0) return isManager ? 'write_report' : 'await_report';
  if (next) return 'await_session';
  if (consultations.remaining === 0) return isManager ? 'await_desk' : 'finish';
  return status === 'assigned' ? 'book' : 'book_next';
}
