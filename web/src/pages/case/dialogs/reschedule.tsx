import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { ConsultationView, RescheduleRequest } from '@/api/schema';
import { useSend } from '@/api/send';
import { oneCase } from '@/data/cases';
import { lengthOf, type Span } from '@/data/week';
import { ConflictNotice, useConflicts } from '@/pages/schedule/conflicts';
import { dateOf, instant, later, timeOf, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { say } from '@/ui/toast';
import { Frame } from './frame';
import { OverrideField, useNeedsReason } from './override';
import { Slots } from './slots';
import { lengthChoice, Times, timesWords, type Length } from './times';

const words = texts(
  {
    move: '日程を変更',
    moveAct: 'この日時に変更',
    moved: '日程を変更しました。',
    before: 'いまの予約',
    after: '変更後',
  },
  { move: 'Move the session', moveAct: 'Move it here', moved: 'Moved.', before: 'Booked now', after: 'After the move' },
);

interface RescheduleProps {
  session: ConsultationView;
  /** A time that was chosen already: it is only to be confirmed. */
  to?: Span;
  onClose: () => void;
  onMoved?: () => void;
}

/** Moves a session; the old time and the new one stand below each other. */
export function RescheduleDialog({ session, to, onClose, onMoved }: RescheduleProps) {
  const t = useTexts(words);
  const { soon } = useTexts(timesWords);
  const dates = useDates();
  const [date, setDate] = useState(to ? dateOf(to.starts_at) : '');
  const [time, setTime] = useState(timeOf((to ?? session).starts_at));
  const [length, setLength] = useState<Length>(lengthChoice(lengthOf(session)));
  const [override, setOverride] = useState('');
  const [tried, setTried] = useState(false);
  const desk = useQuery(oneCase(session.case_id)).data?.desk?.id;
  const send = useSend(
    (request: RescheduleRequest, once) =>
      body(
        api.POST('/api/v1/consultations/{id}/reschedule', {
          params: { path: { id: session.id }, header: once },
          headers: ifMatch(session.version),
          body: request,
        }),
      ),
    () => {
      (onMoved ?? onClose)();
      say(t.moved);
    },
  );
  const start = instant(date, time);
  // A length that is not among the choices stays while nobody chooses another.
  const minutes = length === lengthChoice(lengthOf(session)) ? lengthOf(session) : Number(length);
  const span: Span | undefined = start === undefined ? undefined : { starts_at: start, ends_at: later(start, minutes) };
  const { case_id, managers, stage } = session;
  const conflicts = useConflicts(span && { ...span, case_id, managers, stage, moved: session });
  const needsReason = useNeedsReason(conflicts, send.error);
  const submit = () => {
    setTried(true);
    if (span) send.mutate({ ...span, ...(needsReason && override ? { override_reason: override } : {}) });
  };
  const fields = (
    <div className="space-y-4">
      <Times
        date={date}
        time={time}
        length={length}
        onDate={setDate}
        onTime={setTime}
        onLength={setLength}
        wrong={tried && !start ? soon : undefined}
      />
      <ConflictNotice conflicts={conflicts} />
      {needsReason ? <OverrideField value={override} onChange={setOverride} /> : null}
    </div>
  );
  return (
    <Frame
      title={t.move}
      act={t.moveAct}
      wide={!to}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={submit}
    >
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-dns-16N-130">
        <dt className="text-ink-soft">{t.before}</dt>
        <dd>{dates.span(session.starts_at, session.ends_at)}</dd>
        <dt className="text-ink-soft">{t.after}</dt>
        <dd className="font-bold" aria-live="polite">
          {span ? dates.span(span.starts_at, span.ends_at) : '—'}
        </dd>
      </dl>
      {to ? (
        fields
      ) : (
        <div className="grid gap-5 md:grid-cols-2">
          <Slots
            managers={managers.map(({ id }) => id)}
            minutes={minutes}
            desk={desk}
            chosen={start}
            onPick={(slot) => {
              setDate(dateOf(slot));
              setTime(timeOf(slot));
            }}
          />
          {fields}
        </div>
      )}
    </Frame>
  );
}
