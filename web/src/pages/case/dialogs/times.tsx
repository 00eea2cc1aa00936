import { instant, later, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { SelectField, TextField } from '@/ui/form';

export const timesWords = texts(
  {
    date: '日付',
    time: '開始時刻',
    length: '長さ',
    minutes: (n: number) => `${n}分`,
    soon: '日付と時刻を入力してください。',
  },
  {
    date: 'Date',
    time: 'Start',
    length: 'Length',
    minutes: (n: number) => `${n} min`,
    soon: 'Enter a date and a time.',
  },
);

export const LENGTHS = ['30', '60', '90', '120', '150', '180'] as const;
export type Length = (typeof LENGTHS)[number];

/** The choice that is as long as a session is, one hour where there is none. */
export function lengthChoice(minutes: number): Length {
  return LENGTHS.find((choice) => Number(choice) === minutes) ?? '60';
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

/** Day, time and length of a session. */
export function Times({ date, time, length, onDate, onTime, onLength, wrong }: TimesProps) {
  const t = useTexts(timesWords);
  const dates = useDates();
  const start = instant(date, time || '00:00');
  const end = time && start && later(start, Number(length));
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
        {start ? (end ? `${dates.fullDay(start)} ${dates.time(start)}〜${dates.time(end)}` : dates.fullDay(start)) : ''}
      </p>
    </div>
  );
}
