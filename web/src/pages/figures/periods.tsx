import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, body } from '@/api/client';
import type { ClosedPeriod, ClosePeriodRequest, NextPeriod } from '@/api/schema';
import { useSend } from '@/api/send';
import { closedPeriods } from '@/data/figures';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { DialogForm } from '@/ui/dialog-form';
import { TextArea } from '@/ui/form';
import { Notice } from '@/ui/notice';
import { Section } from '@/ui/page';
import { Empty, Loaded } from '@/ui/states';
import { say } from '@/ui/toast';
import { FigureNumber, FiguresFrame } from './frame';
import { useBothYears } from './labels';
import { figuresWords } from './text';

const words = texts(
  {
    title: '締め',
    what: '月や年度を締めると、その期間の集計は締めた時点の数字のまま変わりません。締めた後の訂正は、調整として別に表示します。',
    next: '次に締める期間',
    notOver: (day: string) => `${day} が過ぎると締められます。`,
    left: (sessions: number, mails: number) => `実施の記録がない回 ${sessions} 件、要確認メール ${mails} 件`,
    close: '締める',
    closeThis: (period: string) => `${period}を締める`,
    will: [
      'この期間の案件・対応・コンサルティング・期限を、いまの記録のまま固定します。',
      '以後、この期間の集計と一覧は、固定した数字で答えます。',
      '後から入力・訂正された分は「調整」として、日時・担当者・理由とともに表示します。',
      '締めは取り消せません。',
    ],
    undone: '済んでいないものがあります',
    undoneWhy: 'このまま締めることもできます。後で済ませた分は、調整になります。',
    note: '備考',
    closed: (period: string) => `${period}を締めました。`,
    closedOnes: '締めた期間',
    period: '期間',
    closedAt: '締めた日時',
    by: '締めた人',
    cases: '案件',
    interactions: '対応',
    enterprises: '企業・団体',
    sessions: 'コンサルティング',
    adjustments: '調整',
    show: '調整を見る',
    none: 'まだ締めた期間はありません',
  },
  {
    title: 'Closed periods',
    what: 'The figures of a month or fiscal year that is closed stay as they were at that moment. Later corrections are shown apart, as adjustments.',
    next: 'To be closed next',
    notOver: (day: string) => `It can be closed once ${day} is over.`,
    left: (sessions: number, mails: number) => `${sessions} sessions without a record, ${mails} mails to check`,
    close: 'Close',
    closeThis: (period: string) => `Close ${period}`,
    will: [
      'Its cases, contacts, sessions and deadlines are kept as they are on record now.',
      'From now on its figures and lists answer by what was kept.',
      'What is entered or corrected later is shown as an adjustment, with date, person and reason.',
      'It cannot be undone.',
    ],
    undone: 'Something is not done yet',
    undoneWhy: 'It can be closed all the same. What is done later becomes an adjustment.',
    note: 'Note',
    closed: (period: string) => `${period} is closed.`,
    closedOnes: 'Closed',
    period: 'Period',
    closedAt: 'Closed at',
    by: 'By',
    cases: 'Cases',
    interactions: 'Contacts',
    enterprises: 'Enterprises',
    sessions: 'Sessions',
    adjustments: 'Adjustments',
    show: 'See adjustments',
    none: 'No period is closed yet',
  },
);

/** The months and fiscal years that are closed, and closing the next. */
export function PeriodsPage() {
  const t = useTexts(words);
  const query = useQuery(closedPeriods);
  return (
    <FiguresFrame title={t.title}>
      <p className="mb-6 max-w-3xl text-std-16N-170">{t.what}</p>
      <Loaded query={query}>
        {({ items, next }) => (
          <div className="space-y-10">
            {next.length > 0 ? <Next next={next} /> : null}
            <Section title={t.closedOnes}>
              <Closed items={items} />
            </Section>
          </div>
        )}
      </Loaded>
    </FiguresFrame>
  );
}

function Next({ next }: { next: readonly NextPeriod[] }) {
  const t = useTexts(words);
  const both = useBothYears();
  const { permissions } = useMe();
  const [closing, setClosing] = useState<NextPeriod>();
  return (
    <Section title={t.next}>
      <ul className="space-y-3">
        {next.map((period) => (
          <li
            key={`${period.kind}${period.first_day}`}
            className="flex flex-wrap items-center justify-between gap-3 rounded-8 border border-line px-4 py-3"
          >
            <div className="text-dns-16N-130">
              <p className="text-dns-16B-130">{both.span({ from: period.first_day, to: period.last_day })}</p>
              <p className="mt-1 text-ink-soft">
                {period.is_over
                  ? t.left(period.unrecorded_sessions, period.unplaced_mails)
                  : t.notOver(both.day(period.last_day))}
              </p>
            </div>
            {period.is_over && permissions.includes('manage_office') ? (
              <Button
                look="solid"
                aria-label={t.closeThis(both.span({ from: period.first_day, to: period.last_day }))}
                onClick={() => setClosing(period)}
              >
                {t.close}
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      {closing ? <CloseDialog period={closing} onClose={() => setClosing(undefined)} /> : null}
    </Section>
  );
}

function CloseDialog({ period, onClose }: { period: NextPeriod; onClose: () => void }) {
  const t = useTexts(words);
  const both = useBothYears();
  const [note, setNote] = useState('');
  const name = both.span({ from: period.first_day, to: period.last_day });
  const send = useSend(
    (request: ClosePeriodRequest, once) =>
      body(api.POST('/api/v1/periods', { params: { header: once }, body: request })),
    () => {
      onClose();
      say(t.closed(name));
    },
  );
  const isUndone = period.unrecorded_sessions + period.unplaced_mails > 0;
  return (
    <DialogForm
      title={t.closeThis(name)}
      act={t.close}
      danger
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() =>
        send.mutate({
          ...(period.kind === 'month'
            ? { month: period.first_day.slice(0, 7) }
            : { fiscal_year: Number(period.first_day.slice(0, 4)) }),
          ...(note.trim() ? { note: note.trim() } : {}),
        })
      }
    >
      <ul className="list-disc space-y-1 pl-5 text-std-16N-170">
        {t.will.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {isUndone ? (
        <Notice kind="warning" title={t.undone}>
          <p>{t.left(period.unrecorded_sessions, period.unplaced_mails)}</p>
          <p>{t.undoneWhy}</p>
        </Notice>
      ) : null}
      <TextArea label={t.note} pointer="/note" rows={2} value={note} onChange={setNote} />
    </DialogForm>
  );
}

const TOTALS = ['cases', 'interactions', 'enterprises', 'sessions'] as const;

function Closed({ items }: { items: readonly ClosedPeriod[] }) {
  const t = useTexts(words);
  const f = useTexts(figuresWords);
  const both = useBothYears();
  const dates = useDates();
  if (items.length === 0) return <Empty icon="lock" title={t.none} />;
  const column = columnsOf<ClosedPeriod>();
  const total = (report: (typeof TOTALS)[number]) =>
    column.display({
      id: report,
      header: t[report],
      cell: ({ row: { original } }) =>
        original.totals ? (
          <FigureNumber
            count={original.totals[report]}
            list={{ report, from: original.first_day, to: original.last_day }}
            label={f.reports[report]}
          />
        ) : (
          <Link
            to="/figures/tables"
            search={{ report, by: 'none', from: original.first_day, to: original.last_day }}
            className="link"
          >
            {f.tabs.tables}
          </Link>
        ),
    });
  const columns: Column<ClosedPeriod>[] = [
    column.display({
      id: 'period',
      header: t.period,
      cell: ({ row: { original } }) => (
        <Link to="/figures/periods/$id" params={{ id: original.id }} className="link">
          {both.span({ from: original.first_day, to: original.last_day })}
        </Link>
      ),
    }),
    ...TOTALS.map(total),
    column.display({ id: 'closed', header: t.closedAt, cell: ({ row }) => dates.dayTime(row.original.closed_at) }),
    ...(items.some(({ closed_by }) => closed_by)
      ? [column.display({ id: 'by', header: t.by, cell: ({ row }) => row.original.closed_by ?? '' })]
      : []),
  ];
  return <DataTable caption={t.closedOnes} columns={columns} rows={items} idOf={({ id }) => id} numeric={TOTALS} />;
}
