import { Link } from '@tanstack/react-router';
import type { ConsultationView } from '@/api/schema';
import { partOfDay } from '@/data/week';
import { dateOf, daysLater, dayStart, midnight, useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Chip } from '@/ui/chip';
import { useEntry } from './entry';
import type { Chosen, Week } from './schedule';
import { scheduleWords } from './text';

interface AgendaProps {
  week: Week;
  dates: readonly string[];
  onChoose: (chosen: Chosen) => void;
}

/** Days as lists: on a phone one of them, elsewhere side by side where a grid could not be read. */
export function Agenda({ week, dates, onChoose }: AgendaProps) {
  return (
    <ol
      className={`grid gap-x-2 gap-y-4 ${dates.length > 5 ? 'md:grid-cols-7' : dates.length > 1 ? 'md:grid-cols-5' : ''}`}
    >
      {dates.map((date) => (
        <Day key={date} week={week} date={date} onChoose={onChoose} />
      ))}
    </ol>
  );
}

/** On a phone: the seven days, and how much there is on each. */
export function DayStrip({ week, date, onGo }: { week: Week; date: string; onGo: (date: string) => void }) {
  const t = useTexts(scheduleWords);
  const dates = useDates();
  return (
    <ul className="mb-4 grid grid-cols-7 gap-1">
      {Array.from({ length: 7 }, (_, index) => daysLater(week.monday, index)).map((day) => {
        const count = week.sessions.filter((session) => partOfDay(session, day)).length;
        return (
          <li key={day}>
            <button
              type="button"
              aria-pressed={day === date}
              className="flex min-h-12 w-full flex-col items-center justify-center rounded-6 border border-line text-dns-14N-120 aria-pressed:border-blue-900 aria-pressed:bg-blue-900 aria-pressed:text-white"
              onClick={() => onGo(day)}
            >
              <span className="sr-only">
                {dates.day(dayStart(day))} {t.count(count)}
              </span>
              <span aria-hidden>{dates.weekday(dayStart(day))}</span>
              <span aria-hidden className="text-dns-14B-120">
                {count || '–'}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function Day({ week, date, onChoose }: { week: Week; date: string; onChoose: (chosen: Chosen) => void }) {
  const t = useTexts(scheduleWords);
  const dates = useDates();
  const sessions = week.sessions.filter((session) => partOfDay(session, date));
  const absences = week.absences.filter((absence) => partOfDay(absence, date));
  const starts = week.starts.filter(({ starts_at }) => dateOf(starts_at) === date);
  const day = week.days.find((one) => one.date === date);
  const empty = sessions.length === 0 && absences.length === 0;
  return (
    <li className="min-w-0">
      <DayHeading date={date} closed={day && !day.open ? (day.reason ?? t.closed) : undefined} />
      <ul className="space-y-2">
        {absences.map((absence) => (
          <li key={absence.id} className="rounded-6 border border-dashed border-line-strong p-2 text-dns-14N-130">
            {t.absent} {dates.span(absence.starts_at, absence.ends_at)}
          </li>
        ))}
        {sessions.map((session) => (
          <Line key={session.id} session={session} week={week} onChoose={onChoose} />
        ))}
        {empty ? <li className="text-dns-14N-130 text-ink-soft">{t.none}</li> : null}
      </ul>
      {starts.length > 0 ? (
        <ul aria-label={t.free} className="mt-3 flex flex-wrap gap-2">
          {starts.map(({ starts_at, is_held }) => (
            <li key={starts_at}>
              <Button
                size="sm"
                aria-label={t.book(dates.dayTime(starts_at)) + (is_held ? ` (${t.held})` : '')}
                className={is_held ? 'border-dashed' : ''}
                onClick={() => onChoose({ start: starts_at })}
              >
                {dates.time(starts_at)}
                {is_held ? `(${t.held})` : ''}
              </Button>
            </li>
          ))}
        </ul>
      ) : null}
    </li>
  );
}

/** A day's date, today marked, and why it is closed. */
export function DayHeading({ date, closed }: { date: string; closed: string | undefined }) {
  const t = useTexts(scheduleWords);
  const dates = useDates();
  const today = date === dateOf(midnight(0));
  return (
    <h2 className={`mb-2 border-b-2 pb-1 text-dns-16B-130 ${today ? 'border-blue-900 text-blue-900' : 'border-line'}`}>
      {dates.day(dayStart(date))} {today ? t.today : ''}
      {closed === undefined ? null : (
        <span className="block text-dns-14N-130 text-ink-soft">
          {t.closed}({closed})
        </span>
      )}
    </h2>
  );
}

interface LineProps {
  session: ConsultationView;
  week: Week;
  onChoose: (chosen: Chosen) => void;
}

function Line({ session, week, onChoose }: LineProps) {
  const t = useTexts(scheduleWords);
  const entry = useEntry(session, week.names);
  return (
    <li
      className={`rounded-6 border p-2 text-dns-14N-130 ${session.state === 'booked' ? 'border-blue-900' : 'border-line bg-ground'}`}
    >
      <p className="flex flex-wrap items-center justify-between gap-1 text-dns-14B-130">
        {entry.time}
        {entry.unrecorded ? <Chip tone="red">{t.record}</Chip> : null}
      </p>
      <Link to="/cases/$id" params={{ id: session.case_id }} className="link">
        {entry.who}
      </Link>
      <p>
        {entry.what}
        {entry.state ? `・${entry.state}` : ''}
      </p>
      <p className="text-ink-soft">{entry.managers}</p>
      {entry.movable ? (
        <Button
          size="sm"
          className="mt-1"
          aria-label={`${t.reschedule}: ${entry.text}`}
          onClick={() => onChoose({ session })}
        >
          {t.reschedule}
        </Button>
      ) : null}
    </li>
  );
}
