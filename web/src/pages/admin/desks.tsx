import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { AddCoverageRequest, Coverage, Desk } from '@/api/schema';
import { useSend } from '@/api/send';
import { desks } from '@/data/directory';
import { dateOf, useDates } from '@/text/dates';
import { phone } from '@/text/format';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Chip } from '@/ui/chip';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { Dialog } from '@/ui/dialog';
import { DialogForm } from '@/ui/dialog-form';
import { CheckField, Form, TextField } from '@/ui/form';
import { PrefectureField } from '@/ui/prefecture';
import { prefectureName } from '@/ui/prefectures';
import { Loaded } from '@/ui/states';
import { filled, orNull, useSave } from './save';
import { adminWords } from './text';

type Opened = { desk: Desk | undefined; what: 'edit' | 'areas' };

export function Desks() {
  const t = useTexts(adminWords);
  const [opened, setOpened] = useState<Opened>();
  const query = useQuery(desks);
  const columns = useColumns(setOpened);
  const close = () => setOpened(undefined);
  return (
    <>
      <p className="mb-4 text-right">
        <Button look="solid" onClick={() => setOpened({ desk: undefined, what: 'edit' })}>
          {t.addDesk}
        </Button>
      </p>
      <Loaded query={query}>
        {({ items }) => <DataTable caption={t.parts.desks} columns={columns} rows={items} idOf={(row) => row.id} />}
      </Loaded>
      {opened?.what === 'edit' ? <EditDesk known={opened.desk} onClose={close} /> : null}
      {opened?.what === 'areas' && opened.desk ? <Areas desk={opened.desk} onClose={close} /> : null}
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
        <span className="flex gap-2">
          <Button
            size="sm"
            aria-label={`${t.areas}: ${original.name}`}
            onClick={() => onOpen({ desk: original, what: 'areas' })}
          >
            {t.areas}
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
  const [active, setActive] = useState(known?.active ?? true);
  const save = useSave((_: undefined, once) => {
    if (!known) {
      const request = { code, name, active, ...filled({ phone: number, email }) };
      return body(api.POST('/api/v1/desks', { params: { header: once }, body: request }));
    }
    return body(
      api.PATCH('/api/v1/desks/{id}', {
        params: { path: { id: known.id } },
        headers: ifMatch(known.version),
        body: { code, name, phone: orNull(number), email: orNull(email), active },
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
      {known ? <CheckField label={t.active} checked={active} onChange={setActive} /> : null}
    </DialogForm>
  );
}

function Areas({ desk, onClose }: { desk: Desk; onClose: () => void }) {
  const t = useTexts(adminWords);
  const query = useQuery({
    queryKey: ['coverage', desk.id],
    queryFn: ({ signal }) =>
      body(api.GET('/api/v1/desks/{id}/coverage', { params: { path: { id: desk.id } }, signal })),
  });
  return (
    <Dialog title={`${desk.name}: ${t.areas}`} onClose={onClose}>
      <Loaded query={query} lines={3}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-dns-16N-130">{t.areaNone}</p>
          ) : (
            <ul className="mb-5">
              {items.map((area) => (
                <Area key={area.id} desk={desk} area={area} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <AddArea desk={desk} />
    </Dialog>
  );
}

function Area({ desk, area }: { desk: Desk; area: Coverage }) {
  const t = useTexts(adminWords);
  const dates = useDates();
  const client = useQueryClient();
  const place = area.prefecture_code ? prefectureName(area.prefecture_code) : (area.municipality_code ?? '');
  const remove = useSend(
    (coverage_id: string) =>
      api.DELETE('/api/v1/desks/{id}/coverage/{coverage_id}', { params: { path: { id: desk.id, coverage_id } } }),
    () => void client.invalidateQueries({ queryKey: ['coverage', desk.id] }),
  );
  return (
    <li className="flex flex-wrap items-center justify-between gap-2 border-b border-line py-1.5 text-dns-16N-130">
      <span>
        <strong>{place}</strong> {dates.fullDay(`${area.from}T00:00:00+09:00`)}〜
        {area.to ? dates.fullDay(`${area.to}T00:00:00+09:00`) : t.open}
      </span>
      <Button
        size="sm"
        look="text"
        aria-label={`${t.remove}: ${place}`}
        pending={remove.isPending}
        onClick={() => remove.mutate(area.id)}
      >
        {t.remove}
      </Button>
    </li>
  );
}

function AddArea({ desk }: { desk: Desk }) {
  const t = useTexts(adminWords);
  const [prefecture, setPrefecture] = useState('');
  const [municipality, setMunicipality] = useState('');
  const [from, setFrom] = useState(dateOf(new Date()));
  const [to, setTo] = useState('');
  const send = useSend(
    (request: AddCoverageRequest, once) =>
      body(api.POST('/api/v1/desks/{id}/coverage', { params: { path: { id: desk.id }, header: once }, body: request })),
    () => {
      setPrefecture('');
      setMunicipality('');
    },
  );
  return (
    <Form
      error={send.error}
      label={t.addArea}
      onSubmit={() =>
        send.mutate({ from, ...filled({ prefecture_code: prefecture, municipality_code: municipality, to }) })
      }
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <PrefectureField label={t.prefecture} pointer="/prefecture_code" value={prefecture} onChange={setPrefecture} />
        <TextField
          label={t.municipality}
          pointer="/municipality_code"
          inputMode="numeric"
          value={municipality}
          onChange={setMunicipality}
        />
        <TextField label={t.since} pointer="/from" type="date" value={from} onChange={setFrom} />
        <TextField label={t.until} pointer="/to" type="date" value={to} onChange={setTo} />
      </div>
      <Button type="submit" pending={send.isPending}>
        {t.addArea}
      </Button>
    </Form>
  );
}
