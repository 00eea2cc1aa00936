import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import { isProblemOf } from '@/api/problem';
import type { BookRequest, CaseView, ConsultationView, Mode, RescheduleRequest, Stage } from '@/api/schema';
import { useSend } from '@/api/send';
import { dateOf, instant, later, timeOf, useDates } from '@/text/dates';
import { useNow } from '@/text/now';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { ManyField, RadioField, SelectField, TextArea, TextField } from '@/ui/form';
import { Notice } from '@/ui/notice';
import { say } from '@/ui/toast';
import { sessionWords } from '../sessions';
import { Frame } from './frame';
import { Slots } from './slots';

const words = texts(
  {
    title: (n: number) => `第${n}回の日程を予約`,
    act: '予約する',
    booked: '予約しました。',
    managers: '担当する専門家',
    date: '日付',
    time: '開始時刻',
    length: '長さ',
    minutes: (n: number) => `${n}分`,
    mode: '方法',
    place: '訪問先',
    url: '会議のURL',
    stage: '支援段階',
    byOrder: '順序から自動で決める',
    note: '参加者への連絡事項',
    late: '事後入力の理由',
    lateHint: '過去の日時です。なぜ今入力するのかを書いてください(例: 予約簿から後日入力)。',
    clash: 'この案件の別の回と重なっています',
    soon: '日付と時刻を入力してください。',
    move: '日程を変更',
    moveAct: 'この日時に変更',
    moved: '日程を変更しました。',
    before: 'いまの予約',
  },
  {
    title: (n: number) => `Book session ${n}`,
    act: 'Book',
    booked: 'Booked.',
    managers: 'Given by',
    date: 'Date',
    time: 'Start',
    length: 'Length',
    minutes: (n: number) => `${n} min`,
    mode: 'Mode',
    place: 'Place',
    url: 'Meeting link',
    stage: 'Stage',
    byOrder: 'By the order of sessions',
    note: 'What participants should know',
    late: 'Why it is entered afterwards',
    lateHint: 'This lies in the past. Say why it is entered now.',
    clash: 'It overlaps with another session of this case',
    soon: 'Enter a date and a time.',
    move: 'Move the session',
    moveAct: 'Move it here',
    moved: 'Moved.',
    before: 'Booked now',
  },
);

const LENGTHS = ['30', '60', '90', '120', '150', '180'] as const;
type Length = (typeof LENGTHS)[number];

interface BookProps {
  seen: CaseView;
  sessions: readonly ConsultationView[];
  onClose: () => void;
}

export function BookDialog({ seen, sessions, onClose }: BookProps) {
  const t = useTexts(words);
  const names = useWords();
  const [managers, setManagers] = useState<string[]>(seen.managers.map(({ id }) => id));
  const [date, setDate] = useState('');
  const [time, setTime] = useState('');
  const [length, setLength] = useState<Length>('60');
  const [mode, setMode] = useState<Mode>(seen.desired_mode ?? 'online');
  const [place, setPlace] = useState(`${seen.site.prefecture ?? ''}${seen.site.address ?? ''}`);
  const [url, setUrl] = useState('');
  const [stage, setStage] = useState<Stage | ''>('');
  const [note, setNote] = useState('');
  const [lateReason, setLateReason] = useState('');
  const [tried, setTried] = useState(false);
  const now = useNow();
  const send = useSend(
    (request: BookRequest, once) =>
      body(
        api.POST('/api/v1/cases/{id}/consultations', {
          params: { path: { id: seen.id }, header: once },
          body: request,
        }),
      ),
    () => {
      onClose();
      say(t.booked);
    },
  );
  const start = instant(date, time);
  const end = start && later(start, Number(length));
  const past = start !== undefined && Date.parse(start) < now.getTime();
  const submit = () => {
    setTried(true);
    if (!start || !end) return;
    send.mutate({
      starts_at: start,
      ends_at: end,
      mode,
      ...(managers.length === seen.managers.length ? {} : { manager_ids: managers }),
      ...(mode === 'visit' && place ? { place } : {}),
      ...(mode === 'online' && url ? { meeting_url: url } : {}),
      ...(stage ? { stage } : {}),
      ...(note ? { note } : {}),
      ...(past ? { late_reason: lateReason } : {}),
    });
  };
  return (
    <Frame
      title={t.title(seen.consultations.used + 1)}
      act={t.act}
      wide
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={submit}
    >
      {seen.managers.length > 1 ? (
        <ManyField
          label={t.managers}
          pointer="/manager_ids"
          value={managers}
          onChange={setManagers}
          choices={seen.managers.map(({ id, name, line }) => [id, `${name}(${names.line[line]})`])}
        />
      ) : null}
      <div className="grid gap-5 md:grid-cols-2">
        <Slots
          managers={managers}
          minutes={Number(length)}
          chosen={start}
          onPick={(slot) => {
            setDate(dateOf(slot));
            setTime(timeOf(slot));
          }}
        />
        <div className="space-y-4">
          <Times
            date={date}
            time={time}
            length={length}
            onDate={setDate}
            onTime={setTime}
            onLength={setLength}
            wrong={tried && !start ? t.soon : undefined}
          />
          <Clash start={start} end={end} sessions={sessions} />
          {past || isProblemOf(send.error, 'late-reason-required') ? (
            <TextField
              label={t.late}
              pointer="/late_reason"
              hint={t.lateHint}
              required
              value={lateReason}
              onChange={setLateReason}
            />
          ) : null}
          <RadioField
            label={t.mode}
            pointer="/mode"
            value={mode}
            onChange={setMode}
            choices={(['online', 'visit', 'phone'] as const).map((word) => [word, names.mode[word]])}
          />
          {mode === 'visit' ? <TextField label={t.place} pointer="/place" value={place} onChange={setPlace} /> : null}
          {mode === 'online' ? (
            <TextField label={t.url} pointer="/meeting_url" type="url" inputMode="url" value={url} onChange={setUrl} />
          ) : null}
          <SelectField
            label={t.stage}
            pointer="/stage"
            value={stage}
            onChange={setStage}
            choices={[
              ['', t.byOrder],
              ...(['assessment', 'preparation', 'follow_up'] as const).map(
                (word) => [word, names.stage[word]] as const,
              ),
            ]}
          />
          <TextArea label={t.note} pointer="/note" rows={2} value={note} onChange={setNote} />
        </div>
      </div>
    </Frame>
  );
}

interface TimesProps {
  date: string;
  time: string;
  length: Length;
  onDate: (date: string) => void;
  onTime: (time: string) => void;
  onLength: (length: Length) => void;
  wrong: string | undefined;
}

function Times({ date, time, length, onDate, onTime, onLength, wrong }: TimesProps) {
  const t = useTexts(words);
  const dates = useDates();
  const start = instant(date, time || '00:00');
  return (
    <div className="grid grid-cols-2 gap-x-3 gap-y-2 sm:grid-cols-[1.4fr_1fr_1fr]">
      <TextField label={t.date} pointer="/starts_at" type="date" value={date} onChange={onDate} wrong={wrong} />
      <TextField label={t.time} pointer="/starts_at#time" type="time" step={300} value={time} onChange={onTime} />
      <SelectField
        label={t.length}
        pointer="/ends_at"
        value={length}
        onChange={onLength}
        choices={LENGTHS.map((minutes) => [minutes, t.minutes(Number(minutes))])}
      />
      <p className="col-span-full text-dns-14N-130 text-ink-soft" aria-live="polite">
        {start ? dates.fullDay(start) : ''}
      </p>
    </div>
  );
}

/** What the API would refuse, said before anything is sent. */
function Clash({
  start,
  end,
  sessions,
}: {
  start: string | undefined;
  end: string | undefined;
  sessions: readonly ConsultationView[];
}) {
  const t = useTexts(words);
  const nth = useTexts(sessionWords).nth;
  const dates = useDates();
  const other =
    start && end
      ? sessions.find(
          ({ session, starts_at, ends_at }) =>
            session !== null && Date.parse(starts_at) < Date.parse(end) && Date.parse(start) < Date.parse(ends_at),
        )
      : undefined;
  if (!other) return null;
  return (
    <Notice kind="warning" live title={t.clash}>
      <p>
        {nth(other.session ?? 0)} {dates.span(other.starts_at, other.ends_at)}
      </p>
    </Notice>
  );
}

export function RescheduleDialog({ session, onClose }: { session: ConsultationView; onClose: () => void }) {
  const t = useTexts(words);
  const dates = useDates();
  const long = Math.round((Date.parse(session.ends_at) - Date.parse(session.starts_at)) / 60_000);
  const [date, setDate] = useState('');
  const [time, setTime] = useState(timeOf(session.starts_at));
  const [length, setLength] = useState<Length>(LENGTHS.find((minutes) => Number(minutes) === long) ?? '60');
  const [tried, setTried] = useState(false);
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
      onClose();
      say(t.moved);
    },
  );
  const start = instant(date, time);
  const submit = () => {
    setTried(true);
    if (start) send.mutate({ starts_at: start, ends_at: later(start, Number(length)) });
  };
  return (
    <Frame
      title={t.move}
      act={t.moveAct}
      wide
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={submit}
    >
      <p className="text-dns-16N-130">
        {t.before}: <strong>{dates.span(session.starts_at, session.ends_at)}</strong>
      </p>
      <div className="grid gap-5 md:grid-cols-2">
        <Slots
          managers={session.managers.map(({ id }) => id)}
          minutes={Number(length)}
          chosen={start}
          onPick={(slot) => {
            setDate(dateOf(slot));
            setTime(timeOf(slot));
          }}
        />
        <Times
          date={date}
          time={time}
          length={length}
          onDate={setDate}
          onTime={setTime}
          onLength={setLength}
          wrong={tried && !start ? t.soon : undefined}
        />
      </div>
    </Frame>
  );
}
