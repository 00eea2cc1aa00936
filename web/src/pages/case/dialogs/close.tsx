import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { CaseView, CloseRequest, Outcome } from '@/api/schema';
import { useSend } from '@/api/send';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { RadioField, TextArea } from '@/ui/form';
import { useAfterMove } from '../moves';
import { Frame, frameWords } from './frame';
import { OUTCOMES } from './outcomes';

const closeWords = texts(
  {
    title: '案件を終了',
    act: '終了する',
    what: '担当と回答待ちの打診は終わり、先の予約は取り消されます。',
    outcome: '終了区分',
    hint: '「支援完了」は実施済の回があり、報告書がすべて承認されているとき、「連絡不能」は必要な回数の不成立の記録があるときに選べます。',
  },
  {
    title: 'Close the case',
    act: 'Close',
    what: 'Assignments and open offers end, and future bookings are cancelled.',
    outcome: 'Outcome',
    hint: '“Support completed” needs a held session and all reports approved; “unreachable” needs the set number of attempts on record.',
  },
);

export function CloseDialog({ seen, onClose }: { seen: CaseView; onClose: () => void }) {
  const t = useTexts(closeWords);
  const frame = useTexts(frameWords);
  const words = useWords();
  const [outcome, setOutcome] = useState<Outcome>(seen.consultations.used > 0 ? 'completed' : 'answered');
  const [note, setNote] = useState('');
  const send = useSend(
    (request: CloseRequest, once) =>
      body(
        api.POST('/api/v1/cases/{id}/close', {
          params: { path: { id: seen.id }, header: once },
          headers: ifMatch(seen.version),
          body: request,
        }),
      ),
    useAfterMove('close', onClose),
  );
  return (
    <Frame
      title={t.title}
      act={t.act}
      seen={seen}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate({ outcome, ...(note ? { note } : {}) })}
    >
      <p className="text-std-16N-170">{t.what}</p>
      <RadioField
        label={t.outcome}
        pointer="/outcome"
        hint={t.hint}
        value={outcome}
        onChange={setOutcome}
        choices={OUTCOMES.map((word) => [word, words.outcome[word]])}
      />
      <TextArea label={frame.note} pointer="/note" value={note} onChange={setNote} />
    </Frame>
  );
}
