import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { CaseView } from '@/api/schema';
import { desks, managers } from '@/data/directory';
import { shortDesk } from '@/text/format';
import { useMe } from '@/shell/use-me';
import { useTexts } from '@/text/preferences';
import { SelectField } from '@/ui/form';
import { Notice } from '@/ui/notice';
import { useWhose, type Week } from './schedule';
import type { ScheduleSearch } from './search';
import { scheduleWords } from './text';

/** Whose week it is. A manager has only their own. */
export function Filters({ search }: { search: ScheduleSearch }) {
  const t = useTexts(scheduleWords);
  const me = useMe();
  const navigate = useNavigate();
  const whose = useWhose(search);
  const allDesks = useQuery({ ...desks, enabled: me.role !== 'manager' }).data?.items ?? [];
  const allManagers = useQuery({ ...managers, enabled: me.role !== 'manager' }).data ?? [];
  if (me.role === 'manager') return null;
  const choose = (part: ScheduleSearch) => void navigate({ to: '/schedule', search: { ...search, ...part } });
  return (
    <div className="mb-4 grid gap-3 sm:flex sm:flex-wrap">
      {me.role === 'desk' ? null : (
        <SelectField
          label={t.desk}
          pointer="#desk"
          className="sm:w-72"
          value={whose.desk_id ?? 'all'}
          onChange={(desk_id) => choose({ desk_id })}
          choices={[['all', t.all], ...allDesks.map(({ id, name }) => [id, shortDesk(name) ?? name] as const)]}
        />
      )}
      <SelectField
        label={t.manager}
        pointer="#manager"
        className="sm:w-72"
        value={whose.manager_id ?? ''}
        onChange={(manager_id) => choose({ manager_id })}
        choices={[
          ['', t.all],
          ...allManagers
            .filter(({ active, id }) => active || id === whose.manager_id)
            .map(({ id, name, firm }) => [id, firm ? `${name}(${firm})` : name] as const),
        ]}
      />
    </div>
  );
}

/** That one looks for a time for a case, and why there may be none. */
export function BookingFor({ seen, week }: { seen: CaseView; week: Week }) {
  const t = useTexts(scheduleWords);
  const { used, remaining } = seen.consultations;
  const why =
    remaining === 0
      ? t.bookingFull
      : seen.managers.length === 0
        ? t.bookingNobody
        : week.starts.length === 0
          ? t.noFree
          : t.bookingWhy;
  return (
    <div className="mb-4">
      <Notice kind="info" title={`${t.booking(seen.number, used + 1)} ${seen.enterprise.name ?? ''}`}>
        <p role="status">{why}</p>
        <Link to="/cases/$id" params={{ id: seen.id }} className="link">
          {t.back}
        </Link>
      </Notice>
    </div>
  );
}
