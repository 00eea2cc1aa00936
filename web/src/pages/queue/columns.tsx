import { Link } from '@tanstack/react-router';
import type { CaseView, Role } from '@/api/schema';
import { isWaiting, nextStep, useStepWords } from '@/data/next-step';
import { useDates } from '@/text/dates';
import { shortDesk } from '@/text/format';
import { useNow } from '@/text/now';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { DueText, FlagChip, Places, StatusChip } from '@/ui/case-bits';
import { columnsOf, type Column } from '@/ui/data-table';
import { queueWords } from './text';

const helper = columnsOf<CaseView>();

/** The columns for a role: desks are all the same to a desk, and a manager is themself. */
export function useColumns(role: Role, left: ReadonlySet<string>): Column<CaseView>[] {
  const t = useTexts(queueWords);
  const words = useWords();
  const dates = useDates();
  const names = t.columns;
  const columns = [
    helper.display({ id: 'due', header: names.due, cell: ({ row }) => <DueText due={row.original.due} /> }),
    helper.display({
      id: 'enterprise',
      header: names.enterprise,
      cell: ({ row }) => <Who seen={row.original} anonymous={t.anonymous} />,
    }),
    helper.display({
      id: 'step',
      header: names.step,
      cell: ({ row }) => <StepText seen={row.original} role={role} left={left.has(row.original.id)} />,
    }),
    helper.display({
      id: 'status',
      header: names.status,
      cell: ({ row }) => <StatusChip status={row.original.status} />,
    }),
    helper.display({
      id: 'sessions',
      header: names.sessions,
      cell: ({ row }) => <Places count={row.original.consultations} />,
    }),
    role === 'manager'
      ? undefined
      : helper.display({
          id: 'manager',
          header: names.manager,
          cell: ({ row }) =>
            row.original.managers.length > 0 ? (
              row.original.managers.map(({ id, name, line }) => (
                <span key={id} className="block whitespace-nowrap">
                  {name}
                  <span className="text-dns-14N-120 text-ink-soft"> {words.line[line]}</span>
                </span>
              ))
            ) : (
              <span className="text-ink-soft">{t.noManager}</span>
            ),
        }),
    role === 'desk' || role === 'manager'
      ? undefined
      : helper.display({
          id: 'desk',
          header: names.desk,
          cell: ({ row }) => shortDesk(row.original.desk?.name) ?? <span className="text-ink-soft">—</span>,
        }),
    helper.display({
      id: 'received',
      header: names.received,
      cell: ({ row }) => (
        <span className="whitespace-nowrap">
          {dates.day(row.original.received_at)}
          <span className="block text-dns-14N-120 text-ink-soft">{words.channel[row.original.channel]}</span>
        </span>
      ),
    }),
  ];
  return columns.filter((column) => column !== undefined);
}

function Who({ seen, anonymous }: { seen: CaseView; anonymous: string }) {
  return (
    <>
      <Link to="/cases/$id" params={{ id: seen.id }} data-row className="link text-dns-16B-130">
        {seen.enterprise.name ?? anonymous}
      </Link>
      <span className="block text-dns-14N-130 text-ink-soft">
        <span className="whitespace-nowrap">{seen.number}</span>
        {seen.site.prefecture ? `・${seen.site.prefecture}` : ''}
      </span>
      <span className="line-clamp-1 text-dns-14N-130">{seen.subject ?? seen.description}</span>
      {seen.flags.length > 0 ? (
        <span className="mt-1 flex flex-wrap gap-1">
          {seen.flags.map((flag) => (
            <FlagChip key={flag} flag={flag} />
          ))}
        </span>
      ) : null}
    </>
  );
}

interface StepProps {
  seen: CaseView;
  role: Role;
  /** It is in the list no more, and stands there only until somebody looks away. */
  left: boolean;
}

/** A row on a phone: the deadline and the step first, then whose case it is. */
export function CaseCard({ seen, role, left }: StepProps) {
  const t = useTexts(queueWords);
  return (
    <div className="space-y-1.5 text-dns-16N-130">
      <div className="flex items-center justify-between gap-3">
        <StatusChip status={seen.status} />
        <Places count={seen.consultations} />
      </div>
      <div>
        <Who seen={seen} anonymous={t.anonymous} />
      </div>
      <div className="flex items-baseline justify-between gap-3 border-t border-line pt-1.5">
        <StepText seen={seen} role={role} left={left} />
        <span className="shrink-0 text-right">
          <DueText due={seen.due} kind={false} />
        </span>
      </div>
    </div>
  );
}

function StepText({ seen, role, left }: StepProps) {
  const t = useTexts(queueWords);
  const words = useStepWords();
  const dates = useDates();
  const step = nextStep(seen, role, useNow());
  const { next_consultation: next, reports } = seen;
  if (left) return <span className="text-ink-soft">{t.hasLeft}</span>;
  return (
    <span className="[word-break:auto-phrase]">
      <span className={isWaiting(step) ? 'text-ink-soft' : 'font-bold'}>{words[step]}</span>
      {next ? (
        <span className="block text-dns-14N-130 text-ink-soft">{t.session(dates.dayTime(next.starts_at))}</span>
      ) : null}
      {reports.due + reports.submitted > 0 ? (
        <span className="block text-dns-14N-130 text-ink-soft">
          {[
            reports.due > 0 ? t.reportsDue(reports.due) : '',
            reports.submitted > 0 ? t.reportsIn(reports.submitted) : '',
          ]
            .filter(Boolean)
            .join('・')}
        </span>
      ) : null}
    </span>
  );
}
