import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, body } from '@/api/client';
import type { CaseView, Flag, SettleRequest } from '@/api/schema';
import { useSend } from '@/api/send';
import { caseFlags } from '@/data/cases';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { Dialog, DialogButtons } from '@/ui/dialog';
import { RadioField, TextArea, TextField } from '@/ui/form';
import { Facts } from '@/ui/page';
import { Loaded } from '@/ui/states';
import { useAfterMove } from '../moves';
import { Frame } from './frame';

const words = texts(
  {
    what: {
      same_enterprise_this_year: '同じ企業・団体の案件が、今年度にほかにもあります。',
      possible_duplicate: '同じ相談が、別の案件として登録されている可能性があります。',
      mail_after_close: '終了した後に、メールが届いています。',
      unverified_sender: 'メールの送信者が、登録された相談者と確認できていません。',
      address_guessed: '所在地は推定です。相談者に確かめてください。',
      complaint: '苦情が報告されています。統括が確認します。',
      late_entry: '後日にまとめて入力された記録を含みます。',
      delivery_failed: '相談者へのメールが届いていません。',
      after_last_day: '今年度の受付最終日より後の相談です。支援は来年度になることがあります。',
    } satisfies Record<Flag, string>,
    cases: (cases: number, sessions: number) => `今年度のほかの案件 ${cases} 件・使用した回数 ${sessions} 回`,
    raised: '付いた日時',
    reason: '理由',
    settle: '確認済みにする',
    answer: '確認の結果',
    note: '詳細',
    close: '閉じる',
    answers: {
      nothing_to_do: '対応は不要',
      reopen: 'この案件を再開する',
      new_case: '新しい案件を登録する',
    },
    answerHints: {
      nothing_to_do: '案件は終了のままです。',
      reopen: '案件は、担当していたところに戻ります。詳細の欄に再開の理由を書いてください。',
      new_case: 'メールから新しい案件を登録し、後続の相談として関連付けます。',
    },
    mails: '届いたメール',
    openMail: 'メールを開く',
  },
  {
    what: {
      same_enterprise_this_year: 'The enterprise has other cases this fiscal year.',
      possible_duplicate: 'The same inquiry may be on record as another case.',
      mail_after_close: 'Mail arrived after closing.',
      unverified_sender: 'The sender is not known to be one of the contacts.',
      address_guessed: 'The place was guessed. Ask the contact.',
      complaint: 'A complaint was reported. The supervisor looks at it.',
      late_entry: 'Some of it was entered afterwards.',
      delivery_failed: 'A mail to the contact was not delivered.',
      after_last_day: 'It came after the last day of intake of this fiscal year. Support may have to wait for the next.',
    },
    cases: (cases: number, sessions: number) => `${cases} other cases this year, ${sessions} sessions used`,
    raised: 'Raised',
    reason: 'Why',
    settle: 'Settle',
    answer: 'What was found',
    note: 'Details',
    close: 'Close',
    answers: { nothing_to_do: 'Nothing to do', reopen: 'Reopen this case', new_case: 'Open a new case' },
    answerHints: {
      nothing_to_do: 'The case stays closed.',
      reopen: 'The case goes back to its owner. Give the reason below.',
      new_case: 'A case is opened from the mail and linked as a follow-up.',
    },
    mails: 'The mail',
    openMail: 'Open the mail',
  },
);

/** What can be done about a mail that arrived after closing. */
const MAIL_ANSWERS = ['nothing_to_do', 'reopen', 'new_case'] as const;
type MailAnswer = (typeof MAIL_ANSWERS)[number];

interface FlagProps {
  seen: CaseView;
  flag: Flag;
  onClose: () => void;
}

/** What a flag means, why it is there, and settling it where one may. */
export function FlagDialog({ seen, flag, onClose }: FlagProps) {
  const me = useMe();
  const settles = me.permissions.includes('close_cases') && (flag !== 'complaint' || me.role !== 'desk');
  return settles ? (
    <Settle seen={seen} flag={flag} onClose={onClose} />
  ) : (
    <Show seen={seen} flag={flag} onClose={onClose} />
  );
}

function Show({ seen, flag, onClose }: FlagProps) {
  const t = useTexts(words);
  const names = useWords();
  return (
    <Dialog title={names.flag[flag]} onClose={onClose}>
      <About seen={seen} flag={flag} />
      <DialogButtons>
        <Button onClick={onClose}>{t.close}</Button>
      </DialogButtons>
    </Dialog>
  );
}

function Settle({ seen, flag, onClose }: FlagProps) {
  const t = useTexts(words);
  const names = useWords();
  const isMail = flag === 'mail_after_close';
  const [answer, setAnswer] = useState<string>(isMail ? 'nothing_to_do' : '');
  const [note, setNote] = useState('');
  const send = useSend(
    (request: SettleRequest, once) =>
      body(
        api.POST('/api/v1/cases/{id}/flags/{flag}/settle', {
          params: { path: { id: seen.id, flag }, header: once },
          body: request,
        }),
      ),
    useAfterMove('settle', onClose),
  );
  return (
    <Frame
      title={names.flag[flag]}
      act={t.settle}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate({ answer, ...(note ? { note } : {}) })}
    >
      <About seen={seen} flag={flag} />
      {isMail ? (
        <RadioField
          label={t.answer}
          pointer="/answer"
          hint={t.answerHints[answer as MailAnswer]}
          value={answer as MailAnswer}
          onChange={setAnswer}
          choices={MAIL_ANSWERS.map((word) => [word, t.answers[word]])}
        />
      ) : (
        <TextField label={t.answer} pointer="/answer" required maxLength={80} value={answer} onChange={setAnswer} />
      )}
      <TextArea label={t.note} pointer="/note" required={answer === 'reopen'} value={note} onChange={setNote} />
    </Frame>
  );
}

function About({ seen, flag }: { seen: CaseView; flag: Flag }) {
  const t = useTexts(words);
  const dates = useDates();
  const query = useQuery(caseFlags(seen.id));
  return (
    <>
      <p className="text-std-16N-170">{t.what[flag]}</p>
      <Loaded query={query} lines={2}>
        {({ items }) => {
          const found = items.find((item) => item.flag === flag && !item.settled_at);
          const detail = (found?.detail ?? {}) as { cases?: number; sessions_used?: number; mail_ids?: string[] };
          return found ? (
            <Facts
              facts={[
                [t.raised, dates.dayTime(found.raised_at)],
                [t.reason, found.reason],
                [
                  t.mails,
                  detail.mail_ids?.map((id) => (
                    <Link key={id} to="/mails/$id" params={{ id }} className="link block">
                      {t.openMail}
                    </Link>
                  )),
                ],
                ['', detail.cases === undefined ? null : t.cases(detail.cases, detail.sessions_used ?? 0)],
              ]}
            />
          ) : null;
        }}
      </Loaded>
    </>
  );
}
