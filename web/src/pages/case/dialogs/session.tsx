import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { CaseView, ConsultationView, HoldRequest, Mode, NoShowBy, NoShowRequest } from '@/api/schema';
import { useSend } from '@/api/send';
import { newest, oneSession } from '@/data/sessions';
import { useTaps, visitTimes } from '@/data/taps';
import { useMe } from '@/shell/use-me';
import { dateOf, instant, timeOf, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { CheckField, RadioField, TextArea, TextField } from '@/ui/form';
import { say } from '@/ui/toast';
import { Frame, frameWords } from './frame';

const words = texts(
  {
    cancel: '予約を取消',
    cancelWhat: '予約を取り消します。この回は使用した回数に数えません。',
    cancelAct: '予約を取り消す',
    cancelled: '予約を取り消しました。',
    void: '実施の記録を無効にする',
    voidWhat: '誤って記録した回を無効にします。正しい内容は、事後入力で登録し直してください。',
    voidAct: '無効にする',
    voided: '無効にしました。',
    hold: '実施を記録',
    holdAct: '実施済として記録',
    held: '実施を記録しました。',
    heldWrite: '実施を記録しました。続けて報告書を書けます。',
    date: '実施日',
    from: '開始',
    to: '終了',
    mode: '方法',
    attendees: '企業側の参加者(1行に1人)',
    desk: '窓口の職員も同席した',
    noShow: '当日不在を記録',
    noShowAct: '記録する',
    noShowDone: '記録しました。',
    by: 'だれの都合でしたか',
    byHint: '企業側の都合のときだけ、1回として数えます。',
    times: '日付と時刻を入力してください。',
  },
  {
    cancel: 'Cancel the booking',
    cancelWhat: 'The booking is cancelled and does not count.',
    cancelAct: 'Cancel the booking',
    cancelled: 'Cancelled.',
    void: 'Void the session',
    voidWhat: 'For a session that was recorded wrongly. Enter it again as it was.',
    voidAct: 'Void',
    voided: 'Voided.',
    hold: 'Record the session',
    holdAct: 'Record as held',
    held: 'Recorded.',
    heldWrite: 'Recorded. The report can be written now.',
    date: 'Date',
    from: 'From',
    to: 'To',
    mode: 'Mode',
    attendees: 'Attendees of the enterprise (one per line)',
    desk: 'The desk attended too',
    noShow: 'Record a no-show',
    noShowAct: 'Record',
    noShowDone: 'Recorded.',
    by: 'Because of whom?',
    byHint: 'Only a no-show of the enterprise uses the session.',
    times: 'Enter a date and times.',
  },
);

interface SessionProps {
  session: ConsultationView;
  onClose: () => void;
}

export function CancelDialog({ session, undo, onClose }: SessionProps & { undo: boolean }) {
  const t = useTexts(words);
  const frame = useTexts(frameWords);
  const dates = useDates();
  const [reason, setReason] = useState('');
  const send = useSend(
    (text: string, once) => {
      const options = {
        params: { path: { id: session.id }, header: once },
        headers: ifMatch(session.version),
        body: { reason: text },
      };
      return body(
        undo
          ? api.POST('/api/v1/consultations/{id}/void', options)
          : api.POST('/api/v1/consultations/{id}/cancel', options),
      );
    },
    () => {
      onClose();
      say(undo ? t.voided : t.cancelled);
    },
  );
  return (
    <Frame
      title={undo ? t.void : t.cancel}
      act={undo ? t.voidAct : t.cancelAct}
      danger
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate(reason)}
    >
      <p className="text-dns-16B-130">{dates.span(session.starts_at, session.ends_at)}</p>
      <p className="text-std-16N-170">{undo ? t.voidWhat : t.cancelWhat}</p>
      <TextArea label={frame.reason} pointer="/reason" required autoFocus value={reason} onChange={setReason} />
    </Frame>
  );
}

/**
 * The session as it is known now. The one that a dialog was opened for is a moment of the page: when a tap reaches the
 * server meanwhile, the device forgets it, and only the newer session has its time. Changes of what was booked are not
 * followed: somebody decided upon what they saw.
 */
function useNewest(session: ConsultationView): ConsultationView {
  const { data } = useQuery(oneSession(session.id));
  const known = newest(session, data);
  const isSame = (['state', 'starts_at', 'ends_at', 'mode'] as const).every((key) => known[key] === session[key]);
  return isSame ? known : session;
}

export function HoldDialog({ seen, session, onClose }: SessionProps & { seen: CaseView }) {
  const t = useTexts(words);
  const names = useWords();
  const known = useNewest(session);
  // What was tapped at the visit, else what was booked.
  const me = useMe();
  const tapped = visitTimes(known, useTaps(me.id));
  const begin = tapped.in ?? session.starts_at;
  const end = tapped.out ?? session.ends_at;
  // What nobody typed follows what is known.
  const [typed, setTyped] = useState<{ date?: string; from?: string; to?: string }>({});
  const { date = dateOf(begin), from = timeOf(begin), to = timeOf(end) } = typed;
  const type = (part: typeof typed) => setTyped((before) => ({ ...before, ...part }));
  const [mode, setMode] = useState<Mode>(session.mode);
  const primary = seen.contacts.find(({ role }) => role === 'primary');
  const [attendees, setAttendees] = useState(primary?.name ?? '');
  const [desk, setDesk] = useState(false);
  const [tried, setTried] = useState(false);
  const send = useSend(
    (request: HoldRequest, once) =>
      body(
        api.POST('/api/v1/consultations/{id}/hold', {
          params: { path: { id: session.id }, header: once },
          headers: ifMatch(known.version),
          body: request,
        }),
      ),
    () => {
      onClose();
      say(me.role === 'manager' ? t.heldWrite : t.held);
    },
  );
  const started_at = exactly(instant(date, from), begin);
  const ended_at = exactly(instant(date, to), end);
  const wrong = tried && (!started_at || !ended_at) ? t.times : undefined;
  const submit = () => {
    setTried(true);
    if (!started_at || !ended_at) return;
    const names = attendees.split('\n').map((name) => name.trim());
    send.mutate({ started_at, ended_at, mode, attendees: names.filter(Boolean), desk_attended: desk });
  };
  return (
    <Frame
      title={t.hold}
      act={t.holdAct}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={submit}
    >
      <div className="grid gap-4 sm:grid-cols-3">
        <TextField
          label={t.date}
          pointer="/date"
          type="date"
          value={date}
          onChange={(next) => type({ date: next })}
          wrong={wrong}
        />
        <TextField
          label={t.from}
          pointer="/started_at"
          type="time"
          value={from}
          onChange={(next) => type({ from: next })}
        />
        <TextField label={t.to} pointer="/ended_at" type="time" value={to} onChange={(next) => type({ to: next })} />
      </div>
      <RadioField
        label={t.mode}
        pointer="/mode"
        value={mode}
        onChange={setMode}
        choices={(['online', 'visit', 'phone'] as const).map((word) => [word, names.mode[word]])}
      />
      <TextArea label={t.attendees} pointer="/attendees" value={attendees} onChange={setAttendees} rows={2} />
      <CheckField label={t.desk} checked={desk} onChange={setDesk} />
    </Frame>
  );
}

/** The field has no seconds; the time that was tapped has some, and counts unless somebody changed it. */
function exactly(typed: string | undefined, known: string): string | undefined {
  const isSame = typed && dateOf(typed) === dateOf(known) && timeOf(typed) === timeOf(known);
  return isSame ? known : typed;
}

export function NoShowDialog({ session, onClose }: SessionProps) {
  const t = useTexts(words);
  const frame = useTexts(frameWords);
  const names = useWords();
  const [by, setBy] = useState<NoShowBy>('enterprise');
  const [reason, setReason] = useState('');
  const send = useSend(
    (request: NoShowRequest, once) =>
      body(
        api.POST('/api/v1/consultations/{id}/no-show', {
          params: { path: { id: session.id }, header: once },
          headers: ifMatch(session.version),
          body: request,
        }),
      ),
    () => {
      onClose();
      say(t.noShowDone);
    },
  );
  return (
    <Frame
      title={t.noShow}
      act={t.noShowAct}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate({ by, ...(reason ? { reason } : {}) })}
    >
      <RadioField
        label={t.by}
        pointer="/by"
        hint={t.byHint}
        value={by}
        onChange={setBy}
        choices={(['enterprise', 'manager', 'desk', 'force_majeure'] as const).map((word) => [
          word,
          names.noShow[word],
        ])}
      />
      <TextArea label={frame.reason} pointer="/reason" value={reason} onChange={setReason} />
    </Frame>
  );
}
