import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { CreateManagerRequest, Manager, Mode, Topic } from '@/api/schema';
import { managers } from '@/data/directory';
import { TOPICS } from '@/pages/queue/filter';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button, LinkButton } from '@/ui/button';
import { Chip } from '@/ui/chip';
import { columnsOf, type Column } from '@/ui/data-table';
import { DialogForm } from '@/ui/dialog-form';
import { CheckField, ManyField, TextArea, TextField } from '@/ui/form';
import { PREFECTURES, prefectureName } from '@/ui/prefectures';
import { OfficeList } from './list';
import { useSave } from './save';
import { adminWords } from './text';

export function Managers() {
  const t = useTexts(adminWords);
  const [q, setQ] = useState('');
  const [editing, setEditing] = useState<Manager | 'new'>();
  const query = useQuery(managers);
  const columns = useColumns(setEditing);
  const fits = ({ name, kana, firm }: Manager) =>
    [name, kana ?? '', firm ?? ''].some((text) => text.includes(q.trim()));
  return (
    <>
      <OfficeList
        caption={t.parts.managers}
        add={t.addManager}
        onAdd={() => setEditing('new')}
        query={{ ...query, data: query.data?.filter(fits) }}
        columns={columns}
        empty={{ icon: 'users', title: t.noneFound }}
      >
        <TextField label={t.findManager} pointer="#find" type="search" value={q} onChange={setQ} />
      </OfficeList>
      {editing ? (
        <EditManager known={editing === 'new' ? undefined : editing} onClose={() => setEditing(undefined)} />
      ) : null}
    </>
  );
}

const helper = columnsOf<Manager>();

function useColumns(onEdit: (manager: Manager) => void): Column<Manager>[] {
  const t = useTexts(adminWords);
  const words = useWords();
  return [
    helper.display({
      id: 'name',
      header: t.name,
      cell: ({ row: { original } }) => (
        <>
          <strong>{original.name}</strong> {original.active ? null : <Chip>{t.inactive}</Chip>}
          <span className="block text-dns-14N-130 text-ink-soft">{original.firm}</span>
          <span className="block text-dns-14N-130 text-ink-soft">{original.qualifications.join('・')}</span>
        </>
      ),
    }),
    helper.display({
      id: 'topics',
      header: t.topics,
      cell: ({ row }) => row.original.topics.map((topic) => words.topic[topic]).join('、'),
    }),
    helper.display({
      id: 'modes',
      header: t.modes,
      cell: ({ row }) => row.original.modes.map((mode) => words.mode[mode]).join('、'),
    }),
    helper.display({
      id: 'prefectures',
      header: t.prefectures,
      cell: ({ row }) => row.original.prefecture_codes.map(prefectureName).join('、') || '—',
    }),
    helper.display({ id: 'capacity', header: t.capacity, cell: ({ row }) => row.original.monthly_capacity }),
    helper.display({
      id: 'edit',
      header: t.edit,
      cell: ({ row: { original } }) => (
        <span className="flex flex-wrap gap-2">
          <Button size="sm" aria-label={`${t.edit}: ${original.name}`} onClick={() => onEdit(original)}>
            {t.edit}
          </Button>
          <LinkButton
            size="sm"
            to="/managers/$id"
            params={{ id: original.id }}
            aria-label={`${t.absences}: ${original.name}`}
          >
            {t.absences}
          </LinkButton>
        </span>
      ),
    }),
  ] as Column<Manager>[];
}

/** Everything as it stands in the fields. */
function typedOf(known: Manager | undefined) {
  return {
    name: known?.name ?? '',
    kana: known?.kana ?? '',
    email: known?.email ?? '',
    phone: known?.phone ?? '',
    firm: known?.firm ?? '',
    qualifications: known?.qualifications.join('\n') ?? '',
    topics: known?.topics ?? ([] as Topic[]),
    modes: known?.modes ?? (['online'] as Mode[]),
    prefecture_codes: known?.prefecture_codes ?? ([] as string[]),
    monthly_capacity: String(known?.monthly_capacity ?? 6),
    appointed_from: known?.appointed_from ?? '',
    appointed_to: known?.appointed_to ?? '',
    active: known?.active ?? true,
  };
}

function requestOf(typed: ReturnType<typeof typedOf>): CreateManagerRequest {
  const orNull = (text: string) => (text.trim() === '' ? null : text);
  return {
    ...typed,
    kana: orNull(typed.kana),
    email: orNull(typed.email),
    phone: orNull(typed.phone),
    firm: orNull(typed.firm),
    qualifications: typed.qualifications
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
    monthly_capacity: Number(typed.monthly_capacity),
    appointed_from: orNull(typed.appointed_from),
    appointed_to: orNull(typed.appointed_to),
  };
}

function EditManager({ known, onClose }: { known: Manager | undefined; onClose: () => void }) {
  const t = useTexts(adminWords);
  const words = useWords();
  const [typed, setTyped] = useState(() => typedOf(known));
  const change = (part: Partial<typeof typed>) => setTyped((before) => ({ ...before, ...part }));
  const save = useSave((request: CreateManagerRequest, once) => {
    if (!known) return body(api.POST('/api/v1/managers', { params: { header: once }, body: request }));
    const params = { path: { id: known.id } };
    return body(api.PATCH('/api/v1/managers/{id}', { params, headers: ifMatch(known.version), body: request }));
  }, onClose);
  const field = (
    key: 'name' | 'kana' | 'email' | 'phone' | 'firm' | 'monthly_capacity' | 'appointed_from' | 'appointed_to',
    label: string,
  ) => ({ label, pointer: `/${key}`, value: typed[key], onChange: (value: string) => change({ [key]: value }) });
  return (
    <DialogForm
      title={known ? known.name : t.addManager}
      act={t.save}
      wide
      error={save.error}
      pending={save.isPending}
      onClose={onClose}
      onSubmit={() => save.mutate(requestOf(typed))}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField {...field('name', t.name)} required />
        <TextField {...field('kana', t.kana)} />
        <TextField {...field('email', t.email)} type="email" />
        <TextField {...field('phone', t.phone)} type="tel" />
        <TextField {...field('firm', t.firm)} />
        <TextField {...field('monthly_capacity', t.capacity)} type="number" min={0} max={200} />
        <TextField {...field('appointed_from', t.from)} type="date" />
        <TextField {...field('appointed_to', t.to)} type="date" />
      </div>
      <TextArea
        label={t.qualifications}
        pointer="/qualifications"
        rows={2}
        value={typed.qualifications}
        onChange={(qualifications) => change({ qualifications })}
      />
      <ManyField
        label={t.topics}
        pointer="/topics"
        required
        value={typed.topics}
        onChange={(topics) => change({ topics })}
        choices={TOPICS.map((topic) => [topic, words.topic[topic]])}
      />
      <ManyField
        label={t.modes}
        pointer="/modes"
        required
        value={typed.modes}
        onChange={(modes) => change({ modes })}
        choices={(['online', 'phone', 'visit'] as const).map((mode) => [mode, words.mode[mode]])}
      />
      <ManyField
        label={t.prefectures}
        pointer="/prefecture_codes"
        value={typed.prefecture_codes}
        onChange={(prefecture_codes) => change({ prefecture_codes })}
        choices={PREFECTURES}
      />
      {known ? <CheckField label={t.active} checked={typed.active} onChange={(active) => change({ active })} /> : null}
    </DialogForm>
  );
}
