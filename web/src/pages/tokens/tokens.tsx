import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '@/api/client';
import type { CreatedToken, CreateTokenRequest, Permission, TokenView } from '@/api/schema';
import { useSend } from '@/api/send';
import { OfficeList } from '@/pages/admin/list';
import { useMe } from '@/shell/use-me';
import { dateOf, daysLater, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { columnsOf, type Column } from '@/ui/data-table';
import { DialogForm } from '@/ui/dialog-form';
import { ManyField, TextField } from '@/ui/form';
import { Page } from '@/ui/page';
import { SecretDialog } from '@/ui/secret-dialog';
import { say } from '@/ui/toast';

const words = texts(
  {
    title: 'APIトークン',
    why: '別のプログラムが、あなたの代わりにこのシステムを使うための鍵です。あなたに許された操作を超えることはできません。',
    add: 'トークンを発行',
    act: '発行する',
    none: '発行したトークンはありません',
    name: '用途',
    permissions: '許す操作',
    permissionsHint: '必要なものだけを選んでください。名前はAPIの文書のものです。',
    expires: '有効期限',
    expiresHint: '366日後までの日。その日の終わりまで使えます。',
    created: '発行日',
    revoke: '失効させる',
    revokeWhat: (name: string) => `「${name}」を失効させます。使っているプログラムは、すぐに使えなくなります。`,
    revoked: '失効させました。',
    made: 'トークンを発行しました',
    once: 'この値は今だけ表示されます。安全な場所に控えてください。',
    secret: 'トークン',
    date: '有効期限の日付を入力してください。',
  },
  {
    title: 'API tokens',
    why: 'Keys with which another program uses this system for you, never for more than you may do yourself.',
    add: 'Make a token',
    act: 'Make',
    none: 'No tokens',
    name: 'What it is for',
    permissions: 'What it may do',
    permissionsHint: 'Choose only what is needed. The names are those of the API’s documentation.',
    expires: 'Ends',
    expiresHint: 'Within 366 days; it works to the end of that day.',
    created: 'Made',
    revoke: 'Revoke',
    revokeWhat: (name: string) => `“${name}” is revoked. The program that uses it stops working at once.`,
    revoked: 'Revoked.',
    made: 'The token was made',
    once: 'It is shown only now. Keep it in a safe place.',
    secret: 'Token',
    date: 'Enter the day on which it ends.',
  },
);

type Opened = 'new' | { made: CreatedToken } | { revoke: TokenView };

/** The own API tokens: made, shown once, revoked. */
export function TokensPage() {
  const t = useTexts(words);
  const [opened, setOpened] = useState<Opened>();
  const query = useQuery({
    queryKey: ['tokens'],
    // No more than 50 live ones are allowed.
    queryFn: ({ signal }) => body(api.GET('/api/v1/api-tokens', { params: { query: { limit: 200 } }, signal })),
  });
  const columns = useColumns((revoke) => setOpened({ revoke }));
  const close = () => setOpened(undefined);
  return (
    <Page title={t.title}>
      <p className="mb-4 max-w-3xl text-std-16N-170">{t.why}</p>
      <OfficeList
        caption={t.title}
        add={t.add}
        onAdd={() => setOpened('new')}
        query={{ ...query, data: query.data?.items }}
        columns={columns}
        empty={{ icon: 'lock', title: t.none }}
      />
      {opened === 'new' ? <NewToken onMade={(made) => setOpened({ made })} onClose={close} /> : null}
      {typeof opened === 'object' && 'made' in opened ? (
        <SecretDialog title={t.made} label={t.secret} secret={opened.made.token} onClose={close}>
          <p>{t.once}</p>
        </SecretDialog>
      ) : null}
      {typeof opened === 'object' && 'revoke' in opened ? <Revoke token={opened.revoke} onClose={close} /> : null}
    </Page>
  );
}

const helper = columnsOf<TokenView>();

function useColumns(onRevoke: (token: TokenView) => void): Column<TokenView>[] {
  const t = useTexts(words);
  const dates = useDates();
  return [
    helper.display({ id: 'name', header: t.name, cell: ({ row }) => <strong>{row.original.name}</strong> }),
    helper.display({ id: 'may', header: t.permissions, cell: ({ row }) => row.original.permissions.join(', ') }),
    helper.display({ id: 'ends', header: t.expires, cell: ({ row }) => dates.dayTime(row.original.expires_at) }),
    helper.display({ id: 'made', header: t.created, cell: ({ row }) => dates.day(row.original.created_at) }),
    helper.display({
      id: 'revoke',
      header: t.revoke,
      cell: ({ row: { original } }) => (
        <Button size="sm" aria-label={`${t.revoke}: ${original.name}`} onClick={() => onRevoke(original)}>
          {t.revoke}
        </Button>
      ),
    }),
  ] as Column<TokenView>[];
}

const MONTHS = 90;

function NewToken({ onMade, onClose }: { onMade: (made: CreatedToken) => void; onClose: () => void }) {
  const t = useTexts(words);
  const { permissions: mine, role } = useMe();
  const may: Permission[] = role === 'admin' && !mine.includes('intake') ? [...mine, 'intake'] : mine;
  const [name, setName] = useState('');
  const [permissions, setPermissions] = useState<Permission[]>([]);
  const [until, setUntil] = useState(daysLater(dateOf(new Date()), MONTHS));
  const [tried, setTried] = useState(false);
  const send = useSend(
    (request: CreateTokenRequest) => body(api.POST('/api/v1/api-tokens', { body: request })),
    (made) => onMade(made),
  );
  return (
    <DialogForm
      title={t.add}
      act={t.act}
      wide
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => {
        setTried(true);
        if (until) send.mutate({ name, permissions, expires_at: `${until}T23:59:59+09:00` });
      }}
    >
      <TextField label={t.name} pointer="/name" required value={name} onChange={setName} />
      <TextField
        label={t.expires}
        hint={t.expiresHint}
        pointer="/expires_at"
        type="date"
        required
        wrong={tried && !until ? t.date : undefined}
        value={until}
        onChange={setUntil}
      />
      <ManyField
        label={t.permissions}
        hint={t.permissionsHint}
        pointer="/permissions"
        required
        value={permissions}
        onChange={setPermissions}
        choices={may.map((permission) => [permission, permission])}
      />
    </DialogForm>
  );
}

function Revoke({ token, onClose }: { token: TokenView; onClose: () => void }) {
  const t = useTexts(words);
  const send = useSend(
    (id: string) => api.DELETE('/api/v1/api-tokens/{id}', { params: { path: { id } } }),
    () => {
      onClose();
      say(t.revoked);
    },
  );
  return (
    <DialogForm
      title={t.revoke}
      act={t.revoke}
      danger
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate(token.id)}
    >
      <p className="text-std-16N-170">{t.revokeWhat(token.name)}</p>
    </DialogForm>
  );
}
