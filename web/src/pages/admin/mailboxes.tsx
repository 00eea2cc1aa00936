import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { Mailbox } from '@/api/schema';
import { desks } from '@/data/directory';
import { mailboxes } from '@/data/mail';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Chip } from '@/ui/chip';
import { columnsOf, type Column } from '@/ui/data-table';
import { DialogForm } from '@/ui/dialog-form';
import { CheckField, SelectField, TextField } from '@/ui/form';
import { OfficeList } from './list';
import { filled, orNull, useSave } from './save';
import { adminWords } from './text';

const words = texts(
  {
    add: '受付先を登録',
    address: 'アドレス',
    addressHint: 'メールサーバーから、このアドレスのメールを受付に渡してください。',
    name: '差出人として表示する名前',
    owner: '受け取る窓口',
    center: '相談センター',
    none: '登録されたアドレスはありません',
    noneWhy: '登録のないアドレスに届いたメールは、相談センターの案件になります。',
  },
  {
    add: 'Add a mailbox',
    address: 'Address',
    addressHint: 'The mail server must hand its mail to the intake.',
    name: 'Name shown as the sender',
    owner: 'Whose',
    center: 'Help center',
    none: 'No mailboxes',
    noneWhy: 'Mail to an unknown address counts as the help center’s.',
  },
);

/** The addresses that enterprises write to. */
export function Mailboxes() {
  const t = useTexts(words);
  const admin = useTexts(adminWords);
  const [editing, setEditing] = useState<Mailbox | 'new'>();
  const query = useQuery(mailboxes);
  const columns = useColumns(setEditing);
  return (
    <>
      <OfficeList
        caption={admin.parts.mailboxes}
        add={t.add}
        onAdd={() => setEditing('new')}
        query={{ ...query, data: query.data?.items }}
        columns={columns}
        empty={{ icon: 'mail', title: t.none, why: t.noneWhy }}
      />
      {editing ? (
        <EditMailbox known={editing === 'new' ? undefined : editing} onClose={() => setEditing(undefined)} />
      ) : null}
    </>
  );
}

const helper = columnsOf<Mailbox>();

function useColumns(onEdit: (mailbox: Mailbox) => void): Column<Mailbox>[] {
  const t = useTexts(words);
  const admin = useTexts(adminWords);
  const allDesks = useQuery(desks).data?.items;
  return [
    helper.display({
      id: 'address',
      header: t.address,
      cell: ({ row: { original } }) => (
        <>
          <strong>{original.address}</strong> {original.active ? null : <Chip>{admin.inactive}</Chip>}
        </>
      ),
    }),
    helper.display({ id: 'name', header: t.name, cell: ({ row }) => row.original.name ?? '—' }),
    helper.display({
      id: 'owner',
      header: t.owner,
      cell: ({ row: { original } }) =>
        original.desk_id ? (allDesks?.find(({ id }) => id === original.desk_id)?.name ?? '—') : t.center,
    }),
    helper.display({
      id: 'edit',
      header: admin.edit,
      cell: ({ row: { original } }) => (
        <Button size="sm" aria-label={`${admin.edit}: ${original.address}`} onClick={() => onEdit(original)}>
          {admin.edit}
        </Button>
      ),
    }),
  ] as Column<Mailbox>[];
}

function EditMailbox({ known, onClose }: { known: Mailbox | undefined; onClose: () => void }) {
  const t = useTexts(words);
  const admin = useTexts(adminWords);
  const allDesks = useQuery(desks).data?.items ?? [];
  const [address, setAddress] = useState(known?.address ?? '');
  const [name, setName] = useState(known?.name ?? '');
  const [desk, setDesk] = useState(known?.desk_id ?? '');
  const [active, setActive] = useState(known?.active ?? true);
  const save = useSave((_: undefined, once) => {
    if (!known) {
      return body(
        api.POST('/api/v1/mailboxes', {
          params: { header: once },
          body: { address, active, ...filled({ name, desk_id: desk }) },
        }),
      );
    }
    return body(
      api.PATCH('/api/v1/mailboxes/{id}', {
        params: { path: { id: known.id } },
        headers: ifMatch(known.version),
        body: { address, active, name: orNull(name), desk_id: desk || null },
      }),
    );
  }, onClose);
  return (
    <DialogForm
      title={known ? known.address : t.add}
      act={admin.save}
      error={save.error}
      pending={save.isPending}
      onClose={onClose}
      onSubmit={() => save.mutate(undefined)}
    >
      <TextField
        label={t.address}
        hint={t.addressHint}
        pointer="/address"
        type="email"
        required
        value={address}
        onChange={setAddress}
      />
      <TextField label={t.name} pointer="/name" value={name} onChange={setName} />
      <SelectField
        label={t.owner}
        pointer="/desk_id"
        value={desk}
        onChange={setDesk}
        choices={[['', t.center], ...allDesks.map(({ id, name }) => [id, name] as const)]}
      />
      <CheckField label={admin.active} checked={active} onChange={setActive} />
    </DialogForm>
  );
}
