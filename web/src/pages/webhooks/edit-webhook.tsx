import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { CreatedWebhook, WebhookEventType, WebhookView } from '@/api/schema';
import { useSend } from '@/api/send';
import { desks } from '@/data/directory';
import { filled, orNull } from '@/pages/admin/save';
import { useTexts } from '@/text/preferences';
import { DialogForm } from '@/ui/dialog-form';
import { ManyField, SelectField, TextField } from '@/ui/form';
import { say } from '@/ui/toast';
import { webhookWords } from './text';

interface FieldsProps {
  known?: WebhookView;
  title: string;
  error: unknown;
  pending: boolean;
  onSave: (typed: Typed) => void;
  onClose: () => void;
}

interface Typed {
  url: string;
  description: string;
  events: WebhookEventType[];
  desk_id: string;
}

function WebhookForm({ known, title, error, pending, onSave, onClose }: FieldsProps) {
  const t = useTexts(webhookWords);
  const allDesks = useQuery(desks).data?.items ?? [];
  const [url, setUrl] = useState(known?.url ?? '');
  const [description, setDescription] = useState<string>(known?.description ?? '');
  const [events, setEvents] = useState<WebhookEventType[]>(known?.events ?? []);
  const [desk_id, setDesk] = useState<string>(known?.desk_id ?? '');
  // A test is sent whatever was chosen.
  const choices = (Object.entries(t.event) as [WebhookEventType, string][]).filter(([type]) => type !== 'webhook.test');
  return (
    <DialogForm
      title={title}
      act={t.save}
      wide
      error={error}
      pending={pending}
      onClose={onClose}
      onSubmit={() => onSave({ url: url.trim(), description, events, desk_id })}
    >
      <TextField label={t.url} hint={t.urlHint} pointer="/url" type="url" required value={url} onChange={setUrl} />
      <TextField
        label={t.description}
        hint={t.descriptionHint}
        pointer="/description"
        value={description}
        onChange={setDescription}
      />
      <SelectField
        label={t.desk}
        pointer="/desk_id"
        value={desk_id}
        onChange={setDesk}
        choices={[['', t.allDesks], ...allDesks.map(({ id, name }) => [id, name] as const)]}
      />
      <ManyField
        label={t.events}
        hint={t.eventsHint}
        pointer="/events"
        value={events}
        onChange={setEvents}
        choices={choices}
      />
    </DialogForm>
  );
}

/** A new one; its secret comes with the answer and with no other. */
export function NewWebhook({ onMade, onClose }: { onMade: (made: CreatedWebhook) => void; onClose: () => void }) {
  const t = useTexts(webhookWords);
  const send = useSend(
    ({ url, events, ...rest }: Typed) =>
      body(api.POST('/api/v1/webhooks', { body: { url, events, ...filled({ ...rest }) } })),
    onMade,
  );
  return (
    <WebhookForm title={t.add} error={send.error} pending={send.isPending} onSave={send.mutate} onClose={onClose} />
  );
}

export function EditWebhook({ known, onClose }: { known: WebhookView; onClose: () => void }) {
  const t = useTexts(webhookWords);
  const send = useSend(
    ({ url, description, events, desk_id }: Typed) =>
      body(
        api.PATCH('/api/v1/webhooks/{id}', {
          params: { path: { id: known.id } },
          headers: ifMatch(known.version),
          body: { url, description: orNull(description), events, desk_id: desk_id || null },
        }),
      ),
    () => {
      onClose();
      say(t.saved);
    },
  );
  return (
    <WebhookForm
      known={known}
      title={t.act.edit}
      error={send.error}
      pending={send.isPending}
      onSave={send.mutate}
      onClose={onClose}
    />
  );
}
