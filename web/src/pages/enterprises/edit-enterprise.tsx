import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import { isProblemOf } from '@/api/problem';
import type { EditEnterpriseRequest, EnterpriseKind, EnterpriseView } from '@/api/schema';
import { DialogForm } from '@/ui/dialog-form';
import { changesOf, mergeEdits } from '@/pages/case/merge-edits';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { SelectField, TextField } from '@/ui/form';
import { Notice } from '@/ui/notice';
import { PrefectureField } from '@/ui/prefecture';
import { say } from '@/ui/toast';
import { enterpriseWords } from './text';

const words = texts(
  {
    postal: '郵便番号',
    prefecture: '都道府県',
    address: '住所(市区町村から)',
    industryHint: '日本標準産業分類(例 E、G391)',
  },
  {
    postal: 'Postal code',
    prefecture: 'Prefecture',
    address: 'Address',
    industryHint: 'Japan Standard Industrial Classification, as in G391',
  },
);

const KINDS: readonly EnterpriseKind[] = [
  'company',
  'sole_proprietor',
  'association',
  'local_government',
  'worker',
  'other',
  'anonymous',
];

/** Everything as text, as it stands in the fields. */
function typedOf(known: EnterpriseView) {
  return {
    kind: known.kind,
    name: known.name ?? '',
    kana: known.kana ?? '',
    trade_name: known.trade_name ?? '',
    representative: known.representative ?? '',
    corporate_number: known.corporate_number ?? '',
    postal_code: known.postal_code ?? '',
    prefecture_code: known.prefecture_code ?? '',
    address: known.address ?? '',
    phone: known.phone ?? '',
    industry_code: known.industry_code ?? '',
    employees: known.employees?.toString() ?? '',
    employees_regular: known.employees_regular?.toString() ?? '',
  };
}

type Typed = ReturnType<typeof typedOf>;

/** The changed fields as the request wants them: empty is `null`, numbers are numbers. */
function requestOf(changes: Partial<Typed>): EditEnterpriseRequest {
  const numbers = ['employees', 'employees_regular'];
  const entries = Object.entries(changes).map(([key, value]) => [
    key,
    value === '' ? null : numbers.includes(key) ? Number(value) : value,
  ]);
  // Another prefecture is not that of the municipality on record.
  if ('prefecture_code' in changes) entries.push(['municipality_code', null]);
  return Object.fromEntries(entries) as EditEnterpriseRequest;
}

export default function EditEnterprise({ known, onClose }: { known: EnterpriseView; onClose: () => void }) {
  const t = useTexts(enterpriseWords);
  const u = useTexts(words);
  const names = useWords();
  const client = useQueryClient();
  const [base] = useState(() => typedOf(known));
  const [typed, setTyped] = useState(base);
  const theirs = typedOf(known);
  const merged = mergeEdits(base, typed, theirs);
  const send = useMutation({
    networkMode: 'always',
    mutationFn: (request: EditEnterpriseRequest) =>
      body(
        api.PATCH('/api/v1/enterprises/{id}', {
          params: { path: { id: known.id } },
          headers: ifMatch(known.version),
          body: request,
        }),
      ),
    onSuccess: () => {
      onClose();
      say(t.saved);
    },
    onSettled: () => void client.invalidateQueries(),
  });
  const field = (key: keyof Omit<Typed, 'kind'>, label: string) => ({
    label,
    pointer: `/${key}`,
    value: typed[key],
    onChange: (value: string) => setTyped((before) => ({ ...before, [key]: value })),
  });
  const changes = changesOf(theirs, merged.values);
  return (
    <DialogForm
      title={t.edit}
      act={t.save}
      wide
      error={isProblemOf(send.error, 'stale') ? null : send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => (Object.keys(changes).length === 0 ? onClose() : send.mutate(requestOf(changes)))}
    >
      {merged.conflicts.length > 0 ? (
        <Notice kind="warning" live title={t.changed}>
          <p>{t.changedWhy}</p>
          <ul className="list-disc pl-5">
            {merged.conflicts.map((key) => (
              <li key={key}>{theirs[key] || '—'}</li>
            ))}
          </ul>
        </Notice>
      ) : null}
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField {...field('name', t.name)} />
        <TextField {...field('kana', t.kana)} />
        <SelectField
          label={t.kind}
          pointer="/kind"
          value={typed.kind}
          onChange={(kind) => setTyped((before) => ({ ...before, kind }))}
          choices={KINDS.map((kind) => [kind, names.enterprise[kind]])}
        />
        <TextField {...field('corporate_number', t.corporateNumber)} inputMode="numeric" />
        <TextField {...field('trade_name', t.tradeName)} />
        <TextField {...field('representative', t.representative)} />
        <TextField {...field('postal_code', u.postal)} inputMode="numeric" />
        <PrefectureField {...field('prefecture_code', u.prefecture)} />
        <TextField {...field('address', u.address)} className="sm:col-span-2" />
        <TextField {...field('phone', t.phone)} type="tel" />
        <TextField {...field('industry_code', t.industry)} hint={u.industryHint} />
        <TextField {...field('employees', t.employees)} inputMode="numeric" />
        <TextField {...field('employees_regular', t.regular)} inputMode="numeric" />
      </div>
    </DialogForm>
  );
}
