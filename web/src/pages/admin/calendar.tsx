import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '@/api/client';
import type { AddExceptionRequest, CalendarException } from '@/api/schema';
import { desks } from '@/data/directory';
import { dateOf, dayStart, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Chip } from '@/ui/chip';
import { columnsOf, type Column } from '@/ui/data-table';
import { DialogForm } from '@/ui/dialog-form';
import { RadioField, SelectField, TextField } from '@/ui/form';
import { HoursDialog } from './hours';
import { OfficeList } from './list';
import { filled, useSave } from './save';
import { TakeBack } from './take-back';
import { adminWords } from './text';

const words = texts(
  {
    add: '休業・臨時開所を登録',
    none: '登録された休業・臨時開所はありません',
    noneWhy: '国民の祝日と年末年始(12月29日〜1月3日)は、登録しなくても休業日です。',
    days: '期間',
    kind: '種類',
    kinds: { closed: '休業', open: '臨時開所' },
    hours: '時間',
    allDay: '終日',
    whose: '対象',
    center: '相談センター(と、同じ時間の窓口)',
    reason: '理由',
    first: '最初の日',
    last: '最後の日',
    lastHint: '空欄なら1日だけです。',
    from: '開始時刻',
    to: '終了時刻',
    hoursHint: '休業で空欄なら終日です。臨時開所には時刻が必要です。',
    remove: '取り消す',
    centerHours: '相談センターの営業時間',
    removeWhat: 'この登録を取り消します。',
  },
  {
    add: 'Enter a closure or an opening',
    none: 'No closures or extra openings',
    noneWhy: 'National holidays and the year end are closed anyway.',
    days: 'Days',
    kind: 'Kind',
    kinds: { closed: 'Closed', open: 'Open' },
    hours: 'Hours',
    allDay: 'all day',
    whose: 'Whose',
    center: 'Help center (and desks that follow it)',
    reason: 'Reason',
    first: 'First day',
    last: 'Last day',
    lastHint: 'Empty: one day only.',
    from: 'From',
    to: 'To',
    hoursHint: 'Empty: the whole day. An opening needs times.',
    remove: 'Take back',
    centerHours: 'Hours of the help center',
    removeWhat: 'This entry is taken back.',
  },
);

const exceptions = {
  queryKey: ['calendar', 'exceptions'],
  queryFn: ({ signal }: { signal: AbortSignal }) => body(api.GET('/api/v1/calendar/exceptions', { signal })),
};

type Opened = 'new' | 'hours' | CalendarException;

/** When offices are closed or open against their habit, and the help center's hours. */
export function CalendarPart() {
  const t = useTexts(words);
  const admin = useTexts(adminWords);
  const [opened, setOpened] = useState<Opened>();
  const query = useQuery(exceptions);
  const columns = useColumns(setOpened);
  const close = () => setOpened(undefined);
  return (
    <>
      <OfficeList
        caption={admin.parts.calendar}
        add={t.add}
        onAdd={() => setOpened('new')}
        query={{ ...query, data: query.data?.items }}
        columns={columns}
        empty={{ icon: 'calendar', title: t.none, why: t.noneWhy }}
      >
        <Button onClick={() => setOpened('hours')}>{t.centerHours}</Button>
      </OfficeList>
      {opened === 'new' ? <AddException onClose={close} /> : null}
      {opened === 'hours' ? <HoursDialog onClose={close} /> : null}
      {typeof opened === 'object' ? <RemoveException exception={opened} onClose={close} /> : null}
    </>
  );
}

function useDays(): (exception: CalendarException) => string {
  const dates = useDates();
  return ({ date_from, date_to }) => {
    const first = dates.fullDay(dayStart(date_from));
    return date_from === date_to ? first : `${first}〜${dates.fullDay(dayStart(date_to))}`;
  };
}

const helper = columnsOf<CalendarException>();

function useColumns(onRemove: (exception: CalendarException) => void): Column<CalendarException>[] {
  const t = useTexts(words);
  const admin = useTexts(adminWords);
  const days = useDays();
  const allDesks = useQuery(desks).data?.items;
  return [
    helper.display({ id: 'days', header: t.days, cell: ({ row }) => <strong>{days(row.original)}</strong> }),
    helper.display({
      id: 'kind',
      header: t.kind,
      cell: ({ row: { original } }) => (
        <Chip tone={original.open ? 'green' : 'orange'}>{original.open ? t.kinds.open : t.kinds.closed}</Chip>
      ),
    }),
    helper.display({
      id: 'hours',
      header: t.hours,
      cell: ({ row: { original } }) => (original.from ? `${original.from}–${original.to ?? ''}` : t.allDay),
    }),
    helper.display({
      id: 'whose',
      header: t.whose,
      cell: ({ row: { original } }) =>
        original.desk_id ? (allDesks?.find(({ id }) => id === original.desk_id)?.name ?? '—') : t.center,
    }),
    helper.display({ id: 'reason', header: t.reason, cell: ({ row }) => row.original.reason }),
    helper.display({
      id: 'remove',
      header: admin.edit,
      cell: ({ row: { original } }) => (
        <Button size="sm" aria-label={`${t.remove}: ${days(original)}`} onClick={() => onRemove(original)}>
          {t.remove}
        </Button>
      ),
    }),
  ] as Column<CalendarException>[];
}

function AddException({ onClose }: { onClose: () => void }) {
  const t = useTexts(words);
  const admin = useTexts(adminWords);
  const allDesks = useQuery(desks).data?.items ?? [];
  const [kind, setKind] = useState<'closed' | 'open'>('closed');
  const [desk, setDesk] = useState('');
  const [first, setFirst] = useState(dateOf(new Date()));
  const [last, setLast] = useState('');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [reason, setReason] = useState('');
  const save = useSave(
    (request: AddExceptionRequest, once) =>
      body(api.POST('/api/v1/calendar/exceptions', { params: { header: once }, body: request })),
    onClose,
  );
  return (
    <DialogForm
      title={t.add}
      act={admin.save}
      error={save.error}
      pending={save.isPending}
      onClose={onClose}
      onSubmit={() =>
        save.mutate({
          open: kind === 'open',
          date_from: first,
          reason,
          ...filled({ desk_id: desk, date_to: last, from, to }),
        })
      }
    >
      <RadioField
        label={t.kind}
        pointer="/open"
        value={kind}
        onChange={setKind}
        choices={(['closed', 'open'] as const).map((word) => [word, t.kinds[word]])}
      />
      <SelectField
        label={t.whose}
        pointer="/desk_id"
        value={desk}
        onChange={setDesk}
        choices={[['', t.center], ...allDesks.map(({ id, name }) => [id, name] as const)]}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label={t.first} pointer="/date_from" type="date" required value={first} onChange={setFirst} />
        <TextField label={t.last} hint={t.lastHint} pointer="/date_to" type="date" value={last} onChange={setLast} />
        <TextField
          label={t.from}
          pointer="/from"
          type="time"
          required={kind === 'open'}
          value={from}
          onChange={setFrom}
        />
        <TextField label={t.to} pointer="/to" type="time" required={kind === 'open'} value={to} onChange={setTo} />
      </div>
      <p className="text-dns-14N-130 text-ink-soft">{t.hoursHint}</p>
      <TextField label={t.reason} pointer="/reason" required value={reason} onChange={setReason} />
    </DialogForm>
  );
}

function RemoveException({ exception, onClose }: { exception: CalendarException; onClose: () => void }) {
  const t = useTexts(words);
  const days = useDays();
  const params = { path: { id: exception.id } };
  return (
    <TakeBack
      act={t.remove}
      what={`${t.removeWhat} ${days(exception)} ${exception.reason}`}
      remove={() => api.DELETE('/api/v1/calendar/exceptions/{id}', { params })}
      onClose={onClose}
    />
  );
}
