/** As of when, and which: the filters of a report. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { CatalogueDimension, Dimension, FigureKey, ReportKind } from '@/api/schema';
import { catalogue, figureReport } from '@/data/figures';
import { dateOf } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { SelectField, TextField } from '@/ui/form';
import { Icon } from '@/ui/icon';
import { useBothYears, useDimensionNames, useLabels } from './labels';
import { selectionOf, without, type ReportName, type TablesSearch } from './search';
import { factsOf, IS_DAY, spanOf } from './span';

const words = texts(
  {
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

export interface PartProps {
  report: ReportName;
  search: TablesSearch;
  onChange: (search: TablesSearch) => void;
}

export function Further({ report, search, onChange }: PartProps) {
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
