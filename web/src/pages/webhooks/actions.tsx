import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { RotatedSecret, WebhookView } from '@/api/schema';
import { useSend } from '@/api/send';
import { useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { DialogForm } from '@/ui/dialog-form';
import { SelectField } from '@/ui/form';
import { ProblemNotice } from '@/ui/problem-notice';
import { SecretDialog } from '@/ui/secret-dialog';
import { say } from '@/ui/toast';
import { EditWebhook } from './edit-webhook';
import { webhookWords } from './text';

type Step = 'edit' | 'toggle' | 'rotate' | 'remove';

/** What one can do with a webhook. */
export function Actions({ webhook }: { webhook: WebhookView }) {
  const t = useTexts(webhookWords);
  const [step, setStep] = useState<Step>();
  const close = () => setStep(undefined);
  const toggle = webhook.active ? t.act.pause : t.act.resume;
  const test = useSend(
    (_: undefined, once) =>
      body(api.POST('/api/v1/webhooks/{id}/test', { params: { path: { id: webhook.id }, header: once } })),
    () => say(t.tested),
  );
  return (
    <>
      <div className="flex flex-wrap gap-2">
        {webhook.active ? (
          <Button look="solid" pending={test.isPending} onClick={() => test.mutate(undefined)}>
            {t.act.test}
          </Button>
        ) : null}
        <Button look={webhook.active ? 'outline' : 'solid'} onClick={() => setStep('toggle')}>
          {toggle}
        </Button>
        <Button onClick={() => setStep('edit')}>{t.act.edit}</Button>
        <Button onClick={() => setStep('rotate')}>{t.act.rotate}</Button>
        <Button onClick={() => setStep('remove')}>{t.act.remove}</Button>
      </div>
      {test.error ? <ProblemNotice error={test.error} /> : null}
      {step === 'edit' ? <EditWebhook known={webhook} onClose={close} /> : null}
      {step === 'toggle' ? <Toggle webhook={webhook} act={toggle} onClose={close} /> : null}
      {step === 'rotate' ? <Rotate webhook={webhook} onClose={close} /> : null}
      {step === 'remove' ? <Remove webhook={webhook} onClose={close} /> : null}
    </>
  );
}

interface StepProps {
  webhook: WebhookView;
  onClose: () => void;
}

function Toggle({ webhook, act, onClose }: StepProps & { act: string }) {
  const t = useTexts(webhookWords);
  const [{ id, version, active }] = useState(webhook);
  const send = useSend(
    () =>
      body(
        api.PATCH('/api/v1/webhooks/{id}', {
          params: { path: { id } },
          headers: ifMatch(version),
          body: { active: !active },
        }),
      ),
    () => {
      onClose();
      say(t.saved);
    },
  );
  return (
    <DialogForm
      title={act}
      act={act}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate(undefined)}
    >
      <p className="text-std-16N-170">{active ? t.pauseWhat : t.resumeWhat}</p>
    </DialogForm>
  );
}

const DAY_HOURS = '24';

function Rotate({ webhook, onClose }: StepProps) {
  const t = useTexts(webhookWords);
  const dates = useDates();
  const [hours, setHours] = useState<string>(DAY_HOURS);
  const [made, setMade] = useState<RotatedSecret>();
  const send = useSend(
    (overlap_hours: number) =>
      body(
        api.POST('/api/v1/webhooks/{id}/rotate-secret', {
          params: { path: { id: webhook.id } },
          body: { overlap_hours },
        }),
      ),
    setMade,
  );
  if (made) {
    return (
      <SecretDialog title={t.rotatedTitle} label={t.secret} secret={made.secret} onClose={onClose}>
        <p>{t.once}</p>
        {hours === '0' ? null : <p>{t.oldUntil(dates.dayTime(made.previous_secret_until))}</p>}
      </SecretDialog>
    );
  }
  return (
    <DialogForm
      title={t.act.rotate}
      act={t.act.rotate}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate(Number(hours))}
    >
      <p className="text-std-16N-170">{t.rotateWhat}</p>
      <SelectField
        label={t.overlap}
        pointer="/overlap_hours"
        value={hours}
        onChange={setHours}
        choices={Object.entries(t.overlaps)}
      />
    </DialogForm>
  );
}

function Remove({ webhook, onClose }: StepProps) {
  const t = useTexts(webhookWords);
  const navigate = useNavigate();
  const send = useSend(
    () => api.DELETE('/api/v1/webhooks/{id}', { params: { path: { id: webhook.id } } }),
    () => {
      say(t.removed);
      void navigate({ to: '/admin', search: { part: 'webhooks' } });
    },
  );
  return (
    <DialogForm
      title={t.act.remove}
      act={t.act.remove}
      danger
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate(undefined)}
    >
      <p className="text-std-16B-170 break-all">{webhook.description ?? webhook.url}</p>
      <p className="text-std-16N-170">{t.removeWhat}</p>
    </DialogForm>
  );
}
