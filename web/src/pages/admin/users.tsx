import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { Role, UserView } from '@/api/schema';
import { desks, managers } from '@/data/directory';
import { shortDesk } from '@/pages/queue/columns';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { Chip } from '@/ui/chip';
import { columnsOf, type Column } from '@/ui/data-table';
import { DialogForm } from '@/ui/dialog-form';
import { CheckField, SelectField, TextField } from '@/ui/form';
import { OfficeList } from './list';
import { filled, useSave } from './save';
import { adminWords } from './text';

function userList(q: string) {
  return {
    queryKey: ['users', q],
    queryFn: ({ pageParam, signal }: { pageParam: string; signal: AbortSignal }) =>
      body(
        api.GET('/api/v1/users', {
          params: { query: { limit: 50, ...(q ? { q } : {}), ...(pageParam ? { cursor: pageParam } : {}) } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page: { next_cursor?: string | null }) => page.next_cursor ?? undefined,
  };
}

export function Users() {
  const t = useTexts(adminWords);
  const [q, setQ] = useState('');
  const [editing, setEditing] = useState<UserView | 'new'>();
  const list = useInfiniteQuery(userList(q.trim()));
  const columns = useColumns(setEditing);
  return (
    <>
      <OfficeList
        caption={t.parts.users}
        add={t.addUser}
        onAdd={() => setEditing('new')}
        query={{ ...list, data: list.data?.pages.flatMap((page) => page.items) }}
        columns={columns}
        empty={{ icon: 'users', title: t.noneFound }}
      >
        <TextField label={t.find} pointer="#find" type="search" value={q} onChange={setQ} />
      </OfficeList>
      {list.hasNextPage ? (
        <Button className="mt-4" pending={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t.more}
        </Button>
      ) : null}
      {editing ? (
        <EditUser known={editing === 'new' ? undefined : editing} onClose={() => setEditing(undefined)} />
      ) : null}
    </>
  );
}

const helper = columnsOf<UserView>();

function useColumns(onEdit: (user: UserView) => void): Column<UserView>[] {
  const t = useTexts(adminWords);
  const words = useWords();
  const allDesks = useQuery(desks).data?.items;
  return [
    helper.display({
      id: 'name',
      header: t.name,
      cell: ({ row: { original } }) => (
        <>
          <strong>{original.name}</strong> {original.active ? null : <Chip>{t.inactive}</Chip>}
        </>
      ),
    }),
    helper.display({ id: 'email', header: t.email, cell: ({ row }) => row.original.email }),
    helper.display({ id: 'role', header: t.role, cell: ({ row }) => words.role[row.original.role] }),
    helper.display({
      id: 'desk',
      header: t.desk,
      cell: ({ row }) => shortDesk(allDesks?.find(({ id }) => id === row.original.desk_id)?.name) ?? '—',
    }),
    helper.display({
      id: 'password',
      header: t.active,
      cell: ({ row: { original } }) => (original.has_password ? t.active : t.noPassword),
    }),
    helper.display({
      id: 'edit',
      header: t.edit,
      cell: ({ row: { original } }) => (
        <Button size="sm" aria-label={`${t.edit}: ${original.name}`} onClick={() => onEdit(original)}>
          {t.edit}
        </Button>
      ),
    }),
  ] as Column<UserView>[];
}

const ROLES: readonly Role[] = ['operator', 'supervisor', 'desk', 'manager', 'admin', 'auditor'];

function EditUser({ known, onClose }: { known: UserView | undefined; onClose: () => void }) {
  const t = useTexts(adminWords);
  const words = useWords();
  const allDesks = useQuery(desks).data?.items ?? [];
  const allManagers = useQuery(managers).data ?? [];
  const [name, setName] = useState(known?.name ?? '');
  const [email, setEmail] = useState(known?.email ?? '');
  const [role, setRole] = useState<Role>(known?.role ?? 'desk');
  const [desk, setDesk] = useState(known?.desk_id ?? '');
  const [manager, setManager] = useState(known?.manager_id ?? '');
  const [password, setPassword] = useState('');
  const [active, setActive] = useState(known?.active ?? true);
  const save = useSave((_: undefined, once) => {
    const belongs = {
      desk_id: role === 'desk' ? desk || null : null,
      manager_id: role === 'manager' ? manager || null : null,
    };
    const common = { name, email, role, ...(password ? { password } : {}) };
    if (!known) {
      return body(api.POST('/api/v1/users', { params: { header: once }, body: { ...common, ...filled(belongs) } }));
    }
    return body(
      api.PATCH('/api/v1/users/{id}', {
        params: { path: { id: known.id } },
        headers: ifMatch(known.version),
        body: { ...common, ...belongs, active },
      }),
    );
  }, onClose);
  return (
    <DialogForm
      title={known ? known.name : t.addUser}
      act={t.save}
      error={save.error}
      pending={save.isPending}
      onClose={onClose}
      onSubmit={() => save.mutate(undefined)}
    >
      <TextField label={t.name} pointer="/name" required value={name} onChange={setName} />
      <TextField label={t.email} pointer="/email" type="email" required value={email} onChange={setEmail} />
      <SelectField
        label={t.role}
        pointer="/role"
        value={role}
        onChange={setRole}
        choices={ROLES.map((word) => [word, words.role[word]])}
      />
      {role === 'desk' ? (
        <SelectField
          label={t.desk}
          pointer="/desk_id"
          value={desk}
          onChange={setDesk}
          choices={[['', '—'], ...allDesks.map(({ id, name }) => [id, name] as const)]}
        />
      ) : null}
      {role === 'manager' ? (
        <SelectField
          label={t.manager}
          pointer="/manager_id"
          value={manager}
          onChange={setManager}
          choices={[['', '—'], ...allManagers.map(({ id, name, firm }) => [id, `${name} ${firm ?? ''}`] as const)]}
        />
      ) : null}
      <TextField
        label={t.password}
        hint={t.passwordHint}
        pointer="/password"
        type="password"
        autoComplete="new-password"
        value={password}
        onChange={setPassword}
      />
      {known ? <CheckField label={t.active} checked={active} onChange={setActive} /> : null}
    </DialogForm>
  );
}
