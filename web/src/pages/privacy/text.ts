import { texts } from '@/text/preferences';

export const privacyWords = texts(
  {
    title: '個人情報・保存',
    parts: {
      retention: '保存期間と廃棄',
      log: '廃棄の記録',
      holds: '法的保全',
      erasures: '消去の請求',
      disclosures: '開示の請求',
      views: '閲覧の記録',
    },
    classes: {
      raw_mail: '受信メール原本',
      attachment: '添付ファイル',
      case: '相談案件',
      audit: '監査証跡',
      view: '閲覧の記録',
    },
    kinds: {
      case: '案件',
      mail: 'メール',
      attachment: 'ファイル',
      contact: '相談者',
      enterprise: '企業・団体',
      view: '閲覧の記録',
      chain: '監査証跡',
    },
    counts: {
      cases: '案件の内容(件名・相談内容・理由など)',
      contacts: '相談者',
      interactions: '対応記録',
      notes: '内部メモ',
      mails: '受信メール',
      messages: '送信メール',
      attachments: 'ファイル',
      offers: '打診の備考',
      assignments: '担当の備考',
      consultations: 'コンサルティングの場所・備考',
      reports: '報告書',
      enterprises: '企業・団体の登録内容',
      files: '同封のファイル',
    },
    count: (n: number) => `${n.toLocaleString()}件`,
    reference: '請求の整理番号',
    referenceHint: '請求書をつづった番号など。本人の名前や連絡先は書かないでください。',
    reason: '理由',
    reasonHint: '本人の名前や連絡先は書かないでください。この記録は消去の後も残ります。',
    when: '日時',
    who: '担当者',
    case: '案件',
    cases: '案件',
    class: '区分',
    what: '対象',
    number: '件数',
    state: '状態',
    any: 'すべて',
    more: 'さらに表示',
    back: '一覧に戻る',
    scopes: { contact: '相談者(個人)', enterprise: '企業・団体' },
    erasureStates: { requested: '実行前', executed: '実行済み', withdrawn: '取下げ' },
    openEnterprise: '企業・団体を開く',
  },
  {
    title: 'Personal data',
    parts: {
      retention: 'Retention and disposal',
      log: 'Disposal log',
      holds: 'Legal holds',
      erasures: 'Erasure',
      disclosures: 'Disclosure',
      views: 'Who saw what',
    },
    classes: {
      raw_mail: 'Mail as it came',
      attachment: 'Files',
      case: 'Cases',
      audit: 'Audit trail',
      view: 'Who saw what',
    },
    kinds: {
      case: 'cases',
      mail: 'mails',
      attachment: 'files',
      contact: 'contacts',
      enterprise: 'enterprises',
      view: 'views',
      chain: 'audit chains',
    },
    counts: {
      cases: 'Texts of cases (subject, matter, reasons)',
      contacts: 'Contacts',
      interactions: 'Interactions',
      notes: 'Notes',
      mails: 'Mails received',
      messages: 'Mails sent',
      attachments: 'Files',
      offers: 'Notes of offers',
      assignments: 'Notes of assignments',
      consultations: 'Places and notes of sessions',
      reports: 'Reports',
      enterprises: 'Enterprises',
      files: 'Files in the package',
    },
    count: (n: number) => n.toLocaleString(),
    reference: 'Reference of the request',
    referenceHint: 'Under which it is filed. Without a name or address.',
    reason: 'Reason',
    reasonHint: 'Without a name or address: this entry stays after the erasure.',
    when: 'When',
    who: 'By',
    case: 'Case',
    cases: 'Cases',
    class: 'Class',
    what: 'What',
    number: 'How many',
    state: 'State',
    any: 'All',
    more: 'More',
    back: 'Back to the list',
    scopes: { contact: 'Person', enterprise: 'Enterprise' },
    erasureStates: { requested: 'Not executed', executed: 'Executed', withdrawn: 'Withdrawn' },
    openEnterprise: 'Open the enterprise',
  },
);

/** A word for a code; the code itself where a later server knows more than these pages. */
export function wordOf(known: Readonly<Record<string, string>>, code: string): string {
  return known[code] ?? code;
}

/** Counts by kind, without what there is none of, in the order of the words. */
export function countsOf(counts: unknown, known: Readonly<Record<string, string>>): (readonly [string, number])[] {
  const found = Object.entries((counts ?? {}) as Record<string, number>).filter(([, n]) => n > 0);
  const order = Object.keys(known);
  return found
    .toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b))
    .map(([kind, n]) => [wordOf(known, kind), n] as const);
}
