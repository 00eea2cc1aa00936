import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import type { Absence, CaseView, ConsultationView, DayView, Slot } from '@/api/schema';
import { oneCase } from '@/data/cases';
import { absencesOf, calendarDays, freeSlots } from '@/data/calendar';
import { desks } from '@/data/directory';
import { namesOfCases, sessionList } from '@/data/sessions';
import { commonSlots, daysShown, joined, type Span } from '@/data/week';
import { useMe } from '@/shell/use-me';
import { dateOf, daysLater, dayStart, midnight, mondayOf, useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { Button, LinkButton } from '@/ui/button';
import { useNarrow } from '@/ui/narrow';
import { Page } from '@/ui/page';
import { Loaded } from '@/ui/states';
import { Agenda, DayStrip } from './agenda';
import { BookingFor, Filters } from './filters';
import { Grid } from './grid';
import type { ScheduleSearch } from './search';
import { scheduleWords } from './text';

const Reschedule = lazy(async () => ({
  default: (await import('@/pages/case/dialogs/reschedule')).RescheduleDialog,
}));
const Book = lazy(async () => ({ default: (await import('@/pages/case/dialogs/book')).BookDialog }));

/** Everything that a week shows, however it is drawn. */
export interface Week {
  monday: string;
  /** The days that have a column. */
  shown: readonly string[];
  days: readonly DayView[];
  sessions: readonly ConsultationView[];
  /** When the experts chosen are away, and when all of them are free. */
  absences: readonly Absence[];
  free: readonly Span[];
  /** What of it was offered to an enterprise that has not answered yet. */
  held: readonly Span[];
  /** Where a session of the case that one comes from may begin. */
  starts: readonly Slot[];
  /** Names of enterprises by case. */
  names: ReadonlyMap<string, string>;
}

/** What lies over the page. */
export type Chosen = { session: ConsultationView; to?: Span } | { start: string };

/** More of them at the same time cannot be read side by side. */
const MOST_LANES = 4;

/** A week of sessions: on a grid where there is room, a day as a list where there is none. */
export function SchedulePage() {
  const t = useTexts(scheduleWords);
  const dates = useDates();
  const narrow = useNarrow();
  const { permissions } = useMe();
  const search = useSearch({ from: '/app/schedule' });
  const navigate = useNavigate();
  const today = dateOf(midnight(0));
  const date = search.from ?? today;
  const monday = mondayOf(date);
  const seen = useQuery({ ...oneCase(search.case_id ?? ''), enabled: search.case_id !== undefined }).data;
  const { query, week, filter } = useWeek(monday, search, seen);
  // Kept here, not in the grid: what was typed outlives a page that becomes narrow.
  const [chosen, setChosen] = useState<Chosen>();
  const [returning, setReturning] = useReturning();
  const go = (from: string) => void navigate({ to: '/schedule', search: { ...search, from } });
  const step = narrow ? 1 : 7;
  const title = narrow ? `${t.title} ${dates.day(dayStart(date))}` : `${t.title} ${dates.day(dayStart(monday))}〜`;
  return (
    <Page
      title={title}
      beside={
        <div className="flex flex-wrap items-center gap-2">
          <Button size="sm" onClick={() => go(daysLater(date, -step))}>
            {narrow ? t.dayBefore : t.earlier}
          </Button>
          <Button size="sm" onClick={() => go(today)}>
            {narrow ? t.today : t.now}
          </Button>
          <Button size="sm" onClick={() => go(daysLater(date, step))}>
            {narrow ? t.dayAfter : t.later}
          </Button>
          <input
            type="date"
            aria-label={t.date}
            value={date}
            className="h-9 rounded-6 border border-line-strong px-2 text-dns-14N-130"
            onChange={(event) => {
              if (event.target.value) go(event.target.value);
            }}
          />
          {permissions.includes('make_exports') ? (
            <LinkButton to="/exports" search={{ list: 'sessions', ...filter }} size="sm">
              {t.exported}
            </LinkButton>
          ) : null}
        </div>
      }
    >
      {seen ? <BookingFor seen={seen} week={week} /> : null}
      <Filters search={search} />
      <Loaded query={query} lines={10}>
        {() => (
          <Drawn
            week={week}
            date={date}
            narrow={narrow}
            returning={chosen ? undefined : returning}
            onGo={go}
            onChoose={setChosen}
            onReturn={setReturning}
          />
        )}
      </Loaded>
      <Suspense>
        <Over
          chosen={chosen}
          seen={seen}
          onClose={() => {
            setChosen(undefined);
            if (chosen && 'session' in chosen) setReturning(chosen.session.id);
          }}
        />
      </Suspense>
    </Page>
  );
}

/**
 * Whose handle takes the focus again, whenever it is drawn: first where it was, then on its new day. Until the person goes
 * on with something else.
 */
function useReturning() {
  const [returning, setReturning] = useState<string>();
  useEffect(() => {
    if (!returning) return;
    const forget = () => setReturning(undefined);
    document.addEventListener('keydown', forget);
    document.addEventListener('pointerdown', forget);
    return () => {
      document.removeEventListener('keydown', forget);
      document.removeEventListener('pointerdown', forget);
    };
  }, [returning]);
  return [returning, setReturning] as const;
}

interface DrawnProps {
  week: Week;
  date: string;
  narrow: boolean;
  returning: string | undefined;
  onGo: (date: string) => void;
  onChoose: (chosen: Chosen) => void;
  onReturn: (session: string) => void;
}

function Drawn({ week, date, narrow, returning, onGo, onChoose, onReturn }: DrawnProps) {
  const t = useTexts(scheduleWords);
  if (narrow) {
    return (
      <>
        <DayStrip week={week} date={date} onGo={onGo} />
        <Agenda week={week} dates={[date]} onChoose={onChoose} />
      </>
    );
  }
  if (mostAtOnce(week.sessions) > MOST_LANES) {
    return (
      <>
        <p className="mb-3 text-dns-14N-130 text-ink-soft">{t.crowded}</p>
        <Agenda week={week} dates={week.shown} onChoose={onChoose} />
      </>
    );
  }
  return <Grid week={week} returning={returning} onGo={onGo} onChoose={onChoose} onReturn={onReturn} />;
}

function mostAtOnce(sessions: readonly Span[]): number {
  const edges = sessions
    .flatMap(({ starts_at, ends_at }) => [[Date.parse(starts_at), 1] as const, [Date.parse(ends_at), -1] as const])
    .toSorted(([a, opens], [b, other]) => a - b || opens - other);
  let open = 0;
  return Math.max(0, ...edges.map(([, change]) => (open += change)));
}

function Over({
  chosen,
  seen,
  onClose,
}: {
  chosen: Chosen | undefined;
  seen: CaseView | undefined;
  onClose: () => void;
}) {
  if (!chosen) return null;
  if ('session' in chosen) {
    const { session, to } = chosen;
    return <Reschedule session={session} {...(to ? { to } : {})} onClose={onClose} />;
  }
  return seen ? <Book seen={seen} start={chosen.start} onClose={onClose} /> : null;
}

/** Whose sessions a person sees: a desk its own, a manager theirs, others what they choose. */
export function useWhose({ desk_id, manager_id, case_id }: ScheduleSearch): { desk_id?: string; manager_id?: string } {
  const me = useMe();
  const free = me.role === 'supervisor' || me.role === 'admin';
  const first = useQuery({ ...desks, enabled: free }).data?.items.find(({ active }) => active)?.id;
  if (me.role === 'manager') return me.manager_id ? { manager_id: me.manager_id } : {};
  // A desk that looks for a time sees everything it may of the manager; otherwise the list would be all desks' at once.
  const desk = me.role === 'desk' ? me.desk_id : desk_id === 'all' || manager_id || case_id ? undefined : first;
  const chosen = desk_id && desk_id !== 'all' ? desk_id : desk;
  return { ...(chosen ? { desk_id: chosen } : {}), ...(manager_id ? { manager_id } : {}) };
}

function useWeek(monday: string, search: ScheduleSearch, seen: CaseView | undefined) {
  const sunday = daysLater(monday, 6);
  const whose = useWhose(search);
  const managers = whose.manager_id ? [whose.manager_id] : (seen?.managers.map(({ id }) => id) ?? []);
  const desk = seen?.desk?.id ?? whose.desk_id;
  const days = { from: monday, to: sunday };
  const filter = { ...whose, from: dayStart(monday), to: dayStart(daysLater(monday, 7)) };
  const query = useQuery({ ...sessionList(filter), placeholderData: keepPreviousData });
  const calendar = useQuery(calendarDays(monday, sunday, desk)).data;
  const names = useQuery(namesOfCases(whose)).data;
  const slots = (minutes: number) => managers.map((id) => freeSlots(id, days, minutes, desk));
  const halfHours = useQueries({ queries: slots(30) });
  const hours = useQueries({ queries: seen ? slots(60) : [] });
  const away = useQueries({ queries: managers.map((id) => absencesOf(id, days)) });
  const sessions = (query.data ?? []).filter(({ state }) => state !== 'cancelled' && state !== 'voided');
  const common = commonSlots(halfHours.map(({ data }) => data ?? []));
  const week: Week = {
    monday,
    shown: daysShown(monday, calendar ?? [], sessions),
    days: calendar ?? [],
    sessions,
    absences: away.flatMap(({ data }) => data ?? []),
    free: joined(common),
    held: joined(common.filter(({ is_held }) => is_held)),
    starts: commonSlots(hours.map(({ data }) => data ?? [])),
    names: names ?? new Map<string, string>(),
  };
  return { query, week, filter };
}
