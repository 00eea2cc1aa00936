import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '@/api/client';
import type { SetTargetsRequest, Target, TargetArea, TargetMeasure, TargetRow } from '@/api/schema';
import { useSend } from '@/api/send';
import { targets, targetsReport } from '@/data/figures';
import { useMe } from '@/shell/use-me';
import { fiscalYear } from '@/text/dates';
import { texts, usePreferences, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { DialogForm } from '@/ui/dialog-form';
import { SelectField, TextField } from '@/ui/form';
import { Empty, Loaded } from '@/ui/states';
import { say } from '@/ui/toast';
import { FigureNumber, FiguresFrame } from './frame';
import { useBothYears, useNumbers } from './labels';

const AREAS = ['national', 'urban', 'regional'] as const satisfies readonly TargetArea[];
const MEASURES = [
  'introduced_share',
  'answered_in_time',
  'cases',
  'enterprises',
  'sessions',
] as const satisfies readonly TargetMeasure[];

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
    editTitle: (year: string) => `${year}の目標`,
    save: '保存する',
    saved: '目標を保存しました。',
    area: '地域',
    measure: '指標',
    value: '目標値',
    add: '目標を追加',
    remove: (n: number) => `${n} 番目の目標を削除`,
    removeShort: '削除',
    nth: (n: number) => `目標 ${n}`,
    empty: '数値を入力してください。',
    areas: { national: '全国', urban: '三大都市圏', regional: '地方圏' },
    measures: {
      introduced_share: '支援を受けた企業のうち導入した割合(%)',
      answered_in_time: '初回連絡を期限内に行った割合(%)',
      cases: '相談案件数',
      enterprises: '相談企業数',
      sessions: 'コンサルティング実施回数',
    },
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
    editTitle: (year: string) => `Targets of ${year}`,
    save: 'Save',
    saved: 'The targets are saved.',
    area: 'Area',
    measure: 'Measure',
    value: 'Target',
    add: 'Add a target',
    remove: (n: number) => `Remove target ${n}`,
    removeShort: 'Remove',
    nth: (n: number) => `Target ${n}`,
    empty: 'Enter a number.',
    areas: { national: 'National', urban: 'Urban', regional: 'Regional' },
    measures: {
      introduced_share: 'Consulted enterprises that introduced telework (%)',
      answered_in_time: 'First contact in time (%)',
      cases: 'Cases',
      enterprises: 'Enterprises',
      sessions: 'Sessions held',
    },
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
      {editing ? <Edit year={year} onClose={() => setEditing(false)} /> : null}
    </FiguresFrame>
  );
}

function useTargetName() {
  const t = useTexts(words);
  const { language } = usePreferences();
  return ({ target, label }: TargetRow) =>
    language === 'ja' ? label : `${t.areas[target.area]}: ${t.measures[target.measure]}`;
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

interface Draft {
  id: number;
  area: TargetArea;
  measure: TargetMeasure;
  value: string;
  source: string;
}

function Edit({ year, onClose }: { year: number; onClose: () => void }) {
  const t = useTexts(words);
  const both = useBothYears();
  const query = useQuery({ ...targets(year), staleTime: 0, refetchOnWindowFocus: false });
  if (query.data && query.isFetchedAfterMount) {
    return <Fields year={year} known={query.data.targets.items} etag={query.data.etag} onClose={onClose} />;
  }
  return (
    <DialogForm
      title={t.editTitle(both.fiscalYear(year))}
      act={t.save}
      error={query.error}
      pending
      onClose={onClose}
      onSubmit={() => undefined}
    >
      <Loaded query={query} lines={3}>
        {() => null}
      </Loaded>
    </DialogForm>
  );
}

interface FieldsProps {
  year: number;
  known: readonly Target[];
  etag: string;
  onClose: () => void;
}

function Fields({ year, known, etag, onClose }: FieldsProps) {
  const t = useTexts(words);
  const both = useBothYears();
  const [drafts, setDrafts] = useState<readonly Draft[]>(() =>
    known.map(({ area, measure, value, source }, id) => ({
      id,
      area,
      measure,
      value: String(value),
      source: source ?? '',
    })),
  );
  const [tried, setTried] = useState(false);
  const send = useSend(
    (request: SetTargetsRequest) => api.PUT('/api/v1/targets', { headers: { 'If-Match': etag }, body: request }),
    () => {
      onClose();
      say(t.saved);
    },
  );
  const change = (id: number, part: Partial<Draft>) =>
    setDrafts((before) => before.map((draft) => (draft.id === id ? { ...draft, ...part } : draft)));
  const isNumber = (value: string) => value.trim() !== '' && Number.isFinite(Number(value));
  const submit = () => {
    setTried(true);
    if (!drafts.every(({ value }) => isNumber(value))) return;
    send.mutate({
      fiscal_year: year,
      items: drafts.map(({ area, measure, value, source }) => ({
        area,
        measure,
        value: Number(value),
        ...(source.trim() ? { source: source.trim() } : {}),
      })),
    });
  };
  const add = () =>
    setDrafts((before) => [
      ...before,
      {
        id: Math.max(-1, ...before.map(({ id }) => id)) + 1,
        area: 'national',
        measure:
          MEASURES.find((measure) => !before.some((one) => one.area === 'national' && one.measure === measure)) ??
          'cases',
        value: '',
        source: '',
      },
    ]);
  return (
    <DialogForm
      title={t.editTitle(both.fiscalYear(year))}
      act={t.save}
      wide
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={submit}
    >
      {drafts.map(({ id, area, measure, value, source }, index) => (
        <fieldset key={id} className="rounded-8 border border-line px-4 pt-1 pb-3">
          <legend className="px-1 text-dns-16B-130">{t.nth(index + 1)}</legend>
          <div className="grid items-start gap-x-4 gap-y-3 sm:grid-cols-[9rem_minmax(0,1fr)_9rem]">
            <SelectField
              label={t.area}
              pointer={`/items/${index}/area`}
              value={area}
              onChange={(next) => change(id, { area: next })}
              choices={AREAS.map((one) => [one, t.areas[one]])}
            />
            <SelectField
              label={t.measure}
              pointer={`/items/${index}/measure`}
              value={measure}
              onChange={(next) => change(id, { measure: next })}
              choices={MEASURES.map((one) => [one, t.measures[one]])}
            />
            <TextField
              label={t.value}
              pointer={`/items/${index}/value`}
              required
              inputMode="decimal"
              value={value}
              wrong={tried && !isNumber(value) ? t.empty : undefined}
              onChange={(next) => change(id, { value: next.normalize('NFKC') })}
            />
          </div>
          <div className="mt-3 flex flex-wrap items-end gap-4">
            <TextField
              label={t.source}
              pointer={`/items/${index}/source`}
              className="min-w-48 flex-1"
              value={source}
              onChange={(next) => change(id, { source: next })}
            />
            <Button
              aria-label={t.remove(index + 1)}
              onClick={() => setDrafts((before) => before.filter((draft) => draft.id !== id))}
            >
              {t.removeShort}
            </Button>
          </div>
        </fieldset>
      ))}
      <Button onClick={add}>{t.add}</Button>
    </DialogForm>
  );
}
