import { useQuery } from '@tanstack/react-query';
import type { ExportKind } from '@/api/schema';
import { desks, managers } from '@/data/directory';
import type { ExportFilter } from '@/data/exports';
import { useFilterWords } from '@/pages/figures/filters';
import { useBothYears } from '@/pages/figures/labels';
import { readSelection } from '@/pages/figures/search';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { shortDesk } from '@/text/format';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { inWords } from './filter';
import { exportWords } from './text';

interface FilterWordsProps {
  kind: ExportKind;
  filter: ExportFilter;
}

/** Which part of a list is in a file. */
export function FilterWords({ kind, filter }: FilterWordsProps) {
  return kind === 'figures' ? <OfFigures filter={filter} /> : <OfList kind={kind} filter={filter} />;
}

/** The days, and what the page of figures had been narrowed down to. */
function OfFigures({ filter }: { filter: ExportFilter }) {
  const t = useTexts(exportWords);
  const both = useBothYears();
  const dates = useDates();
  const selection = readSelection(filter);
  const words = useFilterWords('cases', selection).map(([, text]) => text);
  const { from, to, as_of } = selection;
  const span = from && to ? both.span({ from, to }) : (from ?? to) ? [from, to].join('〜') : t.thisYear;
  return <Parts parts={[span, ...(as_of ? [`${t.asOf}: ${dates.day(as_of)}`] : []), ...words]} />;
}

function OfList({ kind, filter }: FilterWordsProps) {
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
  return <Parts parts={parts.map(([term, value]) => (value === '' ? term : `${term}: ${value}`))} />;
}

function Parts({ parts }: { parts: readonly string[] }) {
  const t = useTexts(exportWords);
  return (
    <ul aria-label={t.what} className="flex flex-wrap gap-x-3 gap-y-0.5">
      {parts.map((part) => (
        <li key={part} className="min-w-0 break-words">
          {part}
        </li>
      ))}
    </ul>
  );
}
