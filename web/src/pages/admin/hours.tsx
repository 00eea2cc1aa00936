import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '@/api/client';
import type { Desk, HoursView, SetHoursRequest, Week } from '@/api/schema';
import { dateOf, dayStart, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Dialog } from '@/ui/dialog';
import { DialogForm } from '@/ui/dialog-form';
import { CheckField, TextField } from '@/ui/form';
import { Loaded } from '@/ui/states';
import { useSave } from './save';
import { adminWords } from './text';

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

const words = texts(
  {
    center: '相談センターの営業時間',
    of: (name: string) => `${name}の営業時間`,
    days: ['月', '火', '水', '木', '金', '土', '日'],
    hint: '昼休みがある日は、午前と午後に分けて入力します。空欄の日は休みです。',
    follow: '相談センターと同じ時間にする',
    standard: '標準の時間にする(月〜金 9:00〜17:00)',
    from: '適用開始日',
    planned: 'これまでと今後の変更',
    standardHours: '標準の時間',
    slots: ['始め1', '終わり1', '始め2', '終わり2'],
  },
  {
    center: 'Hours of the help center',
    of: (name: string) => `Hours of ${name}`,
    days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
    hint: 'Where there is a lunch break, enter two periods. A day left empty is closed.',
    follow: 'As the help center',
    standard: 'Standard hours (Monday to Friday 9:00 to 17:00)',
    from: 'From',
    planned: 'Changes so far and to come',
    standardHours: 'Standard',
    slots: ['From 1', 'to 1', 'from 2', 'to 2'],
  },
);

interface Versioned {
  hours: HoursView;
  etag: string;
}

/** The hours of a desk, or of the help center. The version is in the header only. */
export function HoursDialog({ desk, onClose }: { desk?: Desk; onClose: () => void }) {
  const t = useTexts(words);
  const query = useQuery({
    queryKey: ['hours', desk?.id ?? 'center'],
    queryFn: async ({ signal }): Promise<Versioned> => {
      const { data, response } = desk
        ? await api.GET('/api/v1/desks/{id}/hours', { params: { path: { id: desk.id } }, signal })
        : await api.GET('/api/v1/settings/hours', { signal });
      return { hours: data as HoursView, etag: response.headers.get('etag') ?? '' };
    },
    staleTime: Infinity,
    gcTime: 0,
  });
  const title = desk ? t.of(desk.name) : t.center;
  if (query.data) return <EditHours title={title} desk={desk} known={query.data} onClose={onClose} />;
  return (
    <Dialog title={title} onClose={onClose}>
      <Loaded query={query} lines={4}>
        {() => null}
      </Loaded>
    </Dialog>
  );
}

/** A day as it stands in the fields: up to two periods as four times. */
type Typed = Record<(typeof DAYS)[number], string[]>;

function typedOf(week: Week): Typed {
  return Object.fromEntries(
    DAYS.map((day) => [day, [0, 1].flatMap((n) => [week[day]?.[n]?.from ?? '', week[day]?.[n]?.to ?? ''])]),
  ) as Typed;
}

/** The week that is meant; a period with one of its times missing is sent as it is, and refused in words. */
function weekOf(typed: Typed): Week {
  return Object.fromEntries(
    DAYS.map((day) => {
      const [a = '', b = '', c = '', d = ''] = typed[day];
      const periods = [
        { from: a, to: b },
        { from: c, to: d },
      ];
      return [day, periods.filter(({ from, to }) => from !== '' || to !== '')];
    }),
  );
}

interface EditProps {
  title: string;
  desk: Desk | undefined;
  known: Versioned;
  onClose: () => void;
}

function EditHours({ title, desk, known: { hours, etag }, onClose }: EditProps) {
  const t = useTexts(words);
  const admin = useTexts(adminWords);
  const today = dateOf(new Date());
  const current = hours.changes.filter(({ from }) => from <= today).at(-1);
  const [typed, setTyped] = useState(() => typedOf(hours.today));
  const [none, setNone] = useState(!current?.week);
  const [from, setFrom] = useState(today);
  const save = useSave((request: SetHoursRequest) => {
    const headers = { 'If-Match': etag };
    return desk
      ? body(api.PUT('/api/v1/desks/{id}/hours', { params: { path: { id: desk.id } }, headers, body: request }))
      : body(api.PUT('/api/v1/settings/hours', { headers, body: request }));
  }, onClose);
  const change = (day: keyof Typed, index: number, time: string) =>
    setTyped((before) => ({ ...before, [day]: before[day].with(index, time) }));
  return (
    <DialogForm
      title={title}
      act={admin.save}
      error={save.error}
      pending={save.isPending}
      onClose={onClose}
      onSubmit={() => save.mutate({ from, week: none ? null : weekOf(typed) })}
    >
      <CheckField label={desk ? t.follow : t.standard} checked={none} onChange={setNone} />
      {none ? null : (
        <>
          <p className="text-dns-14N-130 text-ink-soft">{t.hint}</p>
          {DAYS.map((day, index) => (
            <fieldset key={day} className="flex flex-wrap items-center gap-2">
              <legend className="float-left w-10 text-dns-16B-130">{t.days[index]}</legend>
              {typed[day].map((time, slot) => (
                <input
                  key={slot}
                  type="time"
                  aria-label={`${t.days[index] ?? ''} ${t.slots[slot] ?? ''}`}
                  value={time}
                  className="h-10 w-32 rounded-6 border border-line-strong px-2 text-dns-16N-130"
                  onChange={(event) => change(day, slot, event.target.value)}
                />
              ))}
            </fieldset>
          ))}
        </>
      )}
      <TextField label={t.from} pointer="/from" type="date" min={today} value={from} onChange={setFrom} />
      <Changes hours={hours} />
    </DialogForm>
  );
}

function Changes({ hours }: { hours: HoursView }) {
  const t = useTexts(words);
  const dates = useDates();
  if (hours.changes.length === 0) return null;
  const text = (week: Week) =>
    DAYS.flatMap((day, index) => {
      const periods = week[day] ?? [];
      if (periods.length === 0) return [];
      return [`${t.days[index] ?? ''} ${periods.map(({ from, to }) => `${from}–${to}`).join(' ')}`];
    }).join('、');
  return (
    <details className="text-dns-14N-130">
      <summary className="min-h-8 text-ink-soft hover:underline">{t.planned}</summary>
      <ul className="space-y-1">
        {hours.changes.map(({ from, week }) => (
          <li key={from}>
            <strong>{dates.fullDay(dayStart(from))}〜</strong> {week ? text(week) : t.standardHours}
          </li>
        ))}
      </ul>
    </details>
  );
}
