import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, body } from '@/api/client';
import type { AttemptView, DeliveryState, DeliveryView, WebhookView } from '@/api/schema';
import { useSend } from '@/api/send';
import { deliveries } from '@/data/webhooks';
import { useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Chip, type Tone } from '@/ui/chip';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { SelectField } from '@/ui/form';
import { Section } from '@/ui/page';
import { ProblemNotice } from '@/ui/problem-notice';
import { Empty, Loaded } from '@/ui/states';
import { say } from '@/ui/toast';
import { caseOf, failureOf, indented } from './attempt';
import { webhookWords } from './text';

const TONES: Record<DeliveryState, Tone> = { pending: 'yellow', delivered: 'green', failed: 'red' };

/** What was sent, and how each try went. */
export function Deliveries({ webhook }: { webhook: WebhookView }) {
  const t = useTexts(webhookWords);
  const [state, setState] = useState<DeliveryState | ''>('');
  const list = useInfiniteQuery(deliveries(webhook.id, state));
  const retry = useSend(
    ({ id }: DeliveryView, once) => {
      const params = { path: { id: webhook.id, delivery_id: id }, header: once };
      return body(api.POST('/api/v1/webhooks/{id}/deliveries/{delivery_id}/retry', { params }));
    },
    () => say(t.retried),
  );
  const columns = useColumns(
    webhook.active ? (delivery) => retry.mutate(delivery) : undefined,
    retry.isPending ? retry.variables.id : undefined,
  );
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section title={t.deliveries}>
      <p className="mb-3 max-w-3xl text-dns-16N-130 text-ink-soft">{t.deliveriesWhy}</p>
      <SelectField
        label={t.show}
        pointer="#state"
        className="mb-4 max-w-60"
        value={state}
        onChange={setState}
        choices={[['', t.all], ...(Object.entries(t.states) as [DeliveryState, string][])]}
      />
      {retry.error ? (
        <div className="mb-4">
          <ProblemNotice error={retry.error} />
        </div>
      ) : null}
      <Loaded query={{ ...list, data: list.data }}>
        {() =>
          rows.length === 0 ? (
            <Empty icon="list" title={t.noDeliveries} />
          ) : (
            <DataTable caption={t.deliveries} columns={columns} rows={rows} idOf={(row) => row.id} />
          )
        }
      </Loaded>
      {list.hasNextPage ? (
        <Button className="mt-4" pending={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t.more}
        </Button>
      ) : null}
    </Section>
  );
}

const helper = columnsOf<DeliveryView>();

/** Nothing is sent again by a webhook that is paused. */
function useColumns(
  onRetry: ((delivery: DeliveryView) => void) | undefined,
  sending: string | undefined,
): Column<DeliveryView>[] {
  const t = useTexts(webhookWords);
  const dates = useDates();
  const nameOf = ({ type }: DeliveryView) => (t.event as Readonly<Record<string, string>>)[type] ?? type;
  return [
    helper.display({
      id: 'what',
      header: t.what,
      cell: ({ row }) => <What {...row.original} name={nameOf(row.original)} />,
    }),
    helper.display({ id: 'when', header: t.when, cell: ({ row }) => dates.dayTime(row.original.created_at) }),
    helper.display({
      id: 'state',
      header: t.state,
      cell: ({ row: { original } }) => (
        <>
          <Chip tone={TONES[original.state]}>{t.states[original.state]}</Chip>
          {original.state === 'pending' && original.next_attempt_at && original.attempts.length > 0 ? (
            <span className="block pt-1 text-dns-14N-130 text-ink-soft">
              {t.next(dates.dayTime(original.next_attempt_at))}
            </span>
          ) : null}
        </>
      ),
    }),
    helper.display({ id: 'tries', header: t.tries, cell: ({ row }) => <Tries tries={row.original.attempts} /> }),
    ...(onRetry
      ? [
          helper.display({
            id: 'retry',
            header: t.retry,
            cell: ({ row: { original } }) => (
              <Button
                size="sm"
                aria-label={t.retryWhat(nameOf(original), dates.dayTime(original.created_at))}
                pending={sending === original.id}
                onClick={() => onRetry(original)}
              >
                {t.retry}
              </Button>
            ),
          }),
        ]
      : []),
  ] as Column<DeliveryView>[];
}

function What({ name, payload, message_id }: DeliveryView & { name: string }) {
  const t = useTexts(webhookWords);
  const about = caseOf(payload);
  return (
    <div className="max-w-md min-w-0 space-y-1">
      <strong>{name}</strong>{' '}
      {about ? (
        <Link to="/cases/$id" params={{ id: about.id }} className="link">
          {about.number}
        </Link>
      ) : null}
      <details className="text-dns-14N-130">
        <summary className="min-h-9 cursor-pointer py-1.5 text-blue-900 underline">{t.content}</summary>
        <p className="break-all text-ink-soft">{message_id}</p>
        <pre
          aria-label={t.contentOf(name)}
          tabIndex={0}
          className="max-h-80 overflow-auto rounded-4 bg-solid-gray-50 p-2 break-all whitespace-pre-wrap"
        >
          {indented(payload)}
        </pre>
      </details>
    </div>
  );
}

function Tries({ tries: [last, ...before] }: { tries: readonly AttemptView[] }) {
  const t = useTexts(webhookWords);
  if (!last) return <span className="text-ink-soft">{t.noTry}</span>;
  return (
    <div className="max-w-lg min-w-0">
      <Try attempt={last} />
      {before.length > 0 ? (
        <details className="text-dns-14N-130">
          <summary className="min-h-9 cursor-pointer py-1.5 text-blue-900 underline">
            {t.moreTries(before.length)}
          </summary>
          <ol className="space-y-2">
            {before.map((attempt) => (
              <li key={attempt.started_at}>
                <Try attempt={attempt} />
              </li>
            ))}
          </ol>
        </details>
      ) : null}
    </div>
  );
}

function Try({ attempt: { started_at, ended_at, status, error } }: { attempt: AttemptView }) {
  const t = useTexts(webhookWords);
  const dates = useDates();
  const result = status ? t.answered(status) : error ? t.failures[failureOf(error)] : ended_at ? '' : t.unknown;
  return (
    <>
      <span className="text-dns-14N-130 whitespace-nowrap text-ink-soft">{dates.dayTime(started_at)}</span> {result}
      {error ? (
        <code lang="en" className="block text-dns-14N-130 break-words text-ink-soft">
          {error}
        </code>
      ) : null}
    </>
  );
}
