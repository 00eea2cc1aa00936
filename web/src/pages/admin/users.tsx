import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { Role, UserView } from '@/api/schema';
import { useSend } from '@/api/send';
import { desks, managers } from '@/data/directory';
import { shortDesk } from '@/text/format';
import { useMe } from '@/shell/use-me';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { Chip } from '@/ui/chip';
import { columnsOf, type Column } from '@/ui/data-table';
import { DialogForm } from '@/ui/dialog-form';
import { CheckField, SelectField, TextField } from '@/ui/form';
import { say } from '@/ui/toast';
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
  const [takingOff, setTakingOff] = useState<UserView>();
  const columns = useColumns(setEditing, setTakingOff);
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
      {takingOff ? <TakeOff user={takingOff} onClose={() => setTakingOff(undefined)} /> : null}
    </>
  );
}

const helper = columnsOf<UserView>();

type Act = (user: UserView) => void;

function useColumns(onEdit: Act, onTakeOff: Act): Column<UserView>[] {
  const t = useTexts(adminWords);
  const me = useMe();
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
      id: 'factor',
      header: t.factor,
      cell: ({ row: { original } }) => (
        <span className="inline-flex flex-wrap items-center gap-2">
          {original.has_second_factor ? t.factorOn : t.factorOff}
          {original.has_second_factor && original.id !== me.id ? (
            <Button size="sm" aria-label={`${t.takeOffTitle}: ${original.name}`} onClick={() => onTakeOff(original)}>
              {t.takeOff}
            </Button>
          ) : null}
        </span>
      ),
    }),
    helper.display({
      id: 'edit',
      header: t.edit,
      cell: ({ row: { original } }) => (
        <span className="inline-flex flex-wrap items-center gap-x-4 gap-y-1">
          <Button size="sm" aria-label={`${t.edit}: ${original.name}`} onClick={() => onEdit(original)}>
            {t.edit}
          </Button>
          {me.permissions.includes('read_views') ? (
            <Link
              to="/privacy"
              search={{ part: 'views', who: original.id }}
              aria-label={`${t.views}: ${original.name}`}
              className="link text-dns-14N-130 whitespace-nowrap"
            >
              {t.views}
            </Link>
          ) : null}
        </span>
      ),
    }),
  ] as Column<UserView>[];
}

/** For somebody who has lost their phone and the recovery codes. One's own is turned off under the account. */
function TakeOff({ user, onClose }: { user: UserView; onClose: () => void }) {
  const t = useTexts(adminWords);
  const send = useSend(
    (id: string) => api.DELETE('/api/v1/users/{id}/second-factor', { params: { path: { id } } }),
    () => {
      onClose();
      say(t.takenOff);
    },
  );
  return (
    <DialogForm
      title={t.takeOffTitle}
      act={t.takeOff}
      danger
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate(user.id)}
    >
      <p className="text-std-16N-170">{t.takeOffWhat(user.name)}</p>
    </DialogForm>
  );
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
