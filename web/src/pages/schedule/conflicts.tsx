/** What speaks against a time, loaded around it and said in words. */
import { useQueries, useQuery } from '@tanstack/react-query';
import { caseSessions, oneCase } from '@/data/cases';
import { absencesOf, calendarDays, freeSlots } from '@/data/calendar';
import { conflictsOf, isRefused, type Conflict, type Plan } from '@/data/conflicts';
import { sessionList } from '@/data/sessions';
import { dateOf, daysLater, dayStart, mondayOf, useDates } from '@/text/dates';
import { useNow } from '@/text/now';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Notice } from '@/ui/notice';
import { scheduleWords } from './text';

const HALF_HOUR = 30;

/** The conflicts of a plan; what is not loaded yet does not count. A week is loaded at once, so that times can be tried. */
export function useConflicts(plan: Plan | undefined): Conflict[] {
  const now = useNow();
  const from = mondayOf(dateOf(plan?.starts_at ?? now));
  const days = { from, to: daysLater(from, 6) };
  const time = { from: dayStart(from), to: dayStart(daysLater(from, 7)) };
  const ids = plan?.managers.map(({ id }) => id) ?? [];
  const enabled = plan !== undefined;
  const caseId = plan?.case_id ?? '';
  const desk = useQuery({ ...oneCase(caseId), enabled }).data?.desk?.id;
  const ofCase = useQuery({ ...caseSessions(caseId), enabled }).data?.items;
  const calendar = useQuery({ ...calendarDays(days.from, days.to, desk), enabled: enabled && desk !== undefined }).data;
  const ofManagers = useQueries({ queries: ids.map((id) => sessionList({ manager_id: id, ...time })) });
  const absences = useQueries({ queries: ids.map((id) => absencesOf(id, days)) });
  const free = useQueries({
    queries: ids.map((id) => ({ ...freeSlots(id, days, HALF_HOUR, desk), enabled: desk !== undefined })),
  });
  if (!plan) return [];
  const sessions = [...(ofCase ?? []), ...ofManagers.flatMap(({ data }) => data ?? [])];
  return conflictsOf(
    plan,
    {
      // A session of this case by this manager comes with both lists.
      sessions: [...new Map(sessions.map((session) => [session.id, session])).values()],
      absences: absences.flatMap(({ data }) => data ?? []),
      days: calendar ?? [],
      free: new Map(ids.flatMap((id, index) => (free[index]?.data ? [[id, free[index].data] as const] : []))),
    },
    now,
  );
}

/** A conflict in a sentence. */
export function useConflictText(): (conflict: Conflict) => string {
  const t = useTexts(scheduleWords).conflict;
  const dates = useDates();
  const names = useWords();
  return (conflict) => {
    switch (conflict.kind) {
      case 'past':
        return t.past;
      case 'manager':
        return t.manager(
          conflict.name,
          `${conflict.other.case_number} ${dates.span(conflict.other.starts_at, conflict.other.ends_at)}`,
        );
      case 'case':
        return t.case(dates.span(conflict.other.starts_at, conflict.other.ends_at));
      case 'stage':
        return t.stage(names.stage[conflict.other.stage], dates.day(conflict.other.starts_at));
      case 'absent':
        return t.absent(conflict.name, dates.span(conflict.absence.starts_at, conflict.absence.ends_at));
      case 'closed':
        return t.closed(conflict.reason ?? t.closedWhy);
      case 'hours':
        return t.hours(conflict.day.periods.map(({ from, to }) => `${from}–${to}`).join(', '));
      case 'busy':
        return t.busy(conflict.name);
      case 'held':
        return t.held(conflict.name);
    }
  };
}

/** What the API would refuse or warn of, before anything is sent. */
export function ConflictNotice({ conflicts }: { conflicts: readonly Conflict[] }) {
  const t = useTexts(scheduleWords).conflict;
  const text = useConflictText();
  if (conflicts.length === 0) return null;
  const refused = conflicts.some(isRefused);
  return (
    <Notice kind="warning" live title={refused ? t.refused : t.warning}>
      {conflicts.map((conflict, index) => (
        <p key={`${conflict.kind}${index}`}>{text(conflict)}</p>
      ))}
    </Notice>
  );
}
