import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, body } from '@/api/client';
import { useSend } from '@/api/send';
import { texts, useTexts } from '@/text/preferences';
import { DialogForm } from '@/ui/dialog-form';
import { TextArea, TextField } from '@/ui/form';
import type { Subject } from './dialogs';
import { privacyWords } from './text';

const words = texts(
  {
    contact: (name: string) => `${name}さんの消去の請求を登録`,
    enterprise: (name: string) => `${name}の消去の請求を登録`,
    act: '請求を登録する',
    who: {
      contact: '同じメールアドレスの相談者、同じ電話番号と氏名の相談者も、ほかの案件を含めて本人として扱います。',
      enterprise: 'この企業・団体のすべての案件が対象になります。',
    },
    then: '登録しただけでは何も消えません。次の画面で、消える内容を確かめてから実行します。',
  },
  {
    contact: (name: string) => `Enter a request to erase ${name}`,
    enterprise: (name: string) => `Enter a request to erase ${name}`,
    act: 'Enter the request',
    who: {
      contact:
        'Contacts with the same address, or the same number and name, count as the same person, in other cases too.',
      enterprise: 'All cases of this enterprise are concerned.',
    },
    then: 'Nothing goes yet. The next page shows what would, and executes it.',
  },
);

export function EraseDialog({ subject, onClose }: { subject: Subject; onClose: () => void }) {
  const t = useTexts(words);
  const p = useTexts(privacyWords);
  const navigate = useNavigate();
  const [reference, setReference] = useState('');
  const [reason, setReason] = useState('');
  const send = useSend(
    (_: undefined, once) =>
      body(
        api.POST('/api/v1/erasures', {
          params: { header: once },
          body: { scope: subject.scope, id: subject.id, request_reference: reference, reason },
        }),
      ),
    ({ id }) => {
      onClose();
      void navigate({ to: '/privacy/erasures/$id', params: { id } });
    },
  );
  return (
    <DialogForm
      title={t[subject.scope](subject.name)}
      act={t.act}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate(undefined)}
    >
      <p className="text-std-16N-170">
        {t.who[subject.scope]}
        {t.then}
      </p>
      <TextField
        label={p.reference}
        hint={p.referenceHint}
        pointer="/request_reference"
        required
        autoFocus
        value={reference}
        onChange={setReference}
      />
      <TextArea label={p.reason} hint={p.reasonHint} pointer="/reason" required value={reason} onChange={setReason} />
    </DialogForm>
  );
}
