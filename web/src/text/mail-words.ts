/** The words of mail, in both directions. */
import type { CheckReason, Delivery, MailKind, MessageKind, MessageState, PlacedBy } from '@/api/schema';
import { texts, useTexts, type Language } from './preferences';

interface MailWords {
  reason: Record<CheckReason, string>;
  kind: Record<MailKind, string>;
  placed: Record<PlacedBy, string>;
  state: Record<MessageState, string>;
  delivery: Record<Delivery, string>;
  message: Record<MessageKind, string>;
}

const words = texts<MailWords>(
  {
    reason: {
      too_much: '内容が多すぎて読み切れません',
      too_slow: '読み取りに時間がかかりすぎます',
      unreadable: '読み取れません',
      no_sender: '差出人がありません',
      own_address: '差出人がこちらのアドレスです',
      sender_limit: '同じ差出人からの受付が上限を超えました',
      stranger_with_number: '案件番号がありますが、差出人はその案件の相談者ではありません',
      stranger_in_thread: '案件への返信ですが、差出人はその案件の相談者ではありません',
      automatic: '自動送信のメールです',
      unmatched_report: '配送の通知ですが、どの送信か分かりません',
      loop: 'メールが繰り返し往復しています',
    },
    kind: {
      normal: '通常',
      auto_reply: '自動応答',
      auto_reply_suspected: '自動応答の疑い',
      bounce: '不達通知',
      delay: '遅延通知',
      delivery_success: '配送完了の通知',
      arf: '迷惑メールの申告',
      mdn: '開封通知',
      loop: '往復',
    },
    placed: {
      plus_address: '返信先のアドレスで判定',
      message_id: '返信元のメールで判定',
      known_message_id: '返信元のメールで判定',
      number: '案件番号で判定',
      same_message_id: '同じメールの再着信',
      delivery_report: '配送の通知',
      new_case: '新しい案件を登録',
      staff: '職員が指定',
    },
    state: {
      waiting: '送信待ち',
      queued: '送信待ち',
      sending: '送信中',
      sent: '送信済',
      unknown: '送信できたか不明',
      failed: '送信失敗',
      taken_back: '送信取消',
    },
    delivery: { delayed: '配送が遅れています', failed: '届きませんでした', delivered: '相手のサーバーに届きました' },
    message: {
      reply: '返信',
      acknowledgement: '受付確認',
      invitation: '日程の案内',
      notice: '通知',
      account: 'アカウントの連絡',
      question: '回答のお願い',
    },
  },
  {
    reason: {
      too_much: 'Too much in it to be read',
      too_slow: 'Took too long to read',
      unreadable: 'Unreadable',
      no_sender: 'No sender',
      own_address: 'The sender is an address of ours',
      sender_limit: 'Too many cases from this sender',
      stranger_with_number: 'It names a case, but the sender is no contact of it',
      stranger_in_thread: 'It answers a case, but the sender is no contact of it',
      automatic: 'Sent by a program',
      unmatched_report: 'A delivery report on a message that nobody knows',
      loop: 'The mail goes to and fro',
    },
    kind: {
      normal: 'Normal',
      auto_reply: 'Automatic reply',
      auto_reply_suspected: 'Perhaps an automatic reply',
      bounce: 'Not delivered',
      delay: 'Delayed',
      delivery_success: 'Delivered',
      arf: 'Reported as spam',
      mdn: 'Read receipt',
      loop: 'Loop',
    },
    placed: {
      plus_address: 'by the address it was sent to',
      message_id: 'by the mail it answers',
      known_message_id: 'by the mail it answers',
      number: 'by the case number',
      same_message_id: 'the same mail again',
      delivery_report: 'a delivery report',
      new_case: 'opened a case',
      staff: 'by staff',
    },
    state: {
      waiting: 'Waiting',
      queued: 'Waiting',
      sending: 'Being sent',
      sent: 'Sent',
      unknown: 'Perhaps sent',
      failed: 'Not sent',
      taken_back: 'Taken back',
    },
    delivery: { delayed: 'Delivery is delayed', failed: 'Not delivered', delivered: 'Delivered to their server' },
    message: {
      reply: 'Reply',
      acknowledgement: 'Acknowledgement',
      invitation: 'Invitation',
      notice: 'Notice',
      account: 'Account',
      question: 'Question by a link',
    },
  },
);

/** For paper, which is Japanese in every language. */
export function mailWordsIn(language: Language): MailWords {
  return words[language];
}

export function useMailWords(): MailWords {
  return useTexts(words);
}
