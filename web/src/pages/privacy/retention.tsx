import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { ClassPreview, RetentionPreview, RetentionRunView } from '@/api/schema';
import { retentionPreview, retentionRuns } from '@/data/privacy';
import { useMe } from '@/shell/use-me';
import { dateOf, dayStart, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { TextField } from '@/ui/form';
import { Section } from '@/ui/page';
import { Loaded } from '@/ui/states';
import { PagedList } from './list';
import { RunDialog } from './run-dialog';
import type { PrivacySearch } from './search';
import { privacyWords } from './text';
import { YearsDialog } from './years';

const words = texts(
  {
    how: '保存期間は、案件が終了した年度の翌年度4月1日から数えます。期間が過ぎても自動では廃棄されません。内容を確かめて、ここから廃棄を実行します。',
    over: '保存期間を過ぎたもの',
    day: '基準日',
    dayHint: '先の日付を選ぶと、今のままならその日に廃棄の対象になるものが分かります。',
    class: '区分',
    years: '保存期間',
    yearsOf: (n: number) => `${n}年`,
    before: '対象',
    beforeOf: (day: string) => `${day}より前に終了`,
    count: '件数',
    perYear: '終了した年度',
    held: (n: number) => `ほかに法的保全中の案件 ${n}件`,
    kept: '廃棄しません',
    change: '保存期間を変更',
    run: '廃棄に進む',
    ahead: '廃棄できるのは、基準日が今日までのときだけです。',
    runs: '実行の記録',
    none: 'まだ廃棄を実行していません',
    asked: '実行日時',
    asOf: '基準日',
    classes: '区分',
    state: '状態',
    states: { running: '実行中', finished: '完了' },
    gone: '廃棄した件数',
  },
  {
    how: 'The years are counted from the end (31 March) of the fiscal year in which a case was closed. Nothing goes by itself: look at what would go, and dispose of it here.',
    over: 'What is over',
    day: 'As of',
    dayHint: 'A day to come shows what will be over then, as things stand.',
    class: 'Class',
    years: 'Kept for',
    yearsOf: (n: number) => `${n} years`,
    before: 'What',
    beforeOf: (day: string) => `ended before ${day}`,
    count: 'How many',
    perYear: 'Ended in',
    held: (n: number) => `and ${n} cases under legal hold`,
    kept: 'is kept',
    change: 'Change the years',
    run: 'Dispose of it',
    ahead: 'Only what is over today can be disposed of.',
    runs: 'Runs',
    none: 'Nothing was disposed of yet',
    asked: 'Started',
    asOf: 'As of',
    classes: 'Classes',
    state: 'State',
    states: { running: 'running', finished: 'finished' },
    gone: 'Gone',
  },
);

/** The classes with their years, what is over, and what was done about it. */
export function Retention({ search }: { search: PrivacySearch }) {
  const t = useTexts(words);
  const navigate = useNavigate();
  const { permissions } = useMe();
  const today = dateOf(new Date());
  const day = search.day ?? today;
  const query = useQuery(retentionPreview(day));
  const [opened, setOpened] = useState<'years' | 'run'>();
  return (
    <div className="space-y-10">
      <Section
        title={t.over}
        beside={
          permissions.includes('manage_office') ? (
            <Button size="sm" onClick={() => setOpened('years')}>
              {t.change}
            </Button>
          ) : null
        }
      >
        <p className="mb-4 max-w-3xl text-std-16N-170">{t.how}</p>
        <TextField
          label={t.day}
          hint={t.dayHint}
          pointer="/as_of"
          type="date"
          required
          className="mb-4 max-w-md"
          value={day}
          onChange={(value) => {
            if (value) void navigate({ to: '/privacy', search: value === today ? {} : { day: value }, replace: true });
          }}
        />
        <Loaded query={query} lines={5}>
          {(preview) => (
            <>
              <Preview preview={preview} day={day} />
              <div className="mt-4 flex flex-wrap items-center gap-x-4 gap-y-2">
                {day > today ? (
                  <p className="text-dns-16N-130 text-ink-soft">{t.ahead}</p>
                ) : (
                  <Button look="solid" onClick={() => setOpened('run')}>
                    {t.run}
                  </Button>
                )}
              </div>
              {opened === 'run' ? <RunDialog preview={preview} onClose={() => setOpened(undefined)} /> : null}
            </>
          )}
        </Loaded>
      </Section>
      <Section title={t.runs}>
        <Runs />
      </Section>
      {opened === 'years' ? <YearsDialog onClose={() => setOpened(undefined)} /> : null}
    </div>
  );
}

function Preview({ preview, day }: { preview: RetentionPreview; day: string }) {
  const t = useTexts(words);
  const p = useTexts(privacyWords);
  const dates = useDates();
  const column = columnsOf<ClassPreview>();
  // Views have no list: they say nothing but who looked, and that goes with them.
  const items = (of: ClassPreview, count: number, year?: number) =>
    count === 0 || of.class === 'view' ? (
      p.count(count)
    ) : (
      <Link
        to="/privacy"
        search={{ day, class: of.class, ...(year === undefined ? {} : { year: String(year) }) }}
        className="link"
        aria-label={`${p.classes[of.class]} ${year === undefined ? '' : dates.fiscalYear(year)} ${p.count(count)}`}
      >
        {p.count(count)}
      </Link>
    );
  const columns: Column<ClassPreview>[] = [
    column.display({
      id: 'class',
      header: t.class,
      cell: ({ row }) => <strong>{p.classes[row.original.class]}</strong>,
    }),
    column.display({ id: 'years', header: t.years, cell: ({ row }) => t.yearsOf(row.original.years) }),
    column.display({
      id: 'before',
      header: t.before,
      cell: ({ row }) => t.beforeOf(dates.fullDay(row.original.ended_before)),
    }),
    column.display({
      id: 'count',
      header: t.count,
      cell: ({ row: { original } }) => (
        <>
          {items(original, original.count)}
          {original.class === 'audit' ? <span className="ml-2 text-dns-14N-130 text-ink-soft">{t.kept}</span> : null}
          {original.held_cases > 0 ? (
            <span className="block text-dns-14N-130 text-ink-soft">{t.held(original.held_cases)}</span>
          ) : null}
        </>
      ),
    }),
    column.display({
      id: 'perYear',
      header: t.perYear,
      cell: ({ row: { original } }) =>
        original.fiscal_years.length === 0 ? (
          '—'
        ) : (
          <ul className="flex flex-wrap gap-x-4">
            {original.fiscal_years.map(({ fiscal_year, count }) => (
              <li key={fiscal_year} className="whitespace-nowrap">
                {dates.fiscalYear(fiscal_year)} {items(original, count, fiscal_year)}
              </li>
            ))}
          </ul>
        ),
    }),
  ];
  return <DataTable caption={t.over} columns={columns} rows={preview.classes} idOf={(row) => row.class} />;
}

function Runs() {
  const t = useTexts(words);
  const p = useTexts(privacyWords);
  const dates = useDates();
  const query = useInfiniteQuery(retentionRuns);
  const column = columnsOf<RetentionRunView>();
  const columns: Column<RetentionRunView>[] = [
    column.display({
      id: 'asked',
      header: t.asked,
      cell: ({ row: { original } }) => (
        <Link to="/privacy/runs/$id" params={{ id: original.id }} className="link">
          {dates.dayTime(original.requested_at)}
        </Link>
      ),
    }),
    column.display({ id: 'by', header: p.who, cell: ({ row }) => row.original.requested_by?.name ?? '—' }),
    column.display({ id: 'asOf', header: t.asOf, cell: ({ row }) => dates.fullDay(dayStart(row.original.as_of)) }),
    column.display({
      id: 'classes',
      header: t.classes,
      cell: ({ row }) => row.original.classes.map((one) => p.classes[one]).join('、'),
    }),
    column.display({
      id: 'gone',
      header: t.gone,
      cell: ({ row }) => p.count(row.original.counts.reduce((sum, { count }) => sum + count, 0)),
    }),
    column.display({ id: 'state', header: t.state, cell: ({ row }) => t.states[row.original.state] }),
  ];
  return (
    <PagedList
      caption={t.runs}
      query={query}
      columns={columns}
      idOf={({ id }) => id}
      empty={{ icon: 'file', title: t.none }}
    />
  );
}
