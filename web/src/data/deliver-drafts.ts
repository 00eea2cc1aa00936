/** Sending the drafts of this device: on demand, and by itself once the server can be reached again. */
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { api, body, ifMatch } from '@/api/client';
import { connection } from '@/api/connection';
import { isProblemOf } from '@/api/problem';
import type { ReportView } from '@/api/schema';
import { mergeEdits } from '@/pages/case/merge-edits';
import { texts, useTexts } from '@/text/preferences';
import { say, sayFailed } from '@/ui/toast';
import { deliver, draftsOf, dropDraft, keepDraft, readDraft, type Delivered, type Draft, type Server } from './drafts';

const words = texts(
  {
    sent: (number: string) => `接続が戻り、${number} の報告書を送信しました。`,
    look: (number: string) => `${number} の報告書は送信できませんでした。開いて確かめてください。`,
  },
  {
    sent: (number: string) => `You are back, and the report on ${number} is sent.`,
    look: (number: string) => `The report on ${number} could not be sent. Open it to see why.`,
  },
);

const server: Server = {
  read: (id) => body(api.GET('/api/v1/consultations/{id}/report', { params: { path: { id } } })),
  save: (id, version, { enterprise_tasks, telework_status, ...values }) =>
    body(
      api.PUT('/api/v1/consultations/{id}/report', {
        params: { path: { id }, header: ifMatch(version) },
        body: {
          ...values,
          ...(enterprise_tasks ? { enterprise_tasks } : {}),
          ...(telework_status ? { telework_status } : {}),
        },
      }),
    ),
  submit: (id, version, key) =>
    body(
      api.POST('/api/v1/consultations/{id}/report/submit', {
        params: { path: { id }, header: { 'Idempotency-Key': key } },
        headers: ifMatch(version),
      }),
    ),
};

/** One delivery per draft at a time: the button and the connection may want it at once. */
const underWay = new Map<string, Promise<Delivered>>();

export function deliverDraft(client: QueryClient, person: string, session: string): Promise<Delivered> {
  const known = underWay.get(session);
  if (known) return known;
  const attempt = run(client, person, session).finally(() => underWay.delete(session));
  underWay.set(session, attempt);
  return attempt;
}

async function run(client: QueryClient, person: string, session: string): Promise<Delivered> {
  const draft = readDraft(person, session);
  if (!draft) throw new Error('the draft was sent already');
  try {
    const answer = await deliver(draft, server, (progress) => keepDraft(withLater(draft, progress)));
    const now = readDraft(person, session);
    if ('draft' in answer) {
      keepDraft(withLater(draft, answer.draft));
    } else if (now?.at === draft.at) {
      client.setQueryData<ReportView>(['report', session], answer.report);
      dropDraft(person, session);
    }
    return answer;
  } catch (error) {
    const now = readDraft(person, session);
    // What did not get through goes on by itself; what was refused needs a person.
    if (now && !isProblemOf(error, 'offline', 'unavailable')) keepDraft({ ...now, wanted: undefined, isRefused: true });
    throw error;
  } finally {
    void client.invalidateQueries();
  }
}

/** How far the delivery of a draft is, with what was typed while it was under way. */
function withLater(sent: Draft, progress: Draft): Draft {
  const now = readDraft(sent.person, sent.session);
  if (!now || now.at === sent.at) return progress;
  const { base, conflicts } = progress;
  return { ...now, base, conflicts, values: mergeEdits(sent.values, now.values, progress.values).values };
}

/** Sends what waits for the connection, as soon as it is there. */
export function useDeliveries(person: string): void {
  const client = useQueryClient();
  const t = useTexts(words);
  useEffect(() => {
    const onChange = () => {
      if (!connection.online()) return;
      for (const { session, number } of draftsOf(person).filter(({ wanted }) => wanted !== undefined)) {
        deliverDraft(client, person, session).then(
          (answer) => ('done' in answer ? say(t.sent(number)) : sayFailed(t.look(number))),
          (error: unknown) => {
            if (!isProblemOf(error, 'offline', 'unavailable')) sayFailed(t.look(number));
          },
        );
      }
    };
    onChange();
    return connection.subscribe(onChange);
  }, [client, person, t]);
}
