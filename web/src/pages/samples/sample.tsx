import { useQuery } from '@tanstack/react-query';
import { useParams, useRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { RowData } from '@tanstack/react-table';
import type {
  SampleDeadline,
  SampleFlag,
  SampleInteraction,
  SampleMove,
  SampleSession,
  SampleView,
} from '@/api/schema';
import { sampleCase } from '@/data/privacy';
import { AuditTabs } from '@/pages/audit/tabs';
import { useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { Icon } from '@/ui/icon';
import { Facts, Page, Section } from '@/ui/page';
import { prefectureName } from '@/ui/prefectures';
import { LoadedPage } from '@/ui/states';
import { sampleWords } from './text';

/** A case as an auditor sees it: what was done and when, without who and what was said. */
export function SamplePage() {
  const t = useTexts(sampleWords);
  const router = useRouter();
  const { id } = useParams({ from: '/app/audit/samples/$id' });
  const query = useQuery(sampleCase(id));
  return (
    <LoadedPage query={query}>
      {(seen) => (
        <Page
          title={seen.case.number}
          over={
            // Back to the same drawing, which is in the address of the page before.
            <button
              type="button"
              className="link inline-flex min-h-9 items-center text-dns-14N-130"
              onClick={() => {
                if (router.history.canGoBack()) router.history.back();
                else void router.navigate({ to: '/audit/samples' });
              }}
            >
              <Icon name="back" className="size-4" />
              {t.back}
            </button>
          }
        >
          <AuditTabs />
          <div className="grid gap-x-10 gap-y-8 wide:grid-cols-[24rem_minmax(0,1fr)]">
            <Section title={t.facts}>
              <CaseFacts seen={seen} />
            </Section>
            <div className="min-w-0 space-y-8">
              <Sessions items={seen.sessions} />
              <History items={seen.history} />
              <Interactions items={seen.interactions} />
              <Deadlines items={seen.deadlines} />
              <Flags items={seen.flags} />
            </div>
          </div>
        </Page>
      )}
    </LoadedPage>
  );
}

function CaseFacts({ seen }: { seen: SampleView }) {
  const t = useTexts(sampleWords);
  const w = useWords();
  const dates = useDates();
  const { case: item } = seen;
  return (
    <Facts
      facts={[
        [t.status, `${w.status[item.status]}${item.outcome ? `(${w.outcome[item.outcome]})` : ''}`],
        [t.channel, w.channel[item.channel]],
        [t.prefecture, item.prefecture_code && prefectureName(item.prefecture_code)],
        [t.topic, w.topic[item.primary_topic]],
        [t.kind, w.enterprise[seen.enterprise_kind]],
        [t.industry, seen.industry_code],
        [t.employees, seen.employees != null && t.people(seen.employees)],
        [t.description, t.letters(seen.description_letters)],
        [t.received, dates.dayTime(item.received_at)],
        [t.recorded, `${dates.dayTime(seen.recorded_at)}${seen.is_late_entry ? ` ${t.late}` : ''}`],
        [t.closed, item.closed_at && dates.dayTime(item.closed_at)],
        [t.chain, t.events(seen.audit_events)],
        [t.disposed, seen.disposed_at && dates.dayTime(seen.disposed_at)],
      ]}
    />
  );
}

/** A word for a code of which the API's description names no list. */
function word(known: Readonly<Record<string, string>>, code: string): string {
  return known[code] ?? code;
}

/** A table of the case under its heading; a row has no id that an auditor could use, so its place is its name. */
function Part<Row extends RowData>({
  title,
  rows,
  cells,
}: {
  title: string;
  rows: readonly Row[];
  cells: readonly (readonly [header: string, cell: (row: Row) => ReactNode])[];
}) {
  const t = useTexts(sampleWords);
  const column = columnsOf<{ row: Row; place: number }>();
  const columns: Column<{ row: Row; place: number }>[] = cells.map(([header, cell]) =>
    column.display({ id: header, header, cell: ({ row }) => cell(row.original.row) }),
  );
  return (
    <Section title={title}>
      {rows.length === 0 ? (
        <p className="text-dns-16N-130 text-ink-soft">{t.none}</p>
      ) : (
        <DataTable
          caption={title}
          columns={columns}
          rows={rows.map((row, place) => ({ row, place }))}
          idOf={({ place }) => String(place)}
        />
      )}
    </Section>
  );
}

function Sessions({ items }: { items: readonly SampleSession[] }) {
  const t = useTexts(sampleWords);
  const w = useWords();
  const dates = useDates();
  return (
    <Part
      title={t.sessions}
      rows={items}
      cells={[
        [t.session, (row) => dates.span(row.held_from ?? row.starts_at, row.held_until ?? row.ends_at)],
        [t.stage, (row) => word(w.stage, row.stage)],
        [t.state, (row) => `${word(w.session, row.state)}・${row.is_used ? t.counts : t.free}`],
        [t.mode, (row) => `${word(w.mode, row.mode)}${row.attendees == null ? '' : `・${t.attended(row.attendees)}`}`],
        [t.managers, (row) => t.people(row.managers)],
        [
          t.report,
          ({ report }) =>
            report ? (
              <>
                {t.reportOf(report.situation_letters, report.advice_letters, report.next_steps_letters)}
                <span className="block text-dns-14N-130 text-ink-soft">
                  {report.approved_at ? t.approved(dates.dayTime(report.approved_at)) : ''}
                  {report.telework_status ? ` ${word(w.telework, report.telework_status)}` : ''}
                </span>
              </>
            ) : (
              t.noReport
            ),
        ],
      ]}
    />
  );
}

function History({ items }: { items: readonly SampleMove[] }) {
  const t = useTexts(sampleWords);
  const w = useWords();
  const dates = useDates();
  return (
    <Part
      title={t.history}
      rows={items}
      cells={[
        [t.when, (row) => dates.dayTime(row.occurred_at)],
        [t.move, (row) => word(t.moves, row.move)],
        [t.status, (row) => word(w.status, row.to)],
        [t.role, (row) => (row.by_role ? word(w.role, row.by_role) : t.program)],
        [t.reason, (row) => (row.has_reason ? t.given : '—')],
      ]}
    />
  );
}

function Interactions({ items }: { items: readonly SampleInteraction[] }) {
  const t = useTexts(sampleWords);
  const w = useWords();
  const dates = useDates();
  return (
    <Part
      title={t.interactions}
      rows={items}
      cells={[
        [t.when, (row) => dates.dayTime(row.occurred_at)],
        [t.way, (row) => word(w.interaction, row.kind)],
        [t.direction, (row) => word(w.direction, row.direction)],
        [t.result, (row) => (row.result ? word(w.result, row.result) : '—')],
        [t.text, (row) => t.letters(row.letters)],
      ]}
    />
  );
}

function Deadlines({ items }: { items: readonly SampleDeadline[] }) {
  const t = useTexts(sampleWords);
  const w = useWords();
  const dates = useDates();
  return (
    <Part
      title={t.deadlines}
      rows={items}
      cells={[
        [t.dueKind, (row) => word(w.due, row.kind)],
        [t.due, (row) => dates.dayTime(row.due_at)],
        [t.done, (row) => (row.done_at ? dates.dayTime(row.done_at) : '—')],
        [
          t.state,
          (row) =>
            `${t.met[row.met == null ? 'null' : row.met ? 'true' : 'false']}${row.net_minutes == null ? '' : `(${t.minutes(row.net_minutes)})`}`,
        ],
      ]}
    />
  );
}

function Flags({ items }: { items: readonly SampleFlag[] }) {
  const t = useTexts(sampleWords);
  const w = useWords();
  const dates = useDates();
  return (
    <Part
      title={t.flags}
      rows={items}
      cells={[
        [t.flag, (row) => word(w.flag, row.flag)],
        [t.raised, (row) => dates.dayTime(row.raised_at)],
        [t.settled, (row) => (row.settled_at ? dates.dayTime(row.settled_at) : t.open)],
      ]}
    />
  );
}
