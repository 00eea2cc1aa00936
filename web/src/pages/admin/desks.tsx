import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { Desk, Topic } from '@/api/schema';
import { desks } from '@/data/directory';
import { phone } from '@/text/format';
import { TOPICS } from '@/pages/queue/filter';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { Chip } from '@/ui/chip';
import { columnsOf, type Column } from '@/ui/data-table';
import { DialogForm } from '@/ui/dialog-form';
import { CheckField, ManyField, TextField } from '@/ui/form';
import { Areas } from './areas';
import { HoursDialog } from './hours';
import { OfficeList } from './list';
import { filled, orNull, useSave } from './save';
import { adminWords } from './text';

type Opened = { desk: Desk | undefined; what: 'edit' | 'areas' | 'hours' };

export function Desks() {
  const t = useTexts(adminWords);
  const [opened, setOpened] = useState<Opened>();
  const query = useQuery(desks);
  const columns = useColumns(setOpened);
  const close = () => setOpened(undefined);
  return (
    <>
      <OfficeList
        caption={t.parts.desks}
        add={t.addDesk}
        onAdd={() => setOpened({ desk: undefined, what: 'edit' })}
        query={{ ...query, data: query.data?.items }}
        columns={columns}
        empty={{ icon: 'building', title: t.noneFound }}
      />
      {opened?.what === 'edit' ? <EditDesk known={opened.desk} onClose={close} /> : null}
      {opened?.what === 'areas' && opened.desk ? <Areas desk={opened.desk} onClose={close} /> : null}
      {opened?.what === 'hours' && opened.desk ? <HoursDialog desk={opened.desk} onClose={close} /> : null}
    </>
  );
}

const helper = columnsOf<Desk>();

function useColumns(onOpen: (opened: Opened) => void): Column<Desk>[] {
  const t = useTexts(adminWords);
  return [
    helper.display({
      id: 'name',
      header: t.deskName,
      cell: ({ row: { original } }) => (
        <>
          <strong>{original.name}</strong> {original.active ? null : <Chip>{t.inactive}</Chip>}
        </>
      ),
    }),
    helper.display({ id: 'code', header: t.code, cell: ({ row }) => row.original.code }),
    helper.display({
      id: 'phone',
      header: t.phone,
      cell: ({ row: { original } }) => (original.phone ? phone(original.phone) : '—'),
    }),
    helper.display({ id: 'email', header: t.email, cell: ({ row }) => row.original.email ?? '—' }),
    helper.display({
      id: 'edit',
      header: t.edit,
      cell: ({ row: { original } }) => (
        <span className="flex flex-wrap gap-2">
          <Button
            size="sm"
            aria-label={`${t.areas}: ${original.name}`}
            onClick={() => onOpen({ desk: original, what: 'areas' })}
          >
            {t.areas}
          </Button>
          <Button
            size="sm"
            aria-label={`${t.hours}: ${original.name}`}
            onClick={() => onOpen({ desk: original, what: 'hours' })}
          >
            {t.hours}
          </Button>
          <Button
            size="sm"
            aria-label={`${t.edit}: ${original.name}`}
            onClick={() => onOpen({ desk: original, what: 'edit' })}
          >
            {t.edit}
          </Button>
        </span>
      ),
    }),
  ] as Column<Desk>[];
}

function EditDesk({ known, onClose }: { known: Desk | undefined; onClose: () => void }) {
  const t = useTexts(adminWords);
  const [code, setCode] = useState(known?.code ?? '');
  const [name, setName] = useState(known?.name ?? '');
  const [number, setNumber] = useState(known?.phone ?? '');
  const [email, setEmail] = useState(known?.email ?? '');
  const [topics, setTopics] = useState<Topic[]>(known?.topics ?? []);
  const [active, setActive] = useState(known?.active ?? true);
  const words = useWords();
  const save = useSave((_: undefined, once) => {
    if (!known) {
      const request = { code, name, active, topics, ...filled({ phone: number, email }) };
      return body(api.POST('/api/v1/desks', { params: { header: once }, body: request }));
    }
    return body(
      api.PATCH('/api/v1/desks/{id}', {
        params: { path: { id: known.id } },
        headers: ifMatch(known.version),
        body: { code, name, phone: orNull(number), email: orNull(email), active, topics },
      }),
    );
  }, onClose);
  return (
    <DialogForm
      title={known ? known.name : t.addDesk}
      act={t.save}
      error={save.error}
      pending={save.isPending}
      onClose={onClose}
      onSubmit={() => save.mutate(undefined)}
    >
      <TextField label={t.deskName} pointer="/name" required value={name} onChange={setName} />
      <TextField label={t.code} pointer="/code" required value={code} onChange={setCode} />
      <TextField label={t.phone} pointer="/phone" type="tel" value={number} onChange={setNumber} />
      <TextField label={t.email} pointer="/email" type="email" value={email} onChange={setEmail} />
      <ManyField
        label={t.specialities}
        hint={t.specialitiesHint}
        pointer="/topics"
        value={topics}
        onChange={setTopics}
        choices={TOPICS.map((topic) => [topic, words.topic[topic]])}
      />
      {known ? <CheckField label={t.active} checked={active} onChange={setActive} /> : null}
    </DialogForm>
  );
}
