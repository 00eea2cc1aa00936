import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api, body, ifMatch } from '@/api/client';
import { isProblemOf } from '@/api/problem';
import type { ConsultationView, ReportView, SaveReportRequest, TeleworkStatus } from '@/api/schema';
import { useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { Form, SelectField, TextArea } from '@/ui/form';
import { Notice } from '@/ui/notice';
import { say } from '@/ui/toast';
import { forget, useKept } from '@/ui/kept';
import { ReportText } from './review';
import { reportWords } from './text';

interface WriteProps {
  session: ConsultationView;
  written: ReportView;
}

/** Writing: kept on the device while typing, saved as a draft, submitted. */
export function Write({ session, written }: WriteProps) {
  const t = useTexts(reportWords);
  const words = useWords();
  const dates = useDates();
  const navigate = useNavigate();
  const client = useQueryClient();
  const kept = useKept(`report-${session.id}`, {
    situation: written.situation ?? '',
    advice: written.advice ?? '',
    next_steps: written.next_steps ?? '',
    enterprise_tasks: written.enterprise_tasks ?? '',
    telework_status: (written.telework_status ?? '') as TeleworkStatus | '',
  });
  const { values, change } = kept;
  const path = { path: { id: session.id } };

  const save = async () => {
    const { enterprise_tasks, telework_status, ...texts } = values;
    const request: SaveReportRequest = {
      ...texts,
      ...(enterprise_tasks ? { enterprise_tasks } : {}),
      ...(telework_status ? { telework_status } : {}),
    };
    const saved = await body(
      api.PUT('/api/v1/consultations/{id}/report', {
        params: { ...path, header: ifMatch(written.version) },
        body: request,
      }),
    );
    client.setQueryData(['report', session.id], saved);
    return saved;
  };
  const send = useMutation({
    networkMode: 'always',
    mutationFn: async (submit: boolean) => {
      const saved = await save();
      if (!submit) return;
      await body(
        api.POST('/api/v1/consultations/{id}/report/submit', { params: path, headers: ifMatch(saved.version) }),
      );
    },
    onSuccess: (_, submitted) => {
      forget(`report-${session.id}`);
      void client.invalidateQueries();
      say(submitted ? t.submitted : t.saved);
      if (submitted) void navigate({ to: '/cases/$id', params: { id: session.case_id } });
    },
    onError: () => void client.invalidateQueries({ queryKey: ['report', session.id] }),
  });
  const stale = isProblemOf(send.error, 'stale');

  return (
    <Form error={stale ? null : send.error} onSubmit={() => send.mutate(true)} className="space-y-5">
      {kept.restored ? (
        <Notice kind="info" title={t.restored}>
          <Button size="sm" look="text" onClick={kept.drop}>
            {t.drop}
          </Button>
        </Notice>
      ) : null}
      {stale ? (
        <Notice kind="warning" live title={t.theirs}>
          <p>{t.theirsWhy}</p>
          <ReportText written={written} />
        </Notice>
      ) : null}
      <TextArea
        label={t.situation}
        pointer="/situation"
        required
        rows={5}
        value={values.situation}
        onChange={(situation) => change({ situation })}
      />
      <TextArea
        label={t.advice}
        pointer="/advice"
        required
        rows={6}
        value={values.advice}
        onChange={(advice) => change({ advice })}
      />
      <TextArea
        label={t.next}
        pointer="/next_steps"
        required
        rows={4}
        value={values.next_steps}
        onChange={(next_steps) => change({ next_steps })}
      />
      <TextArea
        label={t.tasks}
        pointer="/enterprise_tasks"
        rows={3}
        value={values.enterprise_tasks}
        onChange={(enterprise_tasks) => change({ enterprise_tasks })}
      />
      <SelectField
        label={t.telework}
        pointer="/telework_status"
        className="max-w-xs"
        value={values.telework_status}
        onChange={(telework_status) => change({ telework_status })}
        choices={[
          ['', t.unknown],
          ...(['none', 'considering', 'preparing', 'introduced'] as const).map(
            (word) => [word, words.telework[word]] as const,
          ),
        ]}
      />
      {kept.at ? (
        <p role="status" className="text-dns-14N-130 text-ink-soft">
          {t.kept(dates.time(kept.at))}
        </p>
      ) : null}
      <div className="flex flex-col gap-3 sm:flex-row">
        <Button type="submit" look="solid" size="lg" pending={send.isPending}>
          {t.submit}
        </Button>
        <Button size="lg" pending={send.isPending} onClick={() => send.mutate(false)}>
          {t.save}
        </Button>
      </div>
    </Form>
  );
}
