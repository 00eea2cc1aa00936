import { useState } from 'react';
import { api, body } from '@/api/client';
import type { HoldView } from '@/api/schema';
import { useSend } from '@/api/send';
import { texts, useTexts } from '@/text/preferences';
import { DialogForm } from '@/ui/dialog-form';
import { TextArea } from '@/ui/form';
import { Facts } from '@/ui/page';
import { say } from '@/ui/toast';

const words = texts(
  {
    place: (number: string) => `${number} に法的保全をかける`,
    placeAct: '法的保全をかける',
    placeWhat:
      '解除するまで、この案件は保存期間が過ぎても廃棄されず、消去の請求があっても消去できません。訴訟・調査・監査などで記録を残す必要があるときに使います。',
    placed: '法的保全をかけました。',
    lift: (number: string) => `${number} の法的保全を解除`,
    liftAct: '解除する',
    liftWhat:
      '解除すると、保存期間は初めから保全がなかったものとして数えます。期間を過ぎていれば、次の廃棄の対象になります。',
    lifted: '法的保全を解除しました。',
    why: 'かけた理由',
    reason: '理由',
    hint: '人の名前は書かないでください。',
  },
  {
    place: (number: string) => `Place a legal hold on ${number}`,
    placeAct: 'Place the hold',
    placeWhat:
      'Until it is lifted, nothing of this case is disposed of when its years are over, and nothing is erased on request. For a lawsuit, an inquiry or an audit that needs the records.',
    placed: 'The hold is placed.',
    lift: (number: string) => `Lift the legal hold of ${number}`,
    liftAct: 'Lift the hold',
    liftWhat: 'Its years count as if it had never been held: if they are over, it goes with the next disposal.',
    lifted: 'The hold is lifted.',
    why: 'Why it was placed',
    reason: 'Reason',
    hint: 'Name nobody.',
  },
);

interface HoldProps {
  of: { id: string; number: string };
  onClose: () => void;
}

export function HoldDialog({ of, onClose }: HoldProps) {
  const t = useTexts(words);
  const [reason, setReason] = useState('');
  const send = useSend(
    (text: string, once) =>
      body(
        api.POST('/api/v1/cases/{id}/hold', {
          params: { path: { id: of.id }, header: once },
          body: { reason: text },
        }),
      ),
    () => {
      onClose();
      say(t.placed);
    },
  );
  return (
    <DialogForm
      title={t.place(of.number)}
      act={t.placeAct}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate(reason)}
    >
      <p className="text-std-16N-170">{t.placeWhat}</p>
      <TextArea
        label={t.reason}
        hint={t.hint}
        pointer="/reason"
        required
        autoFocus
        value={reason}
        onChange={setReason}
      />
    </DialogForm>
  );
}

export function LiftDialog({ of, hold, onClose }: HoldProps & { hold: HoldView }) {
  const t = useTexts(words);
  const [reason, setReason] = useState('');
  const send = useSend(
    (text: string, once) =>
      body(
        api.POST('/api/v1/cases/{id}/hold/lift', {
          params: { path: { id: of.id }, header: once },
          body: { reason: text },
        }),
      ),
    () => {
      onClose();
      say(t.lifted);
    },
  );
  return (
    <DialogForm
      title={t.lift(of.number)}
      act={t.liftAct}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate(reason)}
    >
      <Facts facts={[[t.why, hold.reason]]} />
      <p className="text-std-16N-170">{t.liftWhat}</p>
      <TextArea
        label={t.reason}
        hint={t.hint}
        pointer="/reason"
        required
        autoFocus
        value={reason}
        onChange={setReason}
      />
    </DialogForm>
  );
}
