import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { isProblemOf } from '@/api/problem';
import type { ConsultationView, ReportView } from '@/api/schema';
import { deliverDraft } from '@/data/deliver-drafts';
import {
  dropDraft,
  keepDraft,
  readDraft,
  typed,
  useDraft,
  valuesOf,
  type ReportValues,
  type Wanted,
} from '@/data/drafts';
import { useMe } from '@/shell/use-me';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { Form, SelectField, TextArea } from '@/ui/form';
import { say } from '@/ui/toast';
import { Conflicts } from './conflicts';
import { KeptState } from './kept-state';
import { reportWords } from './text';

interface WriteProps {
  session: ConsultationView;
  written: ReportView;
}

/** Writing: every key is kept on the device; it is saved as a draft and submitted now, or once there is a connection. */
export function Write({ session, written }: WriteProps) {
  const t = useTexts(reportWords);
  const words = useWords();
  const navigate = useNavigate();
  const client = useQueryClient();
  const me = useMe();
  const draft = useDraft(me.id, session.id);
  const values = draft?.values ?? valuesOf(written);
  const origin = { person: me.id, session: session.id, number: session.case_number };
  // From the storage and not from this drawing: two keys may come between two drawings.
  const change = (part: Partial<ReportValues>) => keepDraft(typed(readDraft(me.id, session.id), origin, written, part));

  const send = useMutation({
    networkMode: 'always',
    mutationFn: (wanted: Wanted) => {
      const now = readDraft(me.id, session.id) ?? typed(undefined, origin, written, {});
      keepDraft({ ...now, wanted, isRefused: false });
      return deliverDraft(client, me.id, session.id);
    },
    onSuccess: (answer) => {
      if ('draft' in answer) return;
      say(answer.done === 'submit' ? t.submitted : t.saved);
      if (answer.done === 'submit') void navigate({ to: '/cases/$id', params: { id: session.case_id } });
    },
  });
  const error = isProblemOf(send.error, 'offline', 'unavailable') ? null : send.error;
  const blocked = (draft?.conflicts.length ?? 0) > 0;

  return (
    <Form error={error} onSubmit={() => (blocked ? undefined : send.mutate('submit'))} className="space-y-5">
      {draft && blocked ? <Conflicts draft={draft} /> : null}
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
      <KeptState
        draft={draft}
        isStored={written.version > 0}
        isSending={send.isPending}
        isExplained={Boolean(error)}
        onDrop={() => {
          dropDraft(me.id, session.id);
          send.reset();
        }}
      />
      <div className="flex flex-col gap-3 sm:flex-row">
        <Button type="submit" look="solid" size="lg" disabled={blocked} pending={send.isPending}>
          {t.submit}
        </Button>
        <Button size="lg" disabled={blocked} pending={send.isPending} onClick={() => send.mutate('save')}>
          {t.save}
        </Button>
      </div>
    </Form>
  );
}
