import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, body } from '@/api/client';
import type { DisclosureRequest } from '@/api/schema';
import { useSend } from '@/api/send';
import { texts, useTexts } from '@/text/preferences';
import { DialogForm } from '@/ui/dialog-form';
import { CheckField, RadioField, TextArea, TextField } from '@/ui/form';
import { say } from '@/ui/toast';
import type { Subject } from './dialogs';
import { privacyWords } from './text';

const words = texts(
  {
    title: '開示の請求を登録',
    contact: (name: string) => `${name}さんの開示の請求を登録`,
    enterprise: (name: string) => `${name}の開示の請求を登録`,
    act: '資料を作成する',
    what: '本人について記録しているものを、1つのファイル(ZIP)にまとめます。ほかの人の氏名・連絡先は伏せます。作成後7日間ダウンロードでき、ダウンロードは記録されます。',
    by: '本人を探す手がかり',
    keys: { email: 'メールアドレス', phone: '電話番号' },
    staff: '職員と専門家の氏名も載せる(付けなければ伏せます)',
    asked: '開示の請求を登録しました。資料を作成しています。',
  },
  {
    title: 'Enter a request for disclosure',
    contact: (name: string) => `Enter a request to disclose what is kept of ${name}`,
    enterprise: (name: string) => `Enter a request to disclose what is kept of ${name}`,
    act: 'Make the package',
    what: 'Everything that is kept of them as one file (ZIP). Names and addresses of others are masked. It can be downloaded for 7 days; each download is recorded.',
    by: 'Find the person by',
    keys: { email: 'E-mail address', phone: 'Phone number' },
    staff: 'With the names of staff and experts (masked otherwise)',
    asked: 'The request is entered, and the package is being made.',
  },
);

/** Of the person or enterprise whose page one comes from, or of somebody by their address or number. */
export function DiscloseDialog({ subject, onClose }: { subject: Subject | undefined; onClose: () => void }) {
  const t = useTexts(words);
  const p = useTexts(privacyWords);
  const navigate = useNavigate();
  const [by, setBy] = useState<'email' | 'phone'>('email');
  const [key, setKey] = useState('');
  const [staff, setStaff] = useState(false);
  const [reference, setReference] = useState('');
  const [reason, setReason] = useState('');
  const whose = subject
    ? subject.scope === 'contact'
      ? { contact_id: subject.id }
      : { enterprise_id: subject.id }
    : { [by]: key };
  const send = useSend(
    (request: DisclosureRequest, once) =>
      body(api.POST('/api/v1/disclosures', { params: { header: once }, body: request })),
    () => {
      onClose();
      say(t.asked);
      void navigate({ to: '/privacy', search: { part: 'disclosures' } });
    },
  );
  return (
    <DialogForm
      title={subject ? t[subject.scope](subject.name) : t.title}
      act={t.act}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate({ ...whose, with_staff_names: staff, request_reference: reference, reason })}
    >
      <p className="text-std-16N-170">{t.what}</p>
      {subject ? null : (
        <>
          <RadioField
            label={t.by}
            pointer="#by"
            value={by}
            onChange={setBy}
            choices={(['email', 'phone'] as const).map((one) => [one, t.keys[one]])}
          />
          <TextField
            key={by}
            label={t.keys[by]}
            pointer={`/${by}`}
            type={by === 'email' ? 'email' : 'tel'}
            required
            value={key}
            onChange={setKey}
          />
        </>
      )}
      <TextField
        label={p.reference}
        hint={p.referenceHint}
        pointer="/request_reference"
        required
        value={reference}
        onChange={setReference}
      />
      <TextArea label={p.reason} hint={p.reasonHint} pointer="/reason" required value={reason} onChange={setReason} />
      <CheckField label={t.staff} checked={staff} onChange={setStaff} />
    </DialogForm>
  );
}
