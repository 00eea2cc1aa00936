import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '@/api/client';
import type { CaseView, MessageRequest, TimelineMail } from '@/api/schema';
import { useSend } from '@/api/send';
import { caseFiles, templates } from '@/data/mail';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { CheckField, Form, ManyField, SelectField, TextArea, TextField, type Choices } from '@/ui/form';
import { useKept } from '@/ui/kept';
import { Notice } from '@/ui/notice';
import { ProblemNotice } from '@/ui/problem-notice';
import { say } from '@/ui/toast';
import { Upload } from './files';
import { REPLY_ID } from './record-id';
import { caseWords } from './text';

const words = texts(
  {
    label: 'メールを送る',
    answers: (subject: string) => `「${subject}」への返信`,
    noSubject: '(件名なし)',
    to: '宛先',
    other: 'その他のアドレス',
    sender: (address: string) => `${address}(差出人)`,
    address: 'メールアドレス',
    outside: 'この案件の相談者のアドレスではありません',
    outsideWhy: '宛先を間違えると、相談の内容が外部に漏れます。',
    confirmed: '宛先を確かめました',
    template: 'ひな形',
    noTemplate: '選択してください',
    templateHint: '企業名や案件番号などを埋めて、件名と本文に入れます。',
    subject: '件名',
    subjectHint: '空欄なら、元の件名に案件番号を付けます。',
    body: '本文',
    files: '添付するファイル',
    send: '送信する',
    sent: (seconds: number) => `送信待ちです。${seconds}秒以内なら、対応履歴から取り消せます。`,
    restored: '前回の入力の続きです。',
    drop: '破棄する',
  },
  {
    label: 'Send a mail',
    answers: (subject: string) => `Reply to “${subject}”`,
    noSubject: '(no subject)',
    to: 'To',
    other: 'Another address',
    sender: (address: string) => `${address} (sender)`,
    address: 'E-mail address',
    outside: 'This is no address of a contact of this case',
    outsideWhy: 'A mail to the wrong person is a leak.',
    confirmed: 'The address is meant',
    template: 'Template',
    noTemplate: 'Choose one',
    templateHint: 'Filled in for this case, into subject and text.',
    subject: 'Subject',
    subjectHint: 'Where empty, the subject before with the case number.',
    body: 'Text',
    files: 'Files to attach',
    send: 'Send',
    sent: (seconds: number) => `It waits to be sent. For ${seconds} seconds it can be taken back in the timeline.`,
    restored: 'You had begun this.',
    drop: 'Drop it',
  },
);

const OTHER = 'other';
const SENDER = 'sender';

interface ReplyProps {
  seen: CaseView;
  answered: TimelineMail | undefined;
  shown: boolean;
}

/** A mail to the enterprise. What is typed is kept in this tab. */
export function Reply({ seen, answered, shown }: ReplyProps) {
  const t = useTexts(words);
  const kept = useKept(`mail-${seen.id}`, {
    to: '',
    toFor: '',
    address: '',
    subject: '',
    body: '',
    files: [] as string[],
  });
  const { values, change } = kept;
  const [confirmed, setConfirmed] = useState(false);
  const { choices, first } = useRecipients(seen, answered);
  // A choice counts for the mail that was answered when it was made.
  const to = values.toFor === (answered?.id ?? '') && values.to ? values.to : first;
  const outside = to === OTHER || to === SENDER;
  const send = useSend(
    (request: MessageRequest, once) =>
      body(api.POST('/api/v1/cases/{id}/messages', { params: { path: { id: seen.id }, header: once }, body: request })),
    ({ created_at, release_at }) => {
      kept.drop();
      setConfirmed(false);
      say(t.sent(Math.round((new Date(release_at).getTime() - new Date(created_at).getTime()) / 1000)));
    },
  );
  const submit = () => {
    const address = to === SENDER ? (answered?.from_address ?? '') : values.address;
    send.mutate({
      body: values.body,
      ...(outside ? { to: address, confirmed } : { contact_id: to }),
      ...(values.subject ? { subject: values.subject } : {}),
      ...(values.files.length > 0 ? { attachment_ids: values.files } : {}),
      ...(answered ? { in_reply_to_mail_id: answered.id } : {}),
    });
  };

  return (
    <div id={REPLY_ID}>
      <Form error={send.error} onSubmit={submit} className="space-y-3" label={t.label}>
        {kept.restored ? (
          <Notice kind="info" title={t.restored}>
            <Button size="sm" onClick={kept.drop}>
              {t.drop}
            </Button>
          </Notice>
        ) : null}
        {answered ? <p className="text-dns-16B-130">{t.answers(answered.subject ?? t.noSubject)}</p> : null}
        <SelectField
          label={t.to}
          pointer={outside ? '/contact_id#outside' : '/contact_id'}
          value={to}
          onChange={(next) => {
            change({ to: next, toFor: answered?.id ?? '' });
            setConfirmed(false);
          }}
          choices={choices}
        />
        <AgentWarning seen={seen} to={to} />
        {to === OTHER ? (
          <TextField
            label={t.address}
            pointer="/to"
            type="email"
            required
            value={values.address}
            onChange={(address) => {
              change({ address });
              setConfirmed(false);
            }}
          />
        ) : null}
        {outside ? (
          <Notice kind="warning" title={t.outside}>
            <p>{t.outsideWhy}</p>
            <CheckField label={t.confirmed} checked={confirmed} onChange={setConfirmed} />
          </Notice>
        ) : null}
        {shown ? (
          <Template
            seen={seen}
            onFilled={(filled) =>
              change({
                subject: values.subject || filled.subject,
                body: values.body.trim() ? `${values.body.trimEnd()}\n\n${filled.body}` : filled.body,
              })
            }
          />
        ) : null}
        <TextField
          label={t.subject}
          hint={t.subjectHint}
          pointer="/subject"
          value={values.subject}
          onChange={(subject) => change({ subject })}
        />
        <TextArea
          label={t.body}
          pointer="/body"
          required
          rows={6}
          value={values.body}
          onChange={(text) => change({ body: text })}
        />
        {shown ? <Attached seen={seen} chosen={values.files} onChange={(files) => change({ files })} /> : null}
        <Button type="submit" look="solid" pending={send.isPending}>
          {t.send}
        </Button>
      </Form>
    </div>
  );
}

/** To whom it can go, and to whom it goes unless one chooses: who wrote, else the main contact. */
function useRecipients(
  seen: CaseView,
  answered: TimelineMail | undefined,
): { choices: Choices<string>; first: string } {
  const t = useTexts(words);
  const names = useWords();
  const reachable = seen.contacts.filter(({ email }) => email);
  const from = answered?.from_address?.toLowerCase();
  const writer = reachable.find(({ email }) => email?.toLowerCase() === from);
  const primary = reachable.find(({ role }) => role === 'primary') ?? reachable[0];
  const isStranger = answered?.from_address && !writer;
  return {
    choices: [
      ...reachable.map(({ id, name, role, email }) => [id, `${name ?? names.contact[role]} ${email ?? ''}`] as const),
      ...(isStranger ? [[SENDER, t.sender(answered.from_address ?? '')] as const] : []),
      [OTHER, t.other],
    ],
    first: isStranger ? SENDER : (writer?.id ?? primary?.id ?? OTHER),
  };
}

function AgentWarning({ seen, to }: { seen: CaseView; to: string }) {
  const t = useTexts(caseWords);
  const contact = seen.contacts.find(({ id }) => id === to);
  if (contact?.role !== 'agent' || contact.authority_confirmed) return null;
  return <Notice kind="warning" title={t.agentWarning} live />;
}

interface TemplateProps {
  seen: CaseView;
  onFilled: (filled: { subject: string; body: string }) => void;
}

/** The texts of staff; the API fills in the placeholders. */
function Template({ seen, onFilled }: TemplateProps) {
  const t = useTexts(words);
  const items = useQuery(templates).data?.items.filter(({ active, purpose }) => active && !purpose) ?? [];
  const fill = useMutation({
    networkMode: 'always',
    mutationFn: (id: string) =>
      body(api.POST('/api/v1/templates/{id}/preview', { params: { path: { id } }, body: { case_id: seen.id } })),
    onSuccess: onFilled,
  });
  if (items.length === 0) return null;
  return (
    <>
      <SelectField
        label={t.template}
        hint={t.templateHint}
        pointer="#template"
        value=""
        onChange={(id) => id && fill.mutate(id)}
        choices={[['', t.noTemplate], ...items.map(({ id, name }) => [id, name] as const)]}
      />
      {fill.error ? <ProblemNotice error={fill.error} /> : null}
    </>
  );
}

interface AttachedProps {
  seen: CaseView;
  chosen: readonly string[];
  onChange: (files: string[]) => void;
}

function Attached({ seen, chosen, onChange }: AttachedProps) {
  const t = useTexts(words);
  const items = useQuery(caseFiles(seen.id)).data?.items ?? [];
  return (
    <div>
      {items.length > 0 ? (
        <ManyField
          label={t.files}
          pointer="/attachment_ids"
          value={chosen}
          onChange={onChange}
          choices={items.map(({ id, filename }) => [id, filename] as const)}
        />
      ) : null}
      <Upload id={seen.id} onAdded={(added) => onChange([...new Set([...chosen, ...added.map(({ id }) => id)])])} />
    </div>
  );
}
