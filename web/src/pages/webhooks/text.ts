import type { DeliveryState, WebhookEventType } from '@/api/schema';
import { texts } from '@/text/preferences';
import type { Failure } from './attempt';

interface WebhookWords {
  title: string;
  why: string;
  add: string;
  none: string;
  noneWhy: string;
  url: string;
  urlHint: string;
  description: string;
  descriptionHint: string;
  events: string;
  eventsHint: string;
  allEvents: string;
  event: Record<WebhookEventType, string>;
  desk: string;
  allDesks: string;
  state: string;
  active: string;
  paused: string;
  failing: (since: string) => string;
  reasons: Record<string, string>;
  pending: string;
  count: (n: number) => string;
  act: { edit: string; pause: string; resume: string; rotate: string; test: string; remove: string };
  save: string;
  saved: string;
  pauseWhat: string;
  resumeWhat: string;
  removeWhat: string;
  removed: string;
  rotateWhat: string;
  overlap: string;
  overlaps: Record<string, string>;
  tested: string;
  madeTitle: string;
  rotatedTitle: string;
  once: string;
  secret: string;
  oldUntil: (at: string) => string;
  previous: string;
  created: string;
  changed: string;
  deliveries: string;
  deliveriesWhy: string;
  noDeliveries: string;
  show: string;
  all: string;
  states: Record<DeliveryState, string>;
  what: string;
  when: string;
  next: (at: string) => string;
  tries: string;
  noTry: string;
  moreTries: (n: number) => string;
  answered: (status: number) => string;
  unknown: string;
  failures: Record<Failure, string>;
  content: string;
  contentOf: (what: string) => string;
  retry: string;
  retryWhat: (what: string, when: string) => string;
  retried: string;
  more: string;
}

export const webhookWords = texts<WebhookWords>(
  {
    title: '外部への通知',
    why: '案件に起きたことを、登録した外部のシステムに署名付きで知らせます（Webhook）。送るのは種類・案件番号・状態などで、個人情報は送りません。',
    add: '通知先を登録',
    none: '登録された通知先はありません',
    noneWhy: '省庁や受託者のシステムに、案件の動きを知らせるときに登録してください。',
    url: '通知先のURL',
    urlHint: 'https:// で始まり、外部から接続できるアドレスを入力してください。',
    description: '用途',
    descriptionHint: '一覧で見分けるための名前です。',
    events: '知らせること',
    eventsHint: '何も選ばなければ、すべて知らせます。',
    allEvents: 'すべて',
    event: {
      'case.created': '案件の受付',
      'case.moved': '案件の状態・窓口の変更',
      'case.edited': '案件の訂正',
      'case.merged': '案件の統合',
      'case.unmerged': '統合の取消',
      'flag.raised': '要注意の印',
      'flag.settled': '要注意の解消',
      'offer.made': '専門家への打診',
      'offer.accepted': '打診の承諾',
      'offer.declined': '打診の辞退',
      'offer.ended': '打診の取下げ・期限切れ',
      'assignment.made': '担当の決定',
      'assignment.ended': '担当の終了',
      'consultation.booked': '日程の予約',
      'consultation.rescheduled': '日程の変更',
      'consultation.cancelled': '日程の取消',
      'consultation.held': '実施',
      'consultation.missed': '当日不在',
      'consultation.voided': '実施の無効',
      'report.submitted': '報告書の提出',
      'report.returned': '報告書の差し戻し',
      'report.approved': '報告書の承認',
      'interaction.recorded': '電話・来所などの対応',
      'mail.received': 'メールの受信',
      'message.sent': 'メールの送信',
      'message.failed': 'メールの不達',
      'webhook.test': '接続の確認',
    },
    desk: '対象の窓口',
    allDesks: 'すべての窓口',
    state: '状態',
    active: '有効',
    paused: '停止中',
    failing: (since) => `${since}から届いていません`,
    reasons: {
      admin: '事務局が停止しました。',
      gone: '通知先が受け取りの終了（410）を返したため、停止しました。',
      failing: '3日間、一度も届かなかったため、停止しました。',
    },
    pending: '送信待ち',
    count: (n) => `${n}件`,
    act: {
      edit: '編集',
      pause: '停止する',
      resume: '再開する',
      rotate: '署名の鍵を変更',
      test: '接続を確認',
      remove: '削除',
    },
    save: '保存する',
    saved: '保存しました。',
    pauseWhat: '停止している間に起きたことは、再開しても送りません。送信待ちのものは、再開すると送ります。',
    resumeWhat: '今から起きることと、送信待ちのものを送ります。停止していた間に起きたことは送りません。',
    removeWhat: '送信待ちのものと、これまでの送信の記録も消えます。取り消すことはできません。',
    removed: '通知先を削除しました。',
    rotateWhat:
      '新しい鍵を作ります。移行期間中は新旧両方の鍵で署名するので、その間に、通知先のシステムの鍵を入れ替えてください。',
    overlap: '移行期間',
    overlaps: {
      '0': 'なし（すぐに切り替える）',
      '1': '1時間',
      '24': '1日',
      '72': '3日',
      '168': '7日',
    },
    tested: '確認の通知を送ります。結果は下に表示されます。',
    madeTitle: '通知先を登録しました',
    rotatedTitle: '署名の鍵を変更しました',
    once: 'この鍵は今だけ表示されます。通知先のシステムに設定するか、安全な場所に控えてください。',
    secret: '署名の鍵',
    oldUntil: (at) => `前の鍵の署名は ${at} まで付きます。`,
    previous: '前の鍵の署名',
    created: '登録日',
    changed: '更新日時',
    deliveries: '送信の記録',
    deliveriesWhy: '届かなかったものは、間隔を空けて10回まで自動で送り直します。記録は、終わってから30日間残ります。',
    noDeliveries: '該当する送信はありません',
    show: '表示',
    all: 'すべて',
    states: { pending: '送信待ち', delivered: '届きました', failed: '届きませんでした' },
    what: '知らせたこと',
    when: '日時',
    next: (at) => `次は ${at}`,
    tries: '送信の結果',
    noTry: 'まだ送っていません',
    moreTries: (n) => `前の${n}回`,
    answered: (status) => `応答 ${status}`,
    unknown: '結果を確認できませんでした',
    failures: {
      private: '公開されていないアドレスのため、接続しません',
      name: 'サーバーの名前が見つかりません',
      late: '時間内に応答がありません',
      certificate: '証明書を確認できません',
      other: '接続できません',
    },
    content: '内容',
    contentOf: (what) => `送信した内容: ${what}`,
    retry: '送り直す',
    retryWhat: (what, when) => `送り直す: ${what} ${when}`,
    retried: '送り直します。',
    more: 'さらに表示',
  },
  {
    title: 'Webhooks',
    why: 'Other systems are told, signed, what happens to cases: kind, number, state and ids; nothing personal.',
    add: 'Add a webhook',
    none: 'No webhooks',
    noneWhy: 'Add one when a ministry’s or a contractor’s system is to follow cases.',
    url: 'Address',
    urlHint: 'Begins with https:// and is reached from outside.',
    description: 'What it is for',
    descriptionHint: 'To tell it from others.',
    events: 'What it is told',
    eventsHint: 'Everything where nothing is chosen.',
    allEvents: 'Everything',
    event: {
      'case.created': 'Case opened',
      'case.moved': 'Status or desk changed',
      'case.edited': 'Case corrected',
      'case.merged': 'Cases merged',
      'case.unmerged': 'Merge undone',
      'flag.raised': 'Flag raised',
      'flag.settled': 'Flag settled',
      'offer.made': 'Expert asked',
      'offer.accepted': 'Offer accepted',
      'offer.declined': 'Offer declined',
      'offer.ended': 'Offer revoked or expired',
      'assignment.made': 'Expert assigned',
      'assignment.ended': 'Assignment ended',
      'consultation.booked': 'Session booked',
      'consultation.rescheduled': 'Session moved',
      'consultation.cancelled': 'Session cancelled',
      'consultation.held': 'Session held',
      'consultation.missed': 'No-show',
      'consultation.voided': 'Session voided',
      'report.submitted': 'Report submitted',
      'report.returned': 'Report returned',
      'report.approved': 'Report approved',
      'interaction.recorded': 'Call or visit',
      'mail.received': 'Mail received',
      'message.sent': 'Mail sent',
      'message.failed': 'Mail not delivered',
      'webhook.test': 'Test',
    },
    desk: 'Desk',
    allDesks: 'All desks',
    state: 'State',
    active: 'Active',
    paused: 'Paused',
    failing: (since) => `nothing gets through since ${since}`,
    reasons: {
      admin: 'The programme office paused it.',
      gone: 'It answered that it is gone (410), and was paused.',
      failing: 'Nothing got through for three days, and it was paused.',
    },
    pending: 'Waiting',
    count: (n) => `${n}`,
    act: {
      edit: 'Edit',
      pause: 'Pause',
      resume: 'Resume',
      rotate: 'Change the secret',
      test: 'Send a test',
      remove: 'Delete',
    },
    save: 'Save',
    saved: 'Saved.',
    pauseWhat: 'What happens while it is paused is never sent. What waits is sent when it is resumed.',
    resumeWhat: 'What happens from now on and what waits is sent, but not what happened while it was paused.',
    removeWhat: 'What waits and the record of what was sent go with it. This cannot be undone.',
    removed: 'The webhook was deleted.',
    rotateWhat:
      'For a while everything is signed by the new and by the old secret: change it on the other side meanwhile.',
    overlap: 'The old one signs for',
    overlaps: { '0': 'no longer', '1': '1 hour', '24': '1 day', '72': '3 days', '168': '7 days' },
    tested: 'A test is on its way. How it goes is shown below.',
    madeTitle: 'The webhook was made',
    rotatedTitle: 'The secret was changed',
    once: 'It is shown only now. Give it to the other system, or keep it in a safe place.',
    secret: 'Secret',
    oldUntil: (at) => `The old one signs until ${at}.`,
    previous: 'The old secret signs until',
    created: 'Made',
    changed: 'Changed',
    deliveries: 'Deliveries',
    deliveriesWhy: 'What does not get through is tried up to ten times. Kept for 30 days after its end.',
    noDeliveries: 'No deliveries',
    show: 'Show',
    all: 'All',
    states: { pending: 'Waiting', delivered: 'Delivered', failed: 'Failed' },
    what: 'What happened',
    when: 'When',
    next: (at) => `next ${at}`,
    tries: 'Tries',
    noTry: 'Not tried yet',
    moreTries: (n) => `${n} before`,
    answered: (status) => `answered ${status}`,
    unknown: 'nobody knows how it went',
    failures: {
      private: 'not called: the address is not public',
      name: 'the name of the server is unknown',
      late: 'no answer in time',
      certificate: 'the certificate cannot be trusted',
      other: 'it cannot be reached',
    },
    content: 'Content',
    contentOf: (what) => `What was sent: ${what}`,
    retry: 'Send again',
    retryWhat: (what, when) => `Send again: ${what} ${when}`,
    retried: 'It is sent again.',
    more: 'Show more',
  },
);
