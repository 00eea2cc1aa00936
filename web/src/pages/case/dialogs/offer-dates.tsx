import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '@/api/client';
import type { CaseView, Mode, ProposeDatesRequest } from '@/api/schema';
import { useSend } from '@/api/send';
import { settings } from '@/data/directory';
import { instant, later, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Group, ManyField, RadioField, SelectField, TextArea, TextField } from '@/ui/form';
import { say } from '@/ui/toast';
import { Frame } from './frame';
import { Slots } from './slots';
import { LENGTHS, timesWords, type Length } from './times';

const words = texts(
  {
    title: '日程の候補を送る',
    act: '候補を送る',
    sent: '日程の候補を送りました。',
    slots: '送る候補',
    none: 'まだ選んでいません。空き時間から選んでください。',
    most: (n: number) => `${n}つまで選べます。`,
    full: (n: number) => `候補は${n}つまでです。ほかの時間を選ぶには、どれかを外してください。`,
    remove: '外す',
    drop: (slot: string) => `外す: ${slot}`,
    managers: '担当する専門家',
    mode: '方法',
    place: '訪問先',
    url: '会議のURL',
    to: '送り先',
    note: '企業・団体への連絡事項',
    until: '回答の期限',
    untilTime: '期限の時刻',
    untilHint: (days: number) => `空欄なら${days}営業日。それまで候補の時間を仮に押さえます。`,
    pick: '候補を一つ以上選んでください。',
  },
  {
    title: 'Offer dates',
    act: 'Send the dates',
    sent: 'The dates were sent.',
    slots: 'Dates to send',
    none: 'None yet: choose from the free times.',
    most: (n: number) => `At most ${n}.`,
    full: (n: number) => `At most ${n} dates. Take one out to choose another.`,
    remove: 'Take out',
    drop: (slot: string) => `Take out: ${slot}`,
    managers: 'Given by',
    mode: 'Mode',
    place: 'Place',
    url: 'Meeting link',
    to: 'To',
    note: 'What the enterprise should know',
    until: 'Answer by',
    untilTime: 'Time',
    untilHint: (days: number) => `Empty: ${days} business days. The times are held until then.`,
    pick: 'Choose one date at least.',
  },
);

/** From the free times of the experts to a mail with a link. */
export function OfferDatesDialog({ seen, onClose }: { seen: CaseView; onClose: () => void }) {
  const t = useTexts(words);
  const { length: lengthLabel, minutes, date: dateLabel } = useTexts(timesWords);
  const names = useWords();
  const office = useQuery(settings).data;
  const most = office?.date_choice_slots ?? 1;
  const reachable = seen.contacts.filter(
    ({ email, role, authority_confirmed }) => email && (role !== 'agent' || authority_confirmed),
  );
  const [managers, setManagers] = useState<string[]>(seen.managers.map(({ id }) => id));
  const [starts, setStarts] = useState<readonly string[]>([]);
  const [length, setLength] = useState<Length>('60');
  const [mode, setMode] = useState<Mode>(seen.desired_mode ?? 'online');
  const [place, setPlace] = useState(`${seen.site.prefecture ?? ''}${seen.site.address ?? ''}`);
  const [url, setUrl] = useState('');
  const [contact, setContact] = useState(reachable[0]?.id ?? '');
  const [note, setNote] = useState('');
  const [date, setDate] = useState('');
  const [time, setTime] = useState('17:00');
  const [tried, setTried] = useState(false);
  const send = useSend(
    (request: ProposeDatesRequest, once) =>
      body(
        api.POST('/api/v1/cases/{id}/date-proposals', {
          params: { path: { id: seen.id }, header: once },
          body: request,
        }),
      ),
    () => {
      onClose();
      say(t.sent);
    },
  );
  const isFull = starts.length >= most;
  const toggle = (start: string) =>
    setStarts((before) =>
      before.includes(start)
        ? before.filter((other) => other !== start)
        : isFull
          ? before
          : [...before, start].toSorted((a, b) => Date.parse(a) - Date.parse(b)),
    );
  const submit = () => {
    setTried(true);
    if (starts.length === 0) return;
    const answerBy = instant(date, time);
    send.mutate({
      slots: starts.map((start) => ({ starts_at: start, ends_at: later(start, Number(length)) })),
      mode,
      ...(managers.length === seen.managers.length ? {} : { manager_ids: managers }),
      ...(mode === 'visit' && place ? { place } : {}),
      ...(mode === 'online' && url ? { meeting_url: url } : {}),
      ...(contact ? { contact_id: contact } : {}),
      ...(note ? { note } : {}),
      ...(answerBy ? { answer_by: answerBy } : {}),
    });
  };
  return (
    <Frame
      title={t.title}
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
          onChange={(chosen) => {
            setManagers(chosen);
            setStarts([]);
          }}
          choices={seen.managers.map(({ id, name, line }) => [id, `${name}(${names.line[line]})`])}
        />
      ) : null}
      <div className="grid gap-5 md:grid-cols-2">
        <div className="space-y-3">
          <SelectField
            label={lengthLabel}
            pointer="#length"
            value={length}
            onChange={(chosen) => {
              setLength(chosen);
              // Another length has other free times.
              setStarts([]);
            }}
            choices={LENGTHS.map((choice) => [choice, minutes(Number(choice))])}
          />
          <Slots managers={managers} minutes={Number(length)} desk={seen.desk?.id} chosen={starts} onPick={toggle} />
        </div>
        <div className="space-y-4">
          <Picked starts={starts} length={Number(length)} most={most} tried={tried} onDrop={toggle} />
          <SelectField
            label={t.to}
            pointer="/contact_id"
            value={contact}
            onChange={setContact}
            choices={reachable.map(({ id, name, email, role }) => [
              id,
              `${name ?? names.contact[role]} <${email ?? ''}>`,
            ])}
          />
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
          <TextArea label={t.note} pointer="/note" rows={2} value={note} onChange={setNote} />
          <Group label={t.until} pointer="/answer_by" hint={t.untilHint(office?.date_choice_days ?? 0)}>
            <div className="grid grid-cols-2 gap-3">
              <TextField label={dateLabel} pointer="/answer_by#date" type="date" value={date} onChange={setDate} />
              <TextField label={t.untilTime} pointer="/answer_by#time" type="time" value={time} onChange={setTime} />
            </div>
          </Group>
        </div>
      </div>
    </Frame>
  );
}

interface PickedProps {
  starts: readonly string[];
  length: number;
  most: number;
  tried: boolean;
  onDrop: (start: string) => void;
}

/** The times that will be sent, each to be taken out again. */
function Picked({ starts, length, most, tried, onDrop }: PickedProps) {
  const t = useTexts(words);
  const dates = useDates();
  return (
    <Group label={t.slots} pointer="/slots" required hint={t.most(most)}>
      <div aria-live="polite">
        {starts.length === 0 ? (
          <p className={`text-dns-16N-130 ${tried ? 'text-error-2' : 'text-ink-soft'}`}>{tried ? t.pick : t.none}</p>
        ) : null}
        <ul className="space-y-1">
          {starts.map((start) => {
            const span = dates.span(start, later(start, length));
            return (
              <li
                key={start}
                className="flex min-h-11 items-center justify-between gap-2 rounded-6 border border-line px-3 text-dns-16N-130 tabular-nums"
              >
                {span}
                <button
                  type="button"
                  aria-label={t.drop(span)}
                  className="link min-h-9 whitespace-nowrap"
                  onClick={() => onDrop(start)}
                >
                  {t.remove}
                </button>
              </li>
            );
          })}
        </ul>
        {starts.length >= most ? <p className="mt-1 text-dns-14N-130 text-ink-soft">{t.full(most)}</p> : null}
      </div>
    </Group>
  );
}
