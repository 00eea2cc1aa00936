import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { CreatedWebhook, WebhookView } from '@/api/schema';
import { desks } from '@/data/directory';
import { webhooks } from '@/data/webhooks';
import { OfficeList } from '@/pages/admin/list';
import { useDates } from '@/text/dates';
import { shortDesk } from '@/text/format';
import { useTexts } from '@/text/preferences';
import { Chip } from '@/ui/chip';
import { columnsOf, type Column } from '@/ui/data-table';
import { SecretDialog } from '@/ui/secret-dialog';
import { NewWebhook } from './edit-webhook';
import { webhookWords } from './text';

/** Which other systems are told what happens to cases. */
export function Webhooks() {
  const t = useTexts(webhookWords);
  const navigate = useNavigate();
  const [opened, setOpened] = useState<'new' | CreatedWebhook>();
  const query = useQuery(webhooks);
  const columns = useColumns();
  return (
    <>
      <p className="mb-4 max-w-3xl text-std-16N-170">{t.why}</p>
      <OfficeList
        caption={t.title}
        add={t.add}
        onAdd={() => setOpened('new')}
        query={{ ...query, data: query.data?.items }}
        columns={columns}
        empty={{ icon: 'list', title: t.none, why: t.noneWhy }}
      />
      {opened === 'new' ? <NewWebhook onMade={setOpened} onClose={() => setOpened(undefined)} /> : null}
      {typeof opened === 'object' ? (
        <SecretDialog
          title={t.madeTitle}
          label={t.secret}
          secret={opened.secret}
          onClose={() => void navigate({ to: '/admin/webhooks/$id', params: { id: opened.id } })}
        >
          <p>{t.once}</p>
        </SecretDialog>
      ) : null}
    </>
  );
}

const helper = columnsOf<WebhookView>();

function useColumns(): Column<WebhookView>[] {
  const t = useTexts(webhookWords);
  const allDesks = useQuery(desks).data?.items;
  return [
    helper.display({
      id: 'url',
      header: t.url,
      cell: ({ row: { original } }) => (
        <>
          <Link to="/admin/webhooks/$id" params={{ id: original.id }} data-row className="link text-dns-16B-130 break-all">
            {original.description ?? original.url}
          </Link>
          {original.description ? (
            <span className="block text-dns-14N-130 break-all text-ink-soft">{original.url}</span>
          ) : null}
        </>
      ),
    }),
    helper.display({
      id: 'events',
      header: t.events,
      cell: ({ row: { original } }) =>
        original.events.length === 0 ? t.allEvents : original.events.map((type) => t.event[type]).join('、'),
    }),
    helper.display({
      id: 'desk',
      header: t.desk,
      cell: ({ row: { original } }) =>
        original.desk_id ? (shortDesk(allDesks?.find(({ id }) => id === original.desk_id)?.name) ?? '—') : t.allDesks,
    }),
    helper.display({
      id: 'state',
      header: t.state,
      cell: ({ row: { original } }) => <WebhookState webhook={original} />,
    }),
    helper.display({ id: 'pending', header: t.pending, cell: ({ row }) => t.count(row.original.pending) }),
  ] as Column<WebhookView>[];
}

/** Whether it is told anything, and why not. */
export function WebhookState({ webhook }: { webhook: WebhookView }) {
  const t = useTexts(webhookWords);
  const dates = useDates();
  if (!webhook.active) {
    return (
      <>
        <Chip>{t.paused}</Chip>{' '}
        <span className="text-dns-14N-130">{t.reasons[webhook.disabled_reason ?? ''] ?? webhook.disabled_reason}</span>
      </>
    );
  }
  return (
    <>
      <Chip tone={webhook.failing_since ? 'orange' : 'green'}>{t.active}</Chip>{' '}
      {webhook.failing_since ? (
        <span className="text-dns-14N-130">{t.failing(dates.dayTime(webhook.failing_since))}</span>
      ) : null}
    </>
  );
}
