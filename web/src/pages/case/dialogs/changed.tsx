import { useState } from 'react';
import type { CaseView } from '@/api/schema';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Notice } from '@/ui/notice';

const words = texts(
  {
    title: 'この画面を開いた後に、別の人がこの案件を更新しました',
    now: (before: string, after: string) => `状態: ${before} → ${after}`,
    used: (before: number, after: number) => `使用した回数: ${before} → ${after}`,
    other: '内容または期限が変わりました。',
    goOn: '入力した内容は残っています。確かめてから実行してください。',
  },
  {
    title: 'Somebody else changed this case after you opened this',
    now: (before: string, after: string) => `Status: ${before} → ${after}`,
    used: (before: number, after: number) => `Sessions used: ${before} → ${after}`,
    other: 'Its content or what is due has changed.',
    goOn: 'What you typed is still here. Check before you go on.',
  },
);

/** The case as it stood when the dialog opened, so that a change in between is seen and not run over. */
export function Changed({ seen }: { seen: CaseView }) {
  const t = useTexts(words);
  const names = useWords();
  const [before] = useState(seen);
  if (before.version === seen.version) return null;
  const status = before.status !== seen.status;
  const used = before.consultations.used !== seen.consultations.used;
  return (
    <Notice kind="warning" live title={t.title}>
      {status ? <p>{t.now(names.status[before.status], names.status[seen.status])}</p> : null}
      {used ? <p>{t.used(before.consultations.used, seen.consultations.used)}</p> : null}
      {!status && !used ? <p>{t.other}</p> : null}
      <p>{t.goOn}</p>
    </Notice>
  );
}
