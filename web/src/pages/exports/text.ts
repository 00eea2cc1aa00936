import type { ExportEncoding, ExportKind, ExportState } from '@/api/schema';
import { texts } from '@/text/preferences';

interface ExportWords {
  title: string;
  why: string;
  add: string;
  act: string;
  begun: string;
  none: string;
  noneWhy: string;
  list: string;
  kinds: Record<ExportKind, string>;
  what: string;
  everything: string;
  any: string;
  open: string;
  fields: Record<string, string>;
  asked: string;
  format: string;
  formats: { xlsx: string; csv: string };
  formatHint: string;
  encoding: string;
  encodings: Record<ExportEncoding, string>;
  encodingHint: string;
  state: string;
  states: Record<ExportState, string>;
  masked: string;
  size: string;
  rows: (n: number) => string;
  until: string;
  save: string;
  saveWhat: (name: string) => string;
  notSaved: string;
  uncarried: (kinds: number) => string;
  uncarriedWhy: string;
  times: (n: number) => string;
  making: (n: number) => string;
  ready: string;
  more: string;
  maskedWhy: string;
  seenWhy: string;
}

export const exportWords = texts<ExportWords>(
  {
    title: '一覧の書き出し',
    why: '作ったファイルは、1日の間、本人だけが保存できます。保存は監査証跡に記録されます。',
    add: '書き出す',
    act: '書き出す',
    begun: '書き出しを始めました。',
    none: '書き出したファイルはありません',
    noneWhy: '「書き出す」を押すか、案件一覧などの画面から書き出してください。',
    list: '一覧',
    kinds: { cases: '案件', sessions: 'コンサルティング', interactions: '対応記録', enterprises: '企業・団体' },
    what: '条件',
    everything: 'すべて',
    any: '指定なし',
    open: '進行中',
    fields: {
      q: '検索',
      status: '状態',
      desk_id: '窓口',
      manager_id: '専門家',
      topic: '相談分野',
      waiting_on: '待ち先',
      due: '次の期限',
      overdue: '期限を過ぎた案件',
      flag: '要注意',
      received_from: '受付日（この日から）',
      received_to: '受付日（この日まで）',
      from: 'この日から',
      to: 'この日まで',
      state: '状態',
      kind: '手段',
      direction: '向き',
      phone: '電話番号',
      corporate_number: '法人番号',
    },
    asked: '作成日時',
    format: '形式',
    formats: { xlsx: 'Excel（XLSX）', csv: 'CSV' },
    formatHint: 'Excelで開くときは、XLSXを選んでください。',
    encoding: '文字コード',
    encodings: { utf8: 'UTF-8', cp932: 'CP932（Shift_JIS）' },
    encodingHint: 'CP932は、UTF-8を読めない古いシステムに渡すときだけ選んでください。ない文字は「〓」になります。',
    state: '状態',
    states: { waiting: '作成中', ready: '保存できます', failed: '作成できませんでした', expired: '期限切れ' },
    masked: '個人情報は非表示',
    size: '件数・大きさ',
    rows: (n) => `${n.toLocaleString('ja-JP')}件`,
    until: '保存の期限',
    save: '保存',
    saveWhat: (name) => `保存: ${name}`,
    notSaved: '保存できませんでした',
    uncarried: (kinds) => `CP932にない文字が${kinds}種類あり、「〓」に置き換えました`,
    uncarriedWhy: '元の文字を残すには、UTF-8かXLSXで書き出してください。',
    times: (n) => `${n}回`,
    making: (n) => `${n}件を作成しています。`,
    ready: 'ファイルの作成が終わりました。',
    more: 'さらに表示',
    maskedWhy: '個人情報は非表示にして書き出します。',
    seenWhy: 'あなたが閲覧できる範囲を、作成した時点の内容で書き出します。',
  },
  {
    title: 'Lists as files',
    why: 'For a day you, and nobody else, can save a file that was made. Each time is recorded in the audit trail.',
    add: 'Make a file',
    act: 'Make it',
    begun: 'The file is being made.',
    none: 'No files',
    noneWhy: 'Make one here, or from the list of cases and others.',
    list: 'List',
    kinds: { cases: 'Cases', sessions: 'Sessions', interactions: 'Contacts', enterprises: 'Enterprises' },
    what: 'Which part',
    everything: 'Everything',
    any: 'Any',
    open: 'Open',
    fields: {
      q: 'Search',
      status: 'Status',
      desk_id: 'Desk',
      manager_id: 'Expert',
      topic: 'Topic',
      waiting_on: 'Waiting for',
      due: 'Due next',
      overdue: 'Overdue cases',
      flag: 'Flag',
      received_from: 'Received from',
      received_to: 'Received until',
      from: 'From',
      to: 'Until',
      state: 'State',
      kind: 'Means',
      direction: 'Direction',
      phone: 'Phone',
      corporate_number: 'Corporate number',
    },
    asked: 'Asked for',
    format: 'Format',
    formats: { xlsx: 'Excel (XLSX)', csv: 'CSV' },
    formatHint: 'Choose XLSX to open it in Excel.',
    encoding: 'Encoding',
    encodings: { utf8: 'UTF-8', cp932: 'CP932 (Shift_JIS)' },
    encodingHint: 'CP932 is only for older systems that cannot read UTF-8. Characters it does not have become 〓.',
    state: 'State',
    states: { waiting: 'Being made', ready: 'Ready', failed: 'Failed', expired: 'Expired' },
    masked: 'personal data masked',
    size: 'Rows and size',
    rows: (n) => (n === 1 ? '1 row' : `${n.toLocaleString('en')} rows`),
    until: 'Until',
    save: 'Save',
    saveWhat: (name) => `Save: ${name}`,
    notSaved: 'It could not be saved',
    uncarried: (kinds) => `${kinds} characters that CP932 does not have became 〓`,
    uncarriedWhy: 'UTF-8 and XLSX keep them.',
    times: (n) => `${n}×`,
    making: (n) => `${n} being made.`,
    ready: 'All files are made.',
    more: 'Show more',
    maskedWhy: 'What is personal is masked in it.',
    seenWhy: 'It holds what you may see, as it is when it is made.',
  },
);
