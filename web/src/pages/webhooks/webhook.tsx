import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { WebhookView } from '@/api/schema';
import { desks } from '@/data/directory';
import { oneWebhook } from '@/data/webhooks';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { useNow } from '@/text/now';
import { useTexts } from '@/text/preferences';
import { Icon } from '@/ui/icon';
import { Facts, Page } from '@/ui/page';
import { Forbidden, LoadedPage } from '@/ui/states';
import { Actions } from './actions';
import { Deliveries } from './deliveries';
import { webhookWords } from './text';
import { WebhookState } from './webhooks';

/** One system that is told what happens: what of, whether it gets there, and what one can do about it. */
export function WebhookPage() {
  const t = useTexts(webhookWords);
  const { id } = useParams({ from: '/app/admin/webhooks/$id' });
  const may = useMe().permissions.includes('manage_webhooks');
  const query = useQuery({ ...oneWebhook(id), enabled: may });
  if (!may) {
    return (
      <Page title={t.title}>
        <Forbidden />
      </Page>
    );
  }
  return (
    <LoadedPage query={query}>
      {(webhook) => (
        <Page
          title={webhook.description ?? t.title}
          over={
            <p className="mb-2 text-dns-14N-130">
              <Link to="/admin" search={{ part: 'webhooks' }} className="link inline-flex items-center gap-1">
                <Icon name="back" className="size-4" />
                {t.title}
              </Link>
            </p>
          }
        >
          <div className="mb-6 space-y-4">
            <What webhook={webhook} />
            <Actions webhook={webhook} />
          </div>
          <Deliveries webhook={webhook} />
        </Page>
      )}
    </LoadedPage>
  );
}

function What({ webhook }: { webhook: WebhookView }) {
  const t = useTexts(webhookWords);
  const dates = useDates();
  const now = useNow();
  const allDesks = useQuery(desks).data?.items;
  const { previous_secret_until: previous, events, desk_id } = webhook;
  return (
    <Facts
      facts={[
        [
          t.url,
          <span key="url" className="break-all">
            {webhook.url}
          </span>,
        ],
        [t.events, events.length === 0 ? t.allEvents : events.map((type) => t.event[type]).join('、')],
        [t.desk, desk_id ? (allDesks?.find(({ id }) => id === desk_id)?.name ?? '—') : t.allDesks],
        [t.state, <WebhookState key="state" webhook={webhook} />],
        [t.pending, t.count(webhook.pending)],
        [
          t.previous,
          previous && Date.parse(previous) > now.getTime() ? t.oldUntil(dates.dayTime(previous)) : undefined,
        ],
        [t.created, dates.day(webhook.created_at)],
      ]}
    />
  );
}
