import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { ConsultationView } from '@/api/schema';
import { bookedCases, sessionList } from '@/data/sessions';
import { useMe } from '@/shell/use-me';
import { dateOf, midnight, useDates } from '@/text/dates';
import { useNow } from '@/text/now';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { Chip } from '@/ui/chip';
import { Page } from '@/ui/page';
import { Loaded } from '@/ui/states';

const words = texts(
  {
    title: '日程',
    earlier: '前の週',
    later: '次の週',
    now: '今週',
    none: '予定なし',
    today: 'きょう',
    nth: (n: number) => `第${n}回`,
    record: '要記録',
  },
  {
    title: 'Schedule',
    earlier: 'Week before',
    later: 'Week after',
    now: 'This week',
    none: 'Nothing',
    today: 'Today',
    nth: (n: number) => `No. ${n}`,
    record: 'To be recorded',
  },
);

const DAY_MS = 86_400_000;

/** The Monday of the week of a day, both as `2026-11-24`. */
function mondayOf(date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  return new Date(day.getTime() - ((day.getUTCDay() + 6) % 7) * DAY_MS).toISOString().slice(0, 10);
}

function daysLater(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The sessions of a week, a column per day, the weekend only where something is. */
export function SchedulePage() {
  const t = useTexts(words);
  const dates = useDates();
  const me = useMe();
  const navigate = useNavigate();
  const today = dateOf(midnight(0));
  const monday = mondayOf(useSearch({ from: '/app/schedule' }).from ?? today);
  const go = (from: string) => void navigate({ to: '/schedule', search: { from } });
  const whose =
    me.role === 'desk' && me.desk_id
      ? { desk_id: me.desk_id }
      : me.role === 'manager' && me.manager_id
        ? { manager_id: me.manager_id }
        : {};
  const query = useQuery(
    sessionList({ ...whose, from: `${monday}T00:00:00+09:00`, to: `${daysLater(monday, 7)}T00:00:00+09:00` }),
  );
  const title = `${t.title} ${dates.day(`${monday}T00:00:00+09:00`)}〜`;
  return (
    <Page
      title={title}
      beside={
        <div className="flex gap-2">
          <Button size="sm" onClick={() => go(daysLater(monday, -7))}>
            {t.earlier}
          </Button>
          <Button size="sm" onClick={() => go(today)}>
            {t.now}
          </Button>
          <Button size="sm" onClick={() => go(daysLater(monday, 7))}>
            {t.later}
          </Button>
        </div>
      }
    >
      <Loaded query={query}>
        {(sessions) => {
          const used = sessions.filter(({ state }) => state !== 'cancelled' && state !== 'voided');
          const byDay = Map.groupBy(used, ({ starts_at }) => dateOf(starts_at));
          const days = Array.from({ length: 7 }, (_, day) => daysLater(monday, day)).filter(
            (date, index) => index < 5 || byDay.has(date),
          );
          return (
            <ol className={`grid gap-x-2 gap-y-4 ${days.length > 5 ? 'md:grid-cols-7' : 'md:grid-cols-5'}`}>
              {days.map((date) => (
                <li key={date} className="min-w-0">
                  <h2
                    className={`mb-2 border-b-2 pb-1 text-dns-16B-130 ${date === today ? 'border-blue-900 text-blue-900' : 'border-line'}`}
                  >
                    {dates.day(`${date}T00:00:00+09:00`)} {date === today ? t.today : ''}
                  </h2>
                  <ul className="space-y-2">
                    {byDay.get(date)?.map((session) => <Entry key={session.id} session={session} />) ?? (
                      <li className="text-dns-14N-130 text-ink-soft">{t.none}</li>
                    )}
                  </ul>
                </li>
              ))}
            </ol>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Entry({ session }: { session: ConsultationView }) {
  const t = useTexts(words);
  const names = useWords();
  const dates = useDates();
  const seen = useQuery(bookedCases).data?.get(session.case_id);
  const now = useNow();
  const unrecorded = session.state === 'booked' && new Date(session.ends_at) < now;
  return (
    <li
      className={`rounded-6 border p-2 text-dns-14N-130 ${session.state === 'booked' ? 'border-blue-900' : 'border-line bg-ground'}`}
    >
      <p className="flex flex-wrap items-center justify-between gap-1 text-dns-14B-130">
        {dates.time(session.starts_at)}–{dates.time(session.ends_at)}
        {unrecorded ? <Chip tone="red">{t.record}</Chip> : null}
      </p>
      <Link to="/cases/$id" params={{ id: session.case_id }} className="link">
        {seen?.enterprise.name ?? session.case_number}
      </Link>
      <p>
        {session.session ? t.nth(session.session) : names.session[session.state]}・{names.mode[session.mode]}
        {session.state === 'booked' ? '' : `・${names.session[session.state]}`}
      </p>
      <p className="text-ink-soft">{session.managers.map(({ name }) => name).join('、')}</p>
    </li>
  );
}
