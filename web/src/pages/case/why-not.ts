/** Why a move or a step that one might look for is not offered now: the API's reasons in words. */
import type { CaseView, MoveRefusal, StepRefusal } from '@/api/schema';
import type { SessionStep } from '@/data/steps';
import { texts } from '@/text/preferences';
import { MOVES, type Move } from '@/text/words';

interface Words {
  move: Record<MoveRefusal, string>;
  step: Record<StepRefusal, string>;
  /** What one may do about it, where it depends on the move. */
  detail: Partial<Record<`${Move} ${MoveRefusal}`, string>>;
}

export const whyNotWords = texts<Words>(
  {
    move: {
      closed: '案件は終了しています。先に再開してください。',
      not_closed: '案件は終了していません。',
      status: '案件の今の状態ではできません。',
      owner: 'いま案件を担当しているところが行います。',
      no_manager: '担当の専門家が決まっていません。',
      no_session_left: '無料で使える回数をすべて使っています。',
      anonymous: '匿名のままではできません。先に企業・団体名を登録してください。',
      merged: '別の案件に統合されています。先に統合を取り消してください。',
      not_merged: '統合された案件ではありません。',
      not_flagged: '確認が必要な同じ年度の案件はありません。',
    },
    step: {
      settled: '結果または取消が記録されています。',
      begun: '開始時刻を過ぎています。実施または不在を記録してください。',
      not_begun: '開始時刻の後にできます。',
      not_recorded: '実施も不在も記録されていません。',
      not_a_visit: '訪問の回ではありません。',
      other_manager: 'この回を担当する専門家が行います。',
      too_early: '予約の2時間前からできます。',
      too_late: '予約の時刻から2時間を過ぎました。「実施を記録」で時刻を入力してください。',
      not_checked_in: 'まだ到着が記録されていません。',
      already_done: 'すでに記録されています。',
      not_held: 'まだ実施が記録されていません。',
      no_report: '報告書がまだ書かれていません。',
      report_submitted: '報告書は提出済みで、承認を待っています。',
      report_not_submitted: '報告書がまだ提出されていません。',
      report_approved: '報告書は承認済みで、変更できません。',
    },
    detail: {
      'route owner': '一度振り分けた案件の再振り分けは、統括が行います。',
      'accept status': '受理できるのは「受理待ち」の案件だけです。',
      'return status': '差し戻せるのは、担当専門家が決まる前だけです。',
      'offer status': '打診できるのは、窓口が受理した後です。',
      'book no_manager': '予約できるのは、担当の専門家が決まった後です。',
      'close owner': '終了の手続きは、担当する窓口が行います。',
      'edit owner': '受理後の訂正は、担当する窓口が行います。',
    },
  },
  {
    move: {
      closed: 'The case is closed: reopen it first.',
      not_closed: 'The case is not closed.',
      status: 'Not as the case stands.',
      owner: 'Whoever has the case now does it.',
      no_manager: 'No expert is assigned.',
      no_session_left: 'All free sessions are used.',
      anonymous: 'The enterprise is anonymous: name it first.',
      merged: 'It was merged into another case: undo the merge first.',
      not_merged: 'It was not merged.',
      not_flagged: 'No other case of this year is to be looked at.',
    },
    step: {
      settled: 'How it went, or that it was cancelled, is recorded.',
      begun: 'It has begun: record it as held or missed.',
      not_begun: 'Once it has begun.',
      not_recorded: 'Neither held nor missed is recorded.',
      not_a_visit: 'It is no visit.',
      other_manager: 'The expert who gives it does this.',
      too_early: 'From two hours before the booked time.',
      too_late: 'More than two hours past the booked time: record it as held, with its times.',
      not_checked_in: 'No arrival is recorded yet.',
      already_done: 'It is recorded already.',
      not_held: 'It is not recorded as held yet.',
      no_report: 'No report is written yet.',
      report_submitted: 'The report is handed in and waits for approval.',
      report_not_submitted: 'The report is not handed in yet.',
      report_approved: 'The report is approved and does not change any more.',
    },
    detail: {
      'route owner': 'A case that was routed once is routed anew by a supervisor.',
      'accept status': 'Only a case that waits for acceptance is accepted.',
      'return status': 'A case is returned before an expert is assigned, not after.',
      'offer status': 'It is offered to experts after a desk has accepted it.',
      'book no_manager': 'Sessions are booked once an expert is assigned.',
      'close owner': 'The desk that has the case closes it.',
      'edit owner': 'The desk that has the case corrects it.',
    },
  },
);

/** What undoes something that was not done is not looked for. */
const NOT_LOOKED_FOR: readonly MoveRefusal[] = ['not_closed', 'not_merged', 'not_flagged'];

/** The moves that a person may come to look for and does not find, each with the reason. */
export function movesNotNow(
  { refused_moves, allowed_moves }: Pick<CaseView, 'refused_moves' | 'allowed_moves'>,
  t: Words,
): readonly (readonly [Move, string])[] {
  return MOVES.flatMap((move) => {
    const reason = refused_moves.find((refused) => refused.move === move)?.reason;
    if (!reason || allowed_moves.includes(move) || NOT_LOOKED_FOR.includes(reason)) return [];
    return [[move, t.detail[`${move} ${reason}`] ?? t.move[reason]] as const];
  });
}

/** What is said elsewhere on the place of a session, or is about another kind of session. */
const OBVIOUS: readonly StepRefusal[] = ['not_a_visit', 'not_recorded', 'not_checked_in', 'already_done', 'settled'];
/** The steps of a session that one may look for; those of a report stand on its page. */
export const LOOKED_FOR: readonly SessionStep[] = [
  'reschedule',
  'cancel',
  'check_in',
  'check_out',
  'hold',
  'no_show',
  'write_report',
  'approve_report',
];

/** Whether somebody may look for a step that is refused so. */
export function isToldOf(step: SessionStep, reason: StepRefusal): boolean {
  return LOOKED_FOR.includes(step) && !OBVIOUS.includes(reason);
}
