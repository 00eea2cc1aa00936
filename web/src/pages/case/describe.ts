/** The events of a case in one sentence each. */
import type { Desk, Manager, TimelineItem } from '@/api/schema';
import { useDates, type Dates } from '@/text/dates';
import { texts, usePreferences, type Language } from '@/text/preferences';
import { wordsIn } from '@/text/words';

interface Names {
  manager: string;
  desk: string;
  line: string;
  status: string;
  outcome: string;
  flag: string;
  on: string;
  due: string;
  by: string;
  when: string;
  session: string;
  from: string;
  to: string;
  /** How many, or which one of several. */
  count: number;
  edited: boolean;
}

type Sentence = string | ((names: Names) => string);

const sentences = texts<Record<string, Sentence>>(
  {
    case_created: '受付しました',
    enterprise_created: '企業・団体を登録しました',
    enterprise_edited: '企業・団体の登録内容を訂正しました',
    'case_moved route': ({ desk }) => `${desk || '窓口'}へ振り分けました`,
    'case_moved accept': ({ desk }) => `${desk || '窓口'}が受理しました`,
    'case_moved return': 'センターへ差し戻しました',
    'case_moved assign': '担当決定になりました',
    'case_moved release': '担当が外れ、専門家調整中に戻りました',
    'case_moved begin': '支援を開始しました',
    'case_moved close': ({ outcome }) => `終了しました${outcome ? `(${outcome})` : ''}`,
    'case_moved reopen': '再開しました',
    'case_moved merge': '別の案件に統合しました',
    'case_moved unmerge': '統合を取り消しました',
    case_edited: '案件の内容を訂正しました',
    desk_proposed: '担当窓口の候補を示しました',
    flag_raised: ({ flag }) => `「${flag}」の印が付きました`,
    flag_settled: ({ flag }) => `「${flag}」を確認しました`,
    wait_set: ({ on }) => `${on}の対応を待つことにしました`,
    wait_ended: '待ちが終わりました',
    case_linked: '案件を関連付けました',
    limit_changed: ({ from, to }) => `回数の上限を${from}回から${to}回に変更しました`,
    guard_overridden: '同年度の制限を解除しました',
    case_merged: '別の案件を統合しました',
    case_unmerged: '統合を取り消しました',
    offer_made: ({ manager, line }) => `${manager}さんに打診しました(${line})`,
    offer_accepted: ({ manager }) => `${manager}さんが承諾しました`,
    offer_declined: ({ manager }) => `${manager}さんが辞退しました`,
    offer_revoked: ({ manager }) => `${manager}さんへの打診を取り下げました`,
    offer_expired: ({ manager }) => `${manager}さんへの打診が期限切れになりました`,
    assignment_made: ({ manager, line }) => `${manager}さんが担当になりました(${line})`,
    assignment_ended: ({ manager }) => `${manager}さんの担当が終わりました`,
    consultation_booked: ({ session, when }) => `第${session}回を予約しました: ${when}`,
    consultation_rescheduled: ({ when }) => `日程を変更しました: ${when}`,
    consultation_cancelled: '予約を取り消しました',
    consultation_checked_in: '訪問先に到着しました',
    consultation_checked_out: '訪問先を退出しました',
    consultation_held: ({ when }) => `コンサルティングを実施しました: ${when}`,
    consultation_missed: ({ by }) => `当日不在でした(${by})`,
    consultation_voided: '実施の記録を無効にしました',
    report_saved: '実施報告書の下書きを保存しました',
    report_submitted: '実施報告書を提出しました',
    report_returned: '実施報告書を差し戻しました',
    report_approved: '実施報告書を承認しました',
    dates_proposed: ({ count }) => `日程の候補を${count}件送りました`,
    date_chosen: '企業・団体が候補から日程を決めました',
    other_date_wanted: '企業・団体が別の日を希望しました',
    dates_revoked: '日程の候補を取り下げました',
    dates_expired: '日程の候補が回答のないまま期限切れになりました',
    session_reminded: '参加できるかを企業・団体に確認しました',
    session_confirmed: '企業・団体が予定どおり参加すると回答しました',
    session_declined: '企業・団体が都合が悪くなったと回答しました',
    evaluation_asked: 'コンサルティングの感想をお願いしました',
    session_evaluated: 'コンサルティングの感想が届きました',
    survey_sent: ({ count }) => (count > 0 ? `アンケートを再度お願いしました(${count}回目)` : 'アンケートを送りました'),
    survey_answered: 'アンケートの回答が届きました',
    survey_stopped: '企業・団体がアンケートのメールを止めました',
    survey_cancelled: 'アンケートを取りやめました',
    survey_bounced: 'アンケートのメールが届きませんでした',
    free_text_released: ({ edited }) => `自由記述を公開できるものにしました${edited ? '(手直しあり)' : ''}`,
    free_text_withheld: '自由記述を非公開にしました',
    enterprise_returned: '以前に消去した企業・団体からの相談と分かりました',
    hold_placed: '法的保全をかけました',
    hold_lifted: '法的保全を解除しました',
    case_disposed: '保存期間が過ぎたため、案件を廃棄しました',
    raw_mails_disposed: ({ count }) => `保存期間が過ぎたため、メールの原本を廃棄しました(${count}件)`,
    attachments_disposed: ({ count }) => `保存期間が過ぎたため、ファイルを廃棄しました(${count}件)`,
    case_erased: '請求により個人情報を消去しました',
    interaction_recorded: '対応を記録しました',
    callback_kept: '約束どおり折り返しました',
    note_added: '内部メモ',
    deadline_passed: ({ due }) => `期限を過ぎました: ${due}`,
    deadline_escalated: ({ due }) => `期限超過を上に知らせました: ${due}`,
    deadline_moved: ({ due }) => `期限を計算し直しました: ${due}`,
    enterprise_confirmed_different: '似た企業・団体とは別のものと確認しました',
    enterprises_merged: '重複する企業・団体の登録を一つにしました',
    mail_placed: 'メールを受信しました',
    mail_quarantined: 'メールを要確認にしました',
    mail_moved: 'メールを別の案件に移しました',
    mail_discarded: 'メールを除外しました',
    mail_reprocessed: 'メールを読み取り直しました',
    sender_confirmed: 'メールの差出人を確認しました',
    mail_attached: 'メールを案件に付けました',
    message_written: 'メールを作成しました',
    message_sent: 'メールを送信しました',
    message_failed: 'メールを送信できませんでした',
    message_taken_back: 'メールの送信を取り消しました',
    message_unknown: 'メールを送信できたか分かりません',
    message_retried: 'メールをもう一度送信しました',
    message_reported: 'メールの配送の通知が届きました',
    attachment_added: 'ファイルを追加しました',
  },
  {
    case_created: 'Received',
    enterprise_created: 'Enterprise entered',
    enterprise_edited: 'Enterprise corrected',
    'case_moved route': ({ desk }) => `Routed to ${desk || 'a desk'}`,
    'case_moved accept': ({ desk }) => `Accepted by ${desk || 'the desk'}`,
    'case_moved return': 'Returned to the help center',
    'case_moved assign': 'An expert is assigned',
    'case_moved release': 'The expert was released',
    'case_moved begin': 'The support begins',
    'case_moved close': ({ outcome }) => `Closed${outcome ? ` (${outcome})` : ''}`,
    'case_moved reopen': 'Reopened',
    'case_moved merge': 'Merged into another case',
    'case_moved unmerge': 'The merge was undone',
    case_edited: 'Corrected',
    desk_proposed: 'Desks were proposed',
    flag_raised: ({ flag }) => `Flag raised: ${flag}`,
    flag_settled: ({ flag }) => `Flag settled: ${flag}`,
    wait_set: ({ on }) => `Waits for: ${on}`,
    wait_ended: 'The wait ended',
    case_linked: 'Linked to another case',
    limit_changed: ({ from, to }) => `Limit changed from ${from} to ${to}`,
    guard_overridden: 'Yearly guard lifted',
    case_merged: 'Another case was merged into this one',
    case_unmerged: 'A merge was undone',
    offer_made: ({ manager, line }) => `Offered to ${manager} (${line})`,
    offer_accepted: ({ manager }) => `${manager} accepted`,
    offer_declined: ({ manager }) => `${manager} declined`,
    offer_revoked: ({ manager }) => `The offer to ${manager} was revoked`,
    offer_expired: ({ manager }) => `The offer to ${manager} expired`,
    assignment_made: ({ manager, line }) => `${manager} is assigned (${line})`,
    assignment_ended: ({ manager }) => `The assignment of ${manager} ended`,
    consultation_booked: ({ session, when }) => `Session ${session} booked: ${when}`,
    consultation_rescheduled: ({ when }) => `Session moved: ${when}`,
    consultation_cancelled: 'Session cancelled',
    consultation_checked_in: 'Arrived at the visit',
    consultation_checked_out: 'Left the visit',
    consultation_held: ({ when }) => `Session held: ${when}`,
    consultation_missed: ({ by }) => `Session missed (${by})`,
    consultation_voided: 'Session voided',
    report_saved: 'Report saved as a draft',
    report_submitted: 'Report submitted',
    report_returned: 'Report returned',
    report_approved: 'Report approved',
    dates_proposed: ({ count }) => `${count} dates were offered`,
    date_chosen: 'The enterprise chose one of the dates',
    other_date_wanted: 'The enterprise wants another date',
    dates_revoked: 'The dates offered were taken back',
    dates_expired: 'The dates offered expired without an answer',
    session_reminded: 'The enterprise was asked whether it comes',
    session_confirmed: 'The enterprise comes as agreed',
    session_declined: 'The enterprise cannot come',
    evaluation_asked: 'The enterprise was asked how the session was',
    session_evaluated: 'The enterprise said how the session was',
    survey_sent: ({ count }) => (count > 0 ? `Reminded of the survey (${count})` : 'Survey sent'),
    survey_answered: 'Survey answered',
    survey_stopped: 'The enterprise stopped the mails of the survey',
    survey_cancelled: 'Survey cancelled',
    survey_bounced: 'The mail of the survey was not delivered',
    free_text_released: ({ edited }) => `What they wrote was released${edited ? ' (edited)' : ''}`,
    free_text_withheld: 'What they wrote was withheld',
    enterprise_returned: 'Known as an enterprise that was erased before',
    hold_placed: 'Held back from disposal',
    hold_lifted: 'No longer held back from disposal',
    case_disposed: 'Disposed of at the end of its retention',
    raw_mails_disposed: ({ count }) => `Raw mails disposed of at the end of their retention (${count})`,
    attachments_disposed: ({ count }) => `Files disposed of at the end of their retention (${count})`,
    case_erased: 'Personal data erased on request',
    interaction_recorded: 'Contact recorded',
    callback_kept: 'The callback was kept',
    note_added: 'Internal note',
    deadline_passed: ({ due }) => `Deadline passed: ${due}`,
    deadline_escalated: ({ due }) => `A missed deadline was reported: ${due}`,
    deadline_moved: ({ due }) => `Deadline counted anew: ${due}`,
    enterprise_confirmed_different: 'Confirmed to be another enterprise than a similar one',
    enterprises_merged: 'Two entries of the enterprise became one',
    mail_placed: 'Mail received',
    mail_quarantined: 'Mail put before a person',
    mail_moved: 'Mail moved to another case',
    mail_discarded: 'Mail put aside',
    mail_reprocessed: 'Mail read again',
    sender_confirmed: 'Sender of a mail confirmed',
    mail_attached: 'Mail attached',
    message_written: 'Mail written',
    message_sent: 'Mail sent',
    message_failed: 'Mail could not be sent',
    message_taken_back: 'Mail taken back',
    message_unknown: 'Nobody knows whether the mail was taken',
    message_retried: 'Mail sent again',
    message_reported: 'A delivery report came',
    attachment_added: 'File added',
  },
);

interface Directory {
  managers: readonly Pick<Manager, 'id' | 'name'>[] | undefined;
  desks: readonly Pick<Desk, 'id' | 'name'>[] | undefined;
}

/** A function that says an event, once the directory has told the names. An event without a sentence shows its kind. */
export function useDescribe(
  managers: Directory['managers'],
  desks: Directory['desks'],
): (item: TimelineItem) => string {
  const { language } = usePreferences();
  return describeIn(language, useDates(), { managers, desks });
}

/** The same in a language of one's choice, for paper. */
export function describeIn(
  language: Language,
  dates: Pick<Dates, 'span'>,
  { managers, desks }: Directory,
): (item: TimelineItem) => string {
  const t = sentences[language];
  const words = wordsIn(language);
  const nameOf = (list: readonly { id: string; name: string }[] | undefined, id: unknown) =>
    list?.find((one) => one.id === id)?.name ?? '';
  const word = (table: Record<string, string>, key: unknown) => table[text(key)] ?? '';
  return ({ kind, data }) => {
    const of = data as Record<string, unknown>;
    const sentence = t[kind === 'case_moved' ? `case_moved ${text(of['step'])}` : kind] ?? kind;
    if (typeof sentence === 'string') return sentence;
    return sentence({
      manager: nameOf(managers, of['manager_id']),
      desk: nameOf(desks, of['desk_id']),
      line: word(words.line, of['line']),
      status: word(words.status, of['to']),
      outcome: word(words.outcome, of['outcome']),
      flag: word(words.flag, of['flag']),
      on: word(words.waiting, of['on']),
      due: word(words.due, of['due']),
      by: word(words.noShow, of['by']),
      when: span(dates, of),
      session: text(of['session']),
      from: text(of['from']),
      to: text(of['to']),
      count: Number(of['slots'] ?? of['reminder'] ?? of['mails'] ?? of['attachments'] ?? 0),
      edited: of['edited'] === true,
    });
  };
}

/** A word or a number of an event. */
function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `${value}` : '';
}

function span(dates: Pick<Dates, 'span'>, of: Record<string, unknown>): string {
  const from = of['started_at'] ?? of['starts_at'];
  const to = of['ended_at'] ?? of['ends_at'];
  return typeof from === 'string' && typeof to === 'string' ? dates.span(from, to) : '';
}
