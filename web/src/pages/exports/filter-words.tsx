import { useQuery } from '@tanstack/react-query';
import type { ExportKind } from '@/api/schema';
import { desks, managers } from '@/data/directory';
import type { ExportFilter } from '@/data/exports';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { shortDesk } from '@/text/format';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { inWords } from './filter';
import { exportWords } from './text';

/** Which part of a list is in a file. */
export function FilterWords({ kind, filter }: { kind: ExportKind; filter: ExportFilter }) {
  const t = useTexts(exportWords);
  const words = useWords();
  const dates = useDates();
  const mayRead = useMe().permissions.includes('read_directory');
  const allDesks = useQuery({ ...desks, enabled: mayRead && 'desk_id' in filter }).data?.items;
  const allManagers = useQuery({ ...managers, enabled: mayRead && 'manager_id' in filter }).data;
  const parts = inWords(kind, filter, {
    words,
    fields: t.fields,
    open: t.open,
    dates,
    desk: (id) => shortDesk(allDesks?.find((desk) => desk.id === id)?.name),
    manager: (id) => allManagers?.find((manager) => manager.id === id)?.name,
  });
  if (parts.length === 0) return <span>{t.everything}</span>;
  return (
    <ul aria-label={t.what} className="flex flex-wrap gap-x-3 gap-y-0.5">
      {parts.map(([term, value]) => (
        <li key={term} className="min-w-0 break-words">
          {value === '' ? term : `${term}: ${value}`}
        </li>
      ))}
    </ul>
  );
}
