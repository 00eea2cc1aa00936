import { useState } from 'react';
import { api, body } from '@/api/client';
import { isProblemOf } from '@/api/problem';
import type { BookRequest, CaseView, Mode, Stage } from '@/api/schema';
import { useSend } from '@/api/send';
import { dateOf, instant, later, timeOf } from '@/text/dates';
import { useNow } from '@/text/now';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { ConflictNotice, useConflicts } from '@/pages/schedule/conflicts';
import { ManyField, RadioField, SelectField, TextArea, TextField } from '@/ui/form';
import { say } from '@/ui/toast';
import { Frame } from './frame';
import { OverrideField, useNeedsReason } from './override';
import { Slots } from './slots';
import { Times, timesWords, type Length } from './times';

const words = texts(
  {
    title: (n: number) => `第${n}回の日程を予約`,
    act: '予約する',
    booked: '予約しました。',
    managers: '担当する専門家',
    mode: '方法',
    place: '訪問先',
    url: '会議のURL',
    stage: '支援段階',
    byOrder: '順序から自動で決める',
    note: '参加者への連絡事項',
    late: '事後入力の理由',
    lateHint: '過去の日時です。なぜ今入力するのかを書いてください(例: 予約簿から後日入力)。',
  },
  {
    title: (n: number) => `Book session ${n}`,
    act: 'Book',
    booked: 'Booked.',
    managers: 'Given by',
    mode: 'Mode',
    place: 'Place',
    url: 'Meeting link',
    stage: 'Stage',
    byOrder: 'By the order of sessions',
    note: 'What participants should know',
    late: 'Why it is entered afterwards',
    lateHint: 'This lies in the past. Say why it is entered now.',
  },
);

interface BookProps {
  seen: CaseView;
  /** A time that was chosen already. */
  start?: string;
  onClose: () => void;
}

export function BookDialog({ seen, start: given, onClose }: BookProps) {
  const t = useTexts(words);
  const { soon } = useTexts(timesWords);
  const names = useWords();
  const [managers, setManagers] = useState<string[]>(seen.managers.map(({ id }) => id));
  const [date, setDate] = useState(given ? dateOf(given) : '');
  const [time, setTime] = useState(given ? timeOf(given) : '');
  const [length, setLength] = useState<Length>('60');
  const [mode, setMode] = useState<Mode>(seen.desired_mode ?? 'online');
  const [place, setPlace] = useState(`${seen.site.prefecture ?? ''}${seen.site.address ?? ''}`);
  const [url, setUrl] = useState('');
  const [stage, setStage] = useState<Stage | ''>('');
  const [note, setNote] = useState('');
  const [lateReason, setLateReason] = useState('');
  const [override, setOverride] = useState('');
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
  const conflicts = useConflicts(
    start && end
      ? {
          starts_at: start,
          ends_at: end,
          case_id: seen.id,
          managers: seen.managers.filter(({ id }) => managers.includes(id)),
          ...(stage ? { stage } : {}),
        }
      : undefined,
  );
  const needsReason = useNeedsReason(conflicts, send.error);
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
      ...(needsReason && override ? { override_reason: override } : {}),
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
          desk={seen.desk?.id}
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
            wrong={tried && !start ? soon : undefined}
          />
          <ConflictNotice conflicts={conflicts} />
          {needsReason ? <OverrideField value={override} onChange={setOverride} /> : null}
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
