import { texts } from '@/text/preferences';

/** Of the screen around the paper. What stands on the paper itself is Japanese in every language. */
export const printWords = texts(
  {
    print: '印刷する',
    paper: 'A4縦で印刷します。印刷画面では「ヘッダーとフッター」を外してください。',
    what: '印刷する書類',
    form: '相談票',
    history: '対応履歴',
    both: '相談票と対応履歴',
    blank: '相談票(記入用)',
    report: '支援実施報告書',
    toCase: '案件に戻る',
    toReport: '報告書に戻る',
    toIntake: '新規受付に戻る',
    notApproved: 'この報告書はまだ承認されていません。印刷した紙にもその旨が載ります。',
  },
  {
    print: 'Print',
    paper: 'It is printed on A4, upright. Switch off headers and footers in the dialog of the browser.',
    what: 'What to print',
    form: 'Consultation sheet',
    history: 'Case history',
    both: 'Sheet and history',
    blank: 'Consultation sheet (blank)',
    report: 'Report',
    toCase: 'Back to the case',
    toReport: 'Back to the report',
    toIntake: 'Back to the intake',
    notApproved: 'This report is not approved yet. The paper says so, too.',
  },
);
