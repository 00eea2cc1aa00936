/** What can be done with a mail, each only where the API allows it. */
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, body } from '@/api/client';
import type { MailView } from '@/api/schema';
import { useSend } from '@/api/send';
import { idOfNumber } from '@/data/cases';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { DialogForm } from '@/ui/dialog-form';
import { CheckField, Form, TextArea, TextField } from '@/ui/form';
import { Section } from '@/ui/page';
import { ProblemNotice } from '@/ui/problem-notice';
import { say } from '@/ui/toast';
import { mailsWords } from './text';

type Step = 'reprocess' | 'attach' | 'open_case' | 'confirm_sender' | 'discard';

export function Steps({ mail }: { mail: MailView }) {
  const t = useTexts(mailsWords);
  const may = (step: Step) => mail.allowed_steps.includes(step);
  return (
    <Section title={t.actions}>
      {mail.allowed_steps.length === 0 ? <p className="text-dns-16N-130 text-ink-soft">{t.nothing}</p> : null}
      <div className="space-y-6">
        {may('confirm_sender') ? <ConfirmSender mail={mail} /> : null}
        {may('attach') ? <Attach mail={mail} /> : null}
        <div className="flex flex-col gap-3">
          {may('open_case') ? <OpenCase mail={mail} /> : null}
          {may('discard') ? <Discard mail={mail} /> : null}
          {may('reprocess') ? <Reprocess mail={mail} /> : null}
        </div>
      </div>
    </Section>
  );
}

interface Attachment {
  /** The suggestion, or what was typed. */
  to: { id: string } | { number: string };
  add_contact: boolean;
}

function Attach({ mail }: { mail: MailView }) {
  const t = useTexts(mailsWords);
  const navigate = useNavigate();
  const [number, setNumber] = useState('');
  const [add_contact, setAddContact] = useState(false);
  const attach = useSend(
    async ({ to, add_contact }: Attachment, once) => {
      const case_id = 'id' in to ? to.id : await idOfNumber(to.number, '/case_id');
      return body(
        api.POST('/api/v1/intake/emails/{id}/attach', {
          params: { path: { id: mail.id }, header: once },
          body: { case_id, add_contact },
        }),
      );
    },
    ({ case_id }) => {
      say(t.attached);
      if (case_id) void navigate({ to: '/cases/$id', params: { id: case_id } });
    },
  );
  const { suggested_case_id: suggested, case_id: current } = mail;
  const hasSuggestion = suggested && suggested !== current;
  return (
    <Form
      error={attach.error}
      label={current ? t.move : t.attach}
      onSubmit={() => attach.mutate({ to: { number }, add_contact })}
    >
      {hasSuggestion ? (
        <Button
          look="solid"
          className="w-full"
          pending={attach.isPending}
          onClick={() => attach.mutate({ to: { id: suggested }, add_contact })}
        >
          {t.attachTo(mail.suggested_case_number ?? '')}
        </Button>
      ) : null}
      <TextField
        label={current ? t.move : hasSuggestion ? t.attachOther : t.attach}
        hint={`${t.number} ${t.numberHint}`}
        pointer="/case_id"
        value={number}
        onChange={setNumber}
      />
      {mail.from ? (
        <div>
          <CheckField label={t.addContact} checked={add_contact} onChange={setAddContact} />
          <p className="text-dns-14N-130 text-ink-soft">{t.addContactWhy}</p>
        </div>
      ) : null}
      <Button type="submit" className="w-full" pending={attach.isPending}>
        {current ? t.move : t.attach}
      </Button>
    </Form>
  );
}

function OpenCase({ mail }: { mail: MailView }) {
  const t = useTexts(mailsWords);
  const navigate = useNavigate();
  const open = useSend(
    (_: undefined, once) =>
      body(api.POST('/api/v1/intake/emails/{id}/open-case', { params: { path: { id: mail.id }, header: once } })),
    ({ id }) => {
      say(t.opened);
      void navigate({ to: '/cases/$id', params: { id } });
    },
  );
  return <Act text={t.openCase} step={open} />;
}

function ConfirmSender({ mail }: { mail: MailView }) {
  const t = useTexts(mailsWords);
  const confirm = useSend(
    (_: undefined, once) =>
      body(api.POST('/api/v1/intake/emails/{id}/confirm-sender', { params: { path: { id: mail.id }, header: once } })),
    () => say(t.confirmed),
  );
  return (
    <div className="flex flex-col gap-2">
      <Act text={t.confirm} step={confirm} solid />
      <p className="text-dns-14N-130 text-ink-soft">{t.addContactWhy}</p>
    </div>
  );
}

function Reprocess({ mail }: { mail: MailView }) {
  const t = useTexts(mailsWords);
  const again = useSend(
    (_: undefined, once) =>
      body(api.POST('/api/v1/intake/emails/{id}/reprocess', { params: { path: { id: mail.id }, header: once } })),
    () => say(t.reprocessed),
  );
  return <Act text={mail.discarded ? t.restore : t.reprocess} step={again} />;
}

interface Sending {
  mutate: (content: undefined) => void;
  isPending: boolean;
  error: unknown;
}

function Act({ text, step, solid = false }: { text: string; step: Sending; solid?: boolean }) {
  return (
    <>
      <Button look={solid ? 'solid' : 'outline'} pending={step.isPending} onClick={() => step.mutate(undefined)}>
        {text}
      </Button>
      {step.error ? <ProblemNotice error={step.error} /> : null}
    </>
  );
}

function Discard({ mail }: { mail: MailView }) {
  const t = useTexts(mailsWords);
  const navigate = useNavigate();
  const [asks, setAsks] = useState(false);
  const [reason, setReason] = useState('');
  const discard = useSend(
    (text: string, once) =>
      body(
        api.POST('/api/v1/intake/emails/{id}/discard', {
          params: { path: { id: mail.id }, header: once },
          body: { reason: text },
        }),
      ),
    () => {
      say(t.discardedNow);
      void navigate({ to: '/mails' });
    },
  );
  return (
    <>
      <Button onClick={() => setAsks(true)}>{t.discard}</Button>
      {asks ? (
        <DialogForm
          title={t.discard}
          act={t.discard}
          error={discard.error}
          pending={discard.isPending}
          onClose={() => setAsks(false)}
          onSubmit={() => discard.mutate(reason)}
        >
          <p className="text-std-16N-170">{t.discardWhat}</p>
          <TextArea label={t.discardReason} pointer="/reason" required autoFocus value={reason} onChange={setReason} />
        </DialogForm>
      ) : null}
    </>
  );
}
