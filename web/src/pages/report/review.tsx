import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { ConsultationView, ReportView, TeleworkStatus } from '@/api/schema';
import { useSend } from '@/api/send';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { Form, TextArea } from '@/ui/form';
import { Facts } from '@/ui/page';
import { Empty } from '@/ui/states';
import { say } from '@/ui/toast';
import { reportWords } from './text';

interface ReviewProps {
  session: ConsultationView;
  written: ReportView;
}

/** Reading, and at the desk approving or sending back. */
export function Review({ session, written }: ReviewProps) {
  const t = useTexts(reportWords);
  const dates = useDates();
  const { permissions } = useMe();
  if (written.state === 'none') return <Empty icon="note" title={t.none} />;
  return (
    <div className="space-y-6">
      <ReportText written={written} />
      <Facts
        facts={[
          [t.submittedAt, written.submitted_at && dates.dayTime(written.submitted_at)],
          [t.approvedAt, written.approved_at && dates.dayTime(written.approved_at)],
        ]}
      />
      {written.state === 'submitted' && permissions.includes('review_reports') ? (
        <Decide session={session} version={written.version} />
      ) : null}
    </div>
  );
}

function Decide({ session, version }: { session: ConsultationView; version: number }) {
  const t = useTexts(reportWords);
  const [reason, setReason] = useState('');
  const [returning, setReturning] = useState(false);
  const path = { id: session.id };
  const navigate = useNavigate();
  // The next step is on the page of the case.
  const leave = (done: string) => {
    say(done);
    void navigate({ to: '/cases/$id', params: { id: session.case_id } });
  };
  const approve = useSend(
    (_: undefined, once) =>
      body(
        api.POST('/api/v1/consultations/{id}/report/approve', {
          params: { path, header: once },
          headers: ifMatch(version),
        }),
      ),
    () => leave(t.approved),
  );
  const sendBack = useSend(
    (text: string, once) =>
      body(
        api.POST('/api/v1/consultations/{id}/report/return', {
          params: { path, header: once },
          headers: ifMatch(version),
          body: { reason: text },
        }),
      ),
    () => leave(t.sentBack),
  );
  return (
    <Form
      error={approve.error ?? sendBack.error}
      className="no-print space-y-4 border-t border-solid-gray-600 pt-4"
      onSubmit={() => sendBack.mutate(reason)}
    >
      {returning ? (
        <TextArea label={t.reason} pointer="/reason" required autoFocus value={reason} onChange={setReason} />
      ) : null}
      <div className="flex flex-col gap-3 sm:flex-row">
        {returning ? (
          <Button type="submit" look="danger" size="lg" pending={sendBack.isPending}>
            {t.sendBack}
          </Button>
        ) : (
          <>
            <Button look="solid" size="lg" pending={approve.isPending} onClick={() => approve.mutate(undefined)}>
              {t.approve}
            </Button>
            <Button size="lg" onClick={() => setReturning(true)}>
              {t.sendBack}
            </Button>
          </>
        )}
      </div>
    </Form>
  );
}

type Texts = Pick<ReportView, 'situation' | 'advice' | 'next_steps' | 'enterprise_tasks' | 'telework_status'>;

export function ReportText({ written }: { written: Texts }) {
  const t = useTexts(reportWords);
  const words = useWords();
  const telework = written.telework_status as TeleworkStatus | null | undefined;
  const parts = [
    [t.situation, written.situation],
    [t.advice, written.advice],
    [t.next, written.next_steps],
    [t.tasks, written.enterprise_tasks],
    [t.telework, telework && words.telework[telework]],
  ] as const;
  return (
    <dl className="space-y-4">
      {parts
        .filter(([, text]) => text)
        .map(([term, text]) => (
          <div key={term}>
            <dt className="mb-1 text-dns-16B-130">{term}</dt>
            <dd className="text-std-16N-170 whitespace-pre-wrap">{text}</dd>
          </div>
        ))}
    </dl>
  );
}
