import { useState } from 'react';
import { api, body } from '@/api/client';
import type { CaseView, InteractionRequest, TimelineMail } from '@/api/schema';
import { useSend } from '@/api/send';
import { useMe } from '@/shell/use-me';
import { dateOf, instant } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { CheckField, Form, SelectField, TextArea, TextField } from '@/ui/form';
import { say } from '@/ui/toast';
import { RECORD_ID } from './record-id';
import { Reply } from './reply';

const words = texts(
  {
    call: '電話・連絡',
    note: '内部メモ',
    mail: 'メール',
    kind: '手段',
    direction: '向き',
    with: '相手',
    other: 'その他の相手',
    name: '相手の氏名',
    result: '結果',
    body: '内容',
    noteBody: '内部メモ(職員だけに見えます)',
    callback: '折り返しの約束',
    date: '日付',
    time: '時刻',
    now: 'いまの対応として記録',
    save: '記録する',
    saved: '記録しました。',
    noteSaved: 'メモを残しました。',
    missing: '日付と時刻を入力してください。',
  },
  {
    call: 'Call or contact',
    note: 'Internal note',
    mail: 'Mail',
    kind: 'By',
    direction: 'Direction',
    with: 'With',
    other: 'Somebody else',
    name: 'Their name',
    result: 'Result',
    body: 'What was said',
    noteBody: 'Internal note (only staff see it)',
    callback: 'Callback promised for',
    date: 'Date',
    time: 'Time',
    now: 'It was just now',
    save: 'Record',
    saved: 'Recorded.',
    noteSaved: 'Noted.',
    missing: 'Enter a date and a time.',
  },
);

export type RecordTab = 'call' | 'note' | 'mail';

interface RecordProps {
  seen: CaseView;
  tab: RecordTab;
  onTab: (tab: RecordTab) => void;
  /** The mail that is answered. */
  answered: TimelineMail | undefined;
  /** A call was written down. */
  onRecorded: () => void;
}

/** Writing down what just happened, and writing to the enterprise, without leaving the page. */
export function Record({ seen, tab, onTab, answered, onRecorded }: RecordProps) {
  const t = useTexts(words);
  const { permissions } = useMe();
  const tabs = (['call', 'mail', 'note'] as const).filter(
    (one) => one !== 'mail' || permissions.includes('write_messages'),
  );
  return (
    <div id={RECORD_ID}>
      <div className="mb-3 flex border-b border-line">
        {tabs.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={tab === one}
            className="focus-inside min-h-10 flex-1 border-b-4 border-transparent px-2 text-dns-16N-130 hover:bg-blue-50 aria-pressed:border-blue-900 aria-pressed:font-bold aria-pressed:text-blue-900"
            onClick={() => onTab(one)}
          >
            {t[one]}
          </button>
        ))}
      </div>
      {/* All stay, so that turning to another loses nothing typed. */}
      <div hidden={tab !== 'call'}>
        <Call seen={seen} onRecorded={onRecorded} />
      </div>
      <div hidden={tab !== 'note'}>
        <Note id={seen.id} />
      </div>
      {tabs.includes('mail') ? (
        <div hidden={tab !== 'mail'}>
          <Reply seen={seen} answered={answered} shown={tab === 'mail'} />
        </div>
      ) : null}
    </div>
  );
}

function Note({ id }: { id: string }) {
  const t = useTexts(words);
  const [text, setText] = useState('');
  const send = useSend(
    (note: string, once) =>
      body(api.POST('/api/v1/cases/{id}/notes', { params: { path: { id }, header: once }, body: { body: note } })),
    () => {
      setText('');
      say(t.noteSaved);
    },
  );
  return (
    <Form error={send.error} onSubmit={() => send.mutate(text)} className="space-y-3" label={t.note}>
      <TextArea label={t.noteBody} pointer="/body" value={text} onChange={setText} rows={3} />
      <Button type="submit" pending={send.isPending}>
        {t.save}
      </Button>
    </Form>
  );
}

type Kind = InteractionRequest['kind'];
const OTHER = 'other';

function Call({ seen, onRecorded }: Pick<RecordProps, 'seen' | 'onRecorded'>) {
  const t = useTexts(words);
  const names = useWords();
  const me = useMe();
  const primary = seen.contacts.find(({ role }) => role === 'primary') ?? seen.contacts[0];
  const [kind, setKind] = useState<Kind>('phone');
  const [direction, setDirection] = useState<InteractionRequest['direction']>('outbound');
  const [result, setResult] = useState<InteractionRequest['result']>('reached');
  const [contact, setContact] = useState(primary?.id ?? OTHER);
  const [counterpart, setCounterpart] = useState('');
  const [text, setText] = useState('');
  const [justNow, setJustNow] = useState(true);
  const [date, setDate] = useState(dateOf(new Date()));
  const [time, setTime] = useState('');
  const [backDate, setBackDate] = useState(dateOf(new Date()));
  const [backTime, setBackTime] = useState('');
  const [tried, setTried] = useState(false);

  const send = useSend(
    (request: InteractionRequest, once) =>
      body(
        api.POST('/api/v1/cases/{id}/interactions', {
          params: { path: { id: seen.id }, header: once },
          body: request,
        }),
      ),
    () => {
      setText('');
      setCounterpart('');
      setResult('reached');
      setJustNow(true);
      setTried(false);
      say(t.saved);
      onRecorded();
    },
  );

  const occurred = justNow ? undefined : instant(date, time);
  const back = result === 'callback' ? instant(backDate, backTime) : undefined;
  const submit = () => {
    setTried(true);
    if ((!justNow && !occurred) || (result === 'callback' && !back)) return;
    send.mutate({
      kind,
      direction,
      result,
      body: text,
      // To the minute, so that the same request sent again is the same.
      occurred_at: occurred ?? `${new Date().toISOString().slice(0, 16)}:00Z`,
      ...(contact === OTHER ? (counterpart ? { counterpart } : {}) : { contact_id: contact }),
      ...(back ? { callback_at: back } : {}),
    });
  };

  if (!me.permissions.includes('record_interactions')) return null;
  return (
    <Form error={send.error} onSubmit={submit} className="grid grid-cols-2 gap-3" label={t.call}>
      <SelectField
        label={t.kind}
        pointer="/kind"
        value={kind}
        onChange={setKind}
        choices={(['phone', 'visit', 'fax', 'web', 'other'] as const).map((word) => [word, names.interaction[word]])}
      />
      <SelectField
        label={t.direction}
        pointer="/direction"
        value={direction}
        onChange={setDirection}
        choices={(['outbound', 'inbound'] as const).map((word) => [word, names.direction[word]])}
      />
      <SelectField
        label={t.with}
        pointer="/contact_id"
        value={contact}
        onChange={setContact}
        choices={[
          ...seen.contacts.map(({ id, name, role }) => [id, name ?? names.contact[role]] as const),
          [OTHER, t.other],
        ]}
      />
      <SelectField
        label={t.result}
        pointer="/result"
        value={result}
        onChange={setResult}
        choices={(['reached', 'absent', 'callback', 'voicemail'] as const).map((word) => [word, names.result[word]])}
      />
      {contact === OTHER ? (
        <TextField
          label={t.name}
          pointer="/counterpart"
          className="col-span-2"
          value={counterpart}
          onChange={setCounterpart}
        />
      ) : null}
      {result === 'callback' ? (
        <When
          legend={t.callback}
          pointer="/callback_at"
          date={backDate}
          time={backTime}
          onDate={setBackDate}
          onTime={setBackTime}
          wrong={tried && !back ? t.missing : undefined}
        />
      ) : null}
      <TextArea label={t.body} pointer="/body" className="col-span-2" value={text} onChange={setText} rows={3} />
      <CheckField label={t.now} checked={justNow} onChange={setJustNow} className="col-span-2" />
      {justNow ? null : (
        <When
          legend={t.date}
          pointer="/occurred_at"
          date={date}
          time={time}
          onDate={setDate}
          onTime={setTime}
          wrong={tried && !occurred ? t.missing : undefined}
        />
      )}
      <div className="col-span-2">
        <Button type="submit" pending={send.isPending}>
          {t.save}
        </Button>
      </div>
    </Form>
  );
}

interface WhenProps {
  legend: string;
  pointer: string;
  date: string;
  time: string;
  onDate: (date: string) => void;
  onTime: (time: string) => void;
  wrong?: string | undefined;
}

/** A date and a time side by side. */
export function When({ legend, pointer, date, time, onDate, onTime, wrong }: WhenProps) {
  const t = useTexts(words);
  return (
    <>
      <TextField label={legend} pointer={pointer} type="date" value={date} onChange={onDate} wrong={wrong} />
      <TextField label={t.time} pointer={`${pointer}#time`} type="time" value={time} onChange={onTime} />
    </>
  );
}
