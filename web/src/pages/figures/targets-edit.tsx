/** Entering the targets of a fiscal year. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '@/api/client';
import type { SetTargetsRequest, Target, TargetArea, TargetMeasure } from '@/api/schema';
import { useSend } from '@/api/send';
import { targets } from '@/data/figures';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { DialogForm } from '@/ui/dialog-form';
import { SelectField, TextField } from '@/ui/form';
import { Loaded } from '@/ui/states';
import { say } from '@/ui/toast';
import { useBothYears } from './labels';
import { targetWords } from './target-words';

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
    source: '出典',
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
  },
  {
    source: 'Source',
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
  },
);

interface Draft {
  id: number;
  area: TargetArea;
  measure: TargetMeasure;
  value: string;
  source: string;
}

export function EditTargets({ year, onClose }: { year: number; onClose: () => void }) {
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
  const names = useTexts(targetWords);
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
              choices={AREAS.map((one) => [one, names.areas[one]])}
            />
            <SelectField
              label={t.measure}
              pointer={`/items/${index}/measure`}
              value={measure}
              onChange={(next) => change(id, { measure: next })}
              choices={MEASURES.map((one) => [one, names.measures[one]])}
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
