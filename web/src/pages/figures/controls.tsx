/** What a report is asked for: days, by what, as of when, filters. All of it is in the address. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { CatalogueDimension, Dimension, FigureKey, ReportKind } from '@/api/schema';
import { catalogue, figureReport } from '@/data/figures';
import { dateOf, fiscalYear } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { SelectField, TextField } from '@/ui/form';
import { Icon } from '@/ui/icon';
import { useBothYears, useDimensionNames, useLabels } from './labels';
import {
  dimensionsOf,
  kindOfSpan,
  monthLater,
  selectionOf,
  spanOfMonth,
  spanOfYear,
  without,
  type ReportName,
  type Span,
  type SpanKind,
  type TablesSearch,
} from './search';

const words = texts(
  {
    controls: '集計の条件',
    period: '期間',
    periods: { fiscal_year: '年度', month: '月', days: '日付で指定' },
    year: '年度',
    month: '月',
    from: '最初の日',
    to: '最後の日',
    order: '最後の日は、最初の日より後にしてください。',
    first: '区分',
    second: '2つ目の区分',
    total: '合計のみ',
    no: 'なし',
    more: '時点・絞り込み',
    asOf: '時点',
    asOfHint: 'この日の終わりの記録で数えます。空欄なら現在です。',
    basis: '締めた期間',
    bases: { closed: '締めた数字', record: '現在の記録' },
    scope: '計上',
    scopes: { usual: '通常', counted: '計上分', excluded: '計上しない分（重複・迷惑メールなど）', all: 'すべて' },
    all: 'すべて',
    remove: (filter: string) => `絞り込みを外す: ${filter}`,
  },
  {
    controls: 'What is counted',
    period: 'Period',
    periods: { fiscal_year: 'Fiscal year', month: 'Month', days: 'From – to' },
    year: 'Fiscal year',
    month: 'Month',
    from: 'First day',
    to: 'Last day',
    order: 'The last day must not be before the first.',
    first: 'By',
    second: 'And by',
    total: 'Total only',
    no: 'Nothing else',
    more: 'As of, filters',
    asOf: 'As of',
    asOfHint: 'What was on record at the end of this day. Empty: now.',
    basis: 'Closed periods',
    bases: { closed: 'As they were closed', record: 'As recorded now' },
    scope: 'Which',
    scopes: { usual: 'As usual', counted: 'Counted', excluded: 'Not counted (duplicates, spam, …)', all: 'All' },
    all: 'All',
    remove: (filter: string) => `Remove the filter: ${filter}`,
  },
);

/** The programme has no dates before; a year that is being typed has fewer digits. */
const IS_DAY = /^2\d{3}-\d\d-\d\d$/;
const MOST_YEARS = 6;
const MOST_MONTHS = 24;

/** Days of a report where the address says nothing: this fiscal year; of capacity this month. */
export function spanOf({ from, to }: TablesSearch, report: ReportName): Span {
  const today = new Date();
  const usual = report === 'capacity' ? spanOfMonth(dateOf(today).slice(0, 7)) : spanOfYear(fiscalYear(today));
  return { from: from ?? usual.from, to: to ?? usual.to };
}

/** The report whose dimensions and facts another report has. */
export function factsOf(report: ReportName): ReportKind {
  if (report === 'lateness') return 'deadlines';
  return report === 'times' || report === 'capacity' ? 'cases' : report;
}

interface ControlsProps {
  report: ReportName;
  search: TablesSearch;
}

export function Controls({ report, search }: ControlsProps) {
  const t = useTexts(words);
  const navigate = useNavigate();
  const change = (next: TablesSearch) => void navigate({ to: '/figures/tables', search: next, replace: true });
  const hasFilters = report !== 'capacity';
  return (
    <section aria-label={t.controls} className="no-print mb-6 space-y-3 rounded-8 bg-ground px-4 py-3">
      <div className="grid grid-cols-2 items-start gap-x-4 gap-y-3 sm:flex sm:flex-wrap sm:gap-x-6">
        <Period report={report} search={search} onChange={change} />
        {hasFilters && report !== 'lateness' ? <By report={report} search={search} onChange={change} /> : null}
      </div>
      {hasFilters ? <Further report={report} search={search} onChange={change} /> : null}
    </section>
  );
}

interface PartProps extends ControlsProps {
  onChange: (search: TablesSearch) => void;
}

/** The days: a fiscal year, a month, or from one day to another. */
export function Period({ report, search, onChange }: PartProps) {
  const t = useTexts(words);
  const both = useBothYears();
  const span = spanOf(search, report);
  const known = kindOfSpan(span);
  const [kind, setKind] = useState<SpanKind['kind']>(known.kind);
  const [days, setDays] = useState(span);
  const today = new Date();
  const take = (next: Span) => {
    setDays(next);
    onChange({ ...search, ...next });
  };
  const turn = (next: SpanKind['kind']) => {
    setKind(next);
    const month = span.to < dateOf(today) ? span.to.slice(0, 7) : dateOf(today).slice(0, 7);
    if (next === 'month') take(spanOfMonth(month));
    else if (next === 'fiscal_year') take(spanOfYear(fiscalYear(`${span.to}T00:00:00+09:00`)));
    else setDays(span);
  };
  const type = (next: Span) => {
    setDays(next);
    if (IS_DAY.test(next.from) && IS_DAY.test(next.to) && next.from <= next.to) onChange({ ...search, ...next });
  };
  const year = fiscalYear(today);
  const thisMonth = dateOf(today).slice(0, 7);
  const years = Array.from({ length: MOST_YEARS }, (_, index) => year - index);
  const months = Array.from({ length: MOST_MONTHS }, (_, index) =>
    monthLater(thisMonth, (report === 'capacity' ? 3 : 0) - index),
  );
  const chosenYear = known.kind === 'fiscal_year' ? known.year : year;
  const chosenMonth = known.kind === 'month' ? known.month : thisMonth;
  return (
    <>
      <SelectField
        label={t.period}
        pointer="#period"
        className="max-sm:col-span-2 sm:w-40"
        value={kind}
        onChange={turn}
        choices={(['fiscal_year', 'month', 'days'] as const).map((word) => [word, t.periods[word]])}
      />
      {kind === 'fiscal_year' ? (
        <SelectField
          label={t.year}
          pointer="/fiscal_year"
          className="max-sm:col-span-2 sm:w-64"
          value={String(chosenYear)}
          onChange={(value) => take(spanOfYear(Number(value)))}
          choices={(years.includes(chosenYear) ? years : [...years, chosenYear]).map((one) => [
            String(one),
            both.fiscalYear(one),
          ])}
        />
      ) : kind === 'month' ? (
        <SelectField
          label={t.month}
          pointer="/month"
          className="max-sm:col-span-2 sm:w-64"
          value={chosenMonth}
          onChange={(value) => take(spanOfMonth(value))}
          choices={(months.includes(chosenMonth) ? months : [...months, chosenMonth]).map((one) => [
            one,
            both.month(one),
          ])}
        />
      ) : (
        <>
          <DayField label={t.from} pointer="/from" value={days.from} onChange={(from) => type({ ...days, from })} />
          <DayField
            label={t.to}
            pointer="/to"
            value={days.to}
            wrong={days.from > days.to ? t.order : undefined}
            onChange={(to) => type({ ...days, to })}
          />
        </>
      )}
    </>
  );
}

interface DayProps {
  label: string;
  pointer: string;
  value: string;
  wrong?: string | undefined;
  onChange: (value: string) => void;
}

/** A day with the same day in the other count of years below. */
function DayField({ value, ...field }: DayProps) {
  const both = useBothYears();
  return (
    <div className="max-sm:col-span-2 sm:w-64">
      <TextField {...field} type="date" value={value} />
      {IS_DAY.test(value) ? <p className="mt-1 text-dns-14N-130 text-ink-soft">{both.day(value)}</p> : null}
    </div>
  );
}

function By({ report, search, onChange }: PartProps) {
  const t = useTexts(words);
  const names = useDimensionNames();
  const { data } = useQuery(catalogue);
  const known = data?.reports.find((one) => one.report === factsOf(report))?.dimensions ?? [];
  const [first, second] = dimensionsOf(search);
  const take = (...by: (Dimension | '' | undefined)[]) => {
    const chosen = [...new Set(by.filter((name) => name !== '' && name !== undefined))];
    onChange({ ...search, by: chosen.join(',') || 'none' });
  };
  const choices = (also: Dimension | undefined, without: Dimension | undefined) =>
    [...new Set([...(also ? [also] : []), ...known])]
      .filter((name) => name !== without)
      .toSorted((a, b) => known.indexOf(a) - known.indexOf(b))
      .map((name) => [name, names[name]] as const);
  return (
    <>
      <SelectField<Dimension | ''>
        label={t.first}
        pointer="/by"
        className="sm:w-48"
        value={first ?? ''}
        onChange={(next) => (next === '' ? take() : take(next, second === next ? undefined : second))}
        choices={[['', t.total], ...choices(first, undefined)]}
      />
      {first && report !== 'times' ? (
        <SelectField<Dimension | ''>
          label={t.second}
          pointer="#by"
          className="sm:w-48"
          value={second ?? ''}
          onChange={(next) => take(first, next)}
          choices={[['', t.no], ...choices(second, first)]}
        />
      ) : null}
    </>
  );
}

function Further({ report, search, onChange }: PartProps) {
  const t = useTexts(words);
  const [open, setOpen] = useState(false);
  return (
    <>
      <Chosen report={report} search={search} onChange={onChange} />
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className="inline-flex min-h-9 items-center gap-2 rounded-6 px-1 text-dns-16N-130 underline-offset-4 hover:underline">
          <Icon name="settings" />
          {t.more}
        </summary>
        {open ? <Filters report={report} search={search} onChange={onChange} /> : null}
      </details>
    </>
  );
}

function Filters({ report, search, onChange }: PartProps) {
  const t = useTexts(words);
  const { data } = useQuery(catalogue);
  const known = data?.reports.find((one) => one.report === factsOf(report))?.dimensions ?? [];
  const [asOf, setAsOf] = useState(search.as_of ?? '');
  const dimensions = (data?.dimensions ?? []).filter(
    ({ name }) =>
      known.includes(name) &&
      name !== 'month' &&
      name !== 'fiscal_year' &&
      !(report === 'lateness' && name === 'state'),
  );
  const today = dateOf(new Date());
  return (
    <div className="mt-3 grid grid-cols-[repeat(auto-fill,minmax(min(100%,14rem),1fr))] items-end gap-x-6 gap-y-3">
      <TextField
        label={t.asOf}
        hint={t.asOfHint}
        pointer="/as_of"
        type="date"
        max={today}
        value={asOf}
        onChange={(value) => {
          setAsOf(value);
          if (value === '') onChange(without(search, 'as_of'));
          else if (IS_DAY.test(value) && value <= today) onChange({ ...search, as_of: value });
        }}
      />
      <SelectField
        label={t.basis}
        pointer="/basis"
        value={search.basis ?? 'closed'}
        onChange={(basis) => onChange(basis === 'closed' ? without(search, 'basis') : { ...search, basis })}
        choices={(['closed', 'record'] as const).map((word) => [word, t.bases[word]])}
      />
      <SelectField
        label={t.scope}
        pointer="/scope"
        value={search.scope ?? 'usual'}
        onChange={(scope) => onChange(scope === 'usual' ? without(search, 'scope') : { ...search, scope })}
        choices={(['usual', 'counted', 'excluded', 'all'] as const).map((word) => [word, t.scopes[word]])}
      />
      {dimensions.map((dimension) => (
        <Filter key={dimension.name} dimension={dimension} report={report} search={search} onChange={onChange} />
      ))}
    </div>
  );
}

function Filter({ dimension, report, search, onChange }: PartProps & { dimension: CatalogueDimension }) {
  const t = useTexts(words);
  const names = useDimensionNames();
  const labels = useLabels();
  const { name, codes, unset } = dimension;
  const occurring = useOccurring(name, report, search, !codes);
  const value = search[name] ?? '';
  const known: FigureKey[] = [...(codes ?? occurring).filter(({ code }) => code !== unset.code), unset];
  const choices = known.map((key) => [key.code, labels(name, key)] as const);
  const isKnown = value === '' || known.some(({ code }) => code === value);
  return (
    <SelectField
      label={names[name]}
      pointer={`/${name}`}
      value={value}
      onChange={(next) => onChange(next === '' ? without(search, name) : { ...search, [name]: next })}
      choices={[['', t.all], ...(isKnown ? [] : [[value, namesOf(value, known, name, labels)] as const]), ...choices]}
    />
  );
}

function namesOf(
  value: string,
  known: readonly FigureKey[],
  name: Dimension,
  labels: ReturnType<typeof useLabels>,
): string {
  return value
    .split(',')
    .map((code) => labels(name, known.find((key) => key.code === code) ?? { code, label: code.slice(-6) }))
    .join('、');
}

/** The desks or managers that occur in these days: everybody may know those that they see figures of. */
function useOccurring(
  name: Dimension,
  report: ReportName,
  search: TablesSearch,
  enabled: boolean,
): readonly FigureKey[] {
  const { from, to } = spanOf(search, report);
  const { data } = useQuery({ ...figureReport(factsOf(report), { from, to, by: name, scope: 'all' }), enabled });
  return (data?.rows ?? [])
    .flatMap(({ keys }) => keys[name] ?? [])
    .toSorted((a, b) => a.label.localeCompare(b.label, 'ja'));
}

/** The filters that hold, each with a way to take it off. */
function Chosen({ report, search, onChange }: PartProps) {
  const t = useTexts(words);
  const both = useBothYears();
  const filters = useFilterWords(factsOf(report), search);
  const asOf = search.as_of ? [['as_of', `${t.asOf}: ${both.day(search.as_of)}`] as const] : [];
  const basis = search.basis === 'record' ? [['basis', t.bases.record] as const] : [];
  const scope = search.scope ? [['scope', t.scopes[search.scope]] as const] : [];
  const all = [...asOf, ...basis, ...scope, ...filters];
  if (all.length === 0) return null;
  return (
    <ul className="flex flex-wrap gap-2">
      {all.map(([part, text]) => (
        <li key={part}>
          <Button
            size="sm"
            className="py-1.5 text-left !leading-snug !whitespace-normal"
            aria-label={t.remove(text)}
            onClick={() => onChange(without(search, part))}
          >
            {text}
            <Icon name="close" className="size-4" />
          </Button>
        </li>
      ))}
    </ul>
  );
}

/** The filters of a selection in words. Names of desks and managers come from the report that they narrow. */
export function useFilterWords(report: ReportKind, search: TablesSearch): (readonly [Dimension, string])[] {
  const names = useDimensionNames();
  const labels = useLabels();
  const { data } = useQuery(catalogue);
  const selection = selectionOf(search);
  const people = (['desk', 'manager'] as const).filter((name) => selection[name] !== undefined);
  const found = useQuery({
    ...figureReport(report, { ...selection, by: people.join(',') }),
    enabled: people.length > 0,
  }).data;
  return (data?.dimensions ?? []).flatMap((dimension) => {
    const { name, codes, unset } = dimension;
    const value = selection[name];
    if (value === undefined) return [];
    const occurring = found?.rows.flatMap(({ keys }) => keys[name] ?? []) ?? [];
    const text = namesOf(value, [...(codes ?? occurring), unset], name, labels);
    return [[name, `${names[name]}: ${text}`] as const];
  });
}
