import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { TargetMeasure, TargetRow } from '@/api/schema';
import { targetsReport } from '@/data/figures';
import { useMe } from '@/shell/use-me';
import { fiscalYear } from '@/text/dates';
import { texts, usePreferences, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { SelectField } from '@/ui/form';
import { Empty, Loaded } from '@/ui/states';
import { FigureNumber, FiguresFrame } from './frame';
import { useBothYears, useNumbers } from './labels';
import { targetWords } from './target-words';
import { EditTargets } from './targets-edit';

const words = texts(
  {
    title: '目標と実績',
    year: '年度',
    edit: '目標を編集',
    target: '指標',
    aim: '目標',
    measured: '実績',
    gap: '目標との差',
    reached: '達成',
    not: '未達',
    source: '出典',
    nothing: '対象なし',
    byStatus: '導入状況は、案件に記録された「テレワーク導入状況」によります。',
    own: '実績は、自分が見られる案件の数字です。',
    none: '目標は登録されていません',
    noneWhy: '事務局が「目標を編集」から登録します。',
  },
  {
    title: 'Targets',
    year: 'Fiscal year',
    edit: 'Edit the targets',
    target: 'Measure',
    aim: 'Target',
    measured: 'Measured',
    gap: 'Difference',
    reached: 'reached',
    not: 'not reached',
    source: 'Source',
    nothing: 'Nothing to measure',
    byStatus: 'Whether telework is introduced is what the case says about it.',
    own: 'Measured over the cases that you may see.',
    none: 'No targets are entered',
    noneWhy: 'The programme office enters them.',
  },
);

function isShare(measure: TargetMeasure): boolean {
  return measure === 'introduced_share' || measure === 'answered_in_time';
}

const YEARS_BACK = 4;

/** What the programme aims at, beside what is measured. */
export function TargetsPage() {
  const t = useTexts(words);
  const both = useBothYears();
  const { permissions, role } = useMe();
  const navigate = useNavigate();
  const now = fiscalYear(new Date());
  const search = useSearch({ from: '/app/figures/targets' });
  const year = Number(search.year ?? now);
  const query = useQuery(targetsReport(year));
  const [editing, setEditing] = useState(false);
  const years = Array.from({ length: YEARS_BACK + 2 }, (_, index) => now + 1 - index);
  const known = years.includes(year) ? years : [...years, year];
  return (
    <FiguresFrame title={t.title}>
      <div className="no-print mb-5 flex flex-wrap items-end justify-between gap-3">
        <SelectField
          label={t.year}
          pointer="/fiscal_year"
          className="w-64"
          value={String(year)}
          onChange={(next) => void navigate({ to: '/figures/targets', search: { year: next }, replace: true })}
          choices={known.map((one) => [String(one), both.fiscalYear(one)])}
        />
        {permissions.includes('manage_office') ? (
          <Button look="solid" onClick={() => setEditing(true)}>
            {t.edit}
          </Button>
        ) : null}
      </div>
      <p className="mb-2 text-dns-16B-130">{both.fiscalYear(year)}</p>
      {role === 'desk' || role === 'manager' ? <p className="mb-3 text-dns-16N-130 text-ink-soft">{t.own}</p> : null}
      <Loaded query={query} lines={5}>
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty icon="chart" title={t.none}>
              {t.noneWhy}
            </Empty>
          ) : (
            <Rows rows={rows} />
          )
        }
      </Loaded>
      {editing ? <EditTargets year={year} onClose={() => setEditing(false)} /> : null}
    </FiguresFrame>
  );
}

function useTargetName() {
  const names = useTexts(targetWords);
  const { language } = usePreferences();
  return ({ target, label }: TargetRow) =>
    language === 'ja' ? label : `${names.areas[target.area]}: ${names.measures[target.measure]}`;
}

function Rows({ rows }: { rows: readonly TargetRow[] }) {
  const t = useTexts(words);
  const nameOf = useTargetName();
  const numbers = useNumbers();
  const column = columnsOf<TargetRow>();
  const columns: Column<TargetRow>[] = [
    column.display({ id: 'target', header: t.target, cell: ({ row }) => nameOf(row.original) }),
    column.display({
      id: 'aim',
      header: t.aim,
      cell: ({ row: { original } }) => (
        <span className="tabular-nums">{numbers.measure(original.target.value, isShare(original.target.measure))}</span>
      ),
    }),
    column.display({ id: 'measured', header: t.measured, cell: ({ row }) => <Measured row={row.original} /> }),
    column.display({ id: 'gap', header: t.gap, cell: ({ row }) => <Gap row={row.original} /> }),
    column.display({ id: 'source', header: t.source, cell: ({ row }) => row.original.target.source ?? '' }),
  ];
  return (
    <>
      <DataTable
        caption={t.title}
        columns={columns}
        rows={rows}
        numeric={['aim', 'measured']}
        idOf={({ target }) => `${target.area} ${target.measure}`}
      />
      {rows.some(({ measured_by }) => measured_by === 'case_status') ? (
        <p className="mt-3 text-dns-14N-130 text-ink-soft">{t.byStatus}</p>
      ) : null}
    </>
  );
}

/** The share with the two lists that it comes from, or the count with its list. */
function Measured({ row: { target, measured } }: { row: TargetRow }) {
  const t = useTexts(words);
  const numbers = useNumbers();
  const { value, part, whole } = measured;
  if (!whole) return <FigureNumber count={part.count} list={part.list} />;
  return (
    <>
      <span className="tabular-nums">
        {value == null ? t.nothing : numbers.measure(value, isShare(target.measure))}
      </span>
      <span className="ml-2 text-dns-14N-130 whitespace-nowrap">
        (<FigureNumber count={part.count} list={part.list} className="text-center" /> /{' '}
        <FigureNumber count={whole.count} list={whole.list} className="text-center" />)
      </span>
    </>
  );
}

/** How far it is: a bar up to the target, and the difference in words. */
function Gap({ row: { target, measured } }: { row: TargetRow }) {
  const t = useTexts(words);
  const numbers = useNumbers();
  if (measured.value == null) return <span>–</span>;
  const done = target.value > 0 ? Math.min(1, measured.value / target.value) : 1;
  const gap = measured.value - target.value;
  return (
    <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <span aria-hidden className="block h-4 w-32 shrink-0 border border-solid-gray-420 bg-white">
        <span className="block h-full bg-blue-700 print-color" style={{ width: `${100 * done}%` }} />
      </span>
      <span className="tabular-nums">
        {numbers.difference(gap, isShare(target.measure))} ({gap >= 0 ? t.reached : t.not})
      </span>
    </span>
  );
}
