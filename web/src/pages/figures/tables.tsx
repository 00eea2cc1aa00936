import { Link, useSearch } from '@tanstack/react-router';
import { useTexts } from '@/text/preferences';
import { CapacityTables } from './capacity';
import { Controls } from './controls';
import { CountTables } from './counts';
import { FiguresAsFile, FiguresFrame } from './frame';
import { LatenessTables } from './lateness';
import { dimensionsOf, REPORTS, without, type ReportName, type TablesSearch } from './search';
import { spanOf } from './span';
import { figuresWords } from './text';
import { TimesTables } from './times';

/** One report: its days and filters in the address, a chart, and the table beside it. */
export function TablesPage() {
  const t = useTexts(figuresWords);
  const search = useSearch({ from: '/app/figures/tables' });
  const { report = 'cases' } = search;
  return (
    <FiguresFrame title={`${t.tabs.tables}: ${t.reports[report]}`}>
      <nav aria-label={t.tabs.tables} className="no-print mb-4 flex flex-wrap gap-1.5">
        {REPORTS.map((name) => (
          <Link
            key={name}
            to="/figures/tables"
            search={turnedTo(search, name)}
            aria-current={name === report ? 'true' : undefined}
            // The router says `page` where the whole address is the same.
            className="focus-inside inline-flex min-h-10 items-center rounded-6 border border-line bg-white px-3 text-dns-16N-130 whitespace-nowrap hover:underline [&:not([aria-current])]:hover:bg-blue-50 [&[aria-current]]:border-blue-900 [&[aria-current]]:bg-blue-900 [&[aria-current]]:text-white"
          >
            {t.reports[name]}
          </Link>
        ))}
      </nav>
      <Controls key={report} report={report} search={search} />
      {(TABLED as readonly ReportName[]).includes(report) ? <TableAsFile search={search} report={report} /> : null}
      {report === 'times' ? (
        <TimesTables search={search} />
      ) : report === 'lateness' ? (
        <LatenessTables search={search} />
      ) : report === 'capacity' ? (
        <CapacityTables search={search} />
      ) : (
        <CountTables report={report} search={search} />
      )}
    </FiguresFrame>
  );
}

/** What the four counts have in common as a file: all of them, by every dimension. */
const TABLED = ['cases', 'interactions', 'enterprises', 'sessions'] as const;

function TableAsFile({ search, report }: { search: TablesSearch; report: ReportName }) {
  const selection = without(search, 'state', 'kind', 'direction', 'report', 'by');
  return (
    <div className="no-print mb-4 flex justify-end">
      <FiguresAsFile filter={{ ...selection, ...spanOf(search, report) }} />
    </div>
  );
}

/** The same days and filters for another report, as far as it knows them. */
function turnedTo(search: TablesSearch, report: ReportName): TablesSearch {
  // Words for states and kinds are others in every report.
  const kept = without(search, 'state', 'kind', 'direction', 'scope', 'reached', 'report', 'by');
  const by = dimensionsOf(search).filter((name) => !['state', 'kind', 'direction'].includes(name));
  const most = report === 'times' ? 1 : 2;
  if (report === 'capacity') return { report };
  return {
    ...kept,
    report,
    ...(search.by === undefined || report === 'lateness' ? {} : { by: by.slice(0, most).join(',') || 'none' }),
  };
}
