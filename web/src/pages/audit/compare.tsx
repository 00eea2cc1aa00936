import { useState } from 'react';
import { api, body } from '@/api/client';
import { faultyFields } from '@/api/problem';
import type { AuditHead } from '@/api/schema';
import { useSend } from '@/api/send';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Form, TextArea } from '@/ui/form';
import { Icon } from '@/ui/icon';
import { Notice } from '@/ui/notice';
import { useFieldWords } from '@/ui/problem-notice';

const words = texts(
  {
    what: '以前に控えた値を貼り付けるか、控えのファイルを選ぶと、いまの証跡がその続きであるかを確かめます。',
    kept: '控えた値',
    file: '控えのファイルを選ぶ',
    compare: '照合する',
    matches: '控えと一致しました',
    matchesWhy: (at: string, events: string) =>
      `${at}の控えまでの記録は、書き換えも削除もされていません。現在の記録は ${events} 件です。`,
    differs: '控えと一致しません',
    then: 'この画面と控えを保存し、事務局と国の担当者に知らせてください。',
    noCheckpoint: '検証点の前',
  },
  {
    what: 'Paste what was kept, or choose the file, to see whether the trail of today goes on from there.',
    kept: 'What was kept',
    file: 'Choose the file',
    compare: 'Compare',
    matches: 'It matches',
    matchesWhy: (at: string, events: string) =>
      `Nothing up to what was kept (${at}) was altered or removed. There are ${events} events now.`,
    differs: 'It does not match',
    then: 'Keep this page and what you compared, and tell the programme office and the ministry.',
    noCheckpoint: 'before the first checkpoint',
  },
);

const POINTER = '#kept';

/** A head that was kept outside, against the trail. */
export function Compare() {
  const t = useTexts(words);
  const dates = useDates();
  const inWords = useFieldWords();
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState<unknown>();
  const send = useSend((head: AuditHead, once) =>
    body(api.POST('/api/v1/audit/verify-head', { params: { header: once }, body: head })),
  );
  const type = (next: string) => {
    setText(next);
    setWrong(undefined);
    send.reset();
  };
  const submit = () => {
    const head = parsed(text);
    if (head) send.mutate(head);
    else setWrong(faultyFields([{ pointer: POINTER, detail: 'is no head of the audit trail' }]));
  };
  const answer = send.data;
  const made = send.variables?.checkpoint?.made_at;
  return (
    <Form error={wrong ?? send.error} onSubmit={submit} className="max-w-3xl space-y-3">
      <p className="text-std-16N-170">{t.what}</p>
      <TextArea label={t.kept} pointer={POINTER} rows={4} value={text} onChange={type} />
      <div className="flex flex-wrap items-center gap-x-5 gap-y-2">
        <Button type="submit" look="solid" pending={send.isPending}>
          {t.compare}
        </Button>
        <label className="inline-flex min-h-11 items-center gap-1.5 rounded-8 border border-current px-4 text-oln-16B-100 text-blue-900 hover:bg-blue-50 hover:underline has-[:focus-visible]:outline-4 has-[:focus-visible]:outline-black">
          <Icon name="file" className="size-4" />
          {t.file}
          <input
            type="file"
            accept=".json,.txt,application/json,text/plain"
            className="sr-only"
            onChange={(event) => {
              const file = event.target.files?.[0];
              event.target.value = '';
              void file?.text().then(type);
            }}
          />
        </label>
      </div>
      {answer ? (
        <Notice kind={answer.matches ? 'success' : 'error'} live title={answer.matches ? t.matches : t.differs}>
          {answer.matches ? (
            <p>{t.matchesWhy(made ? dates.dayTime(made) : t.noCheckpoint, answer.current.events.toLocaleString())}</p>
          ) : (
            <>
              <ul className="list-disc pl-5">
                {answer.findings.map((finding) => (
                  <li key={finding}>{inWords(finding)}</li>
                ))}
              </ul>
              <p>{t.then}</p>
            </>
          )}
        </Notice>
      ) : null}
    </Form>
  );
}

/** The API looks at the rest of it. */
function parsed(text: string): AuditHead | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return typeof found === 'object' && found !== null && 'events' in found ? (found as AuditHead) : undefined;
  } catch {
    return undefined;
  }
}
