/** What a report is asked for: days, by what, as of when, filters. All of it is in the address. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { Dimension } from '@/api/schema';
import { catalogue } from '@/data/figures';
import { dateOf, fiscalYear } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { SelectField, TextField } from '@/ui/form';
import { Further, type PartProps } from './filters';
import { useBothYears, useDimensionNames } from './labels';
import {
  dimensionsOf,
  kindOfSpan,
  monthLater,
  spanOfMonth,
  spanOfYear,
  type ReportName,
  type Span,
  type SpanKind,
  type TablesSearch,
} from './search';
import { factsOf, IS_DAY, spanOf } from './span';

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
  },
);

const MOST_YEARS = 6;
const MOST_MONTHS = 24;

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
