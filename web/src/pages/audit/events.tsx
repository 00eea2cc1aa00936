import { infiniteQueryOptions, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { api, body } from '@/api/client';
import type { AuditEventView } from '@/api/schema';
import { idOfNumber } from '@/data/cases';
import { allUsers } from '@/data/users';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { controlClass, Field, Form, SelectField, TextField } from '@/ui/form';
import { Empty, Loaded } from '@/ui/states';
import { GROUPS, groupWords, kindIn, kindWords } from './kinds';
import { auditFilter, type AuditSearch } from './search';

const words = texts(
  {
    list: '操作の記録',
    filter: '記録を絞り込む',
    who: '操作した人',
    what: '操作の種類',
    case: '案件番号',
    from: '開始日',
    to: '終了日',
    any: '指定なし',
    find: '絞り込む',
    clear: '解除',
    more: 'さらに表示',
    none: '該当する記録はありません',
    noneWhy: '条件を変えるか、絞り込みを解除してください。',
    when: '日時',
    particulars: '内訳',
    office: '事務局',
    system: 'システム',
    token: 'APIトークン',
    show: (kind: string) => `${kind}の内訳`,
    seq: '連鎖の中の番号',
    request: '問い合わせ番号',
    hash: 'ハッシュ値',
  },
  {
    list: 'What was done',
    filter: 'Narrow down the events',
    who: 'Who',
    what: 'What',
    case: 'Case number',
    from: 'From',
    to: 'To',
    any: 'Any',
    find: 'Narrow down',
    clear: 'Clear',
    more: 'More',
    none: 'There is no such event',
    noneWhy: 'Ask for something else, or for everything.',
    when: 'When',
    particulars: 'Particulars',
    office: 'Office',
    system: 'System',
    token: 'API token',
    show: (kind: string) => `Particulars: ${kind}`,
    seq: 'Number in its chain',
    request: 'Request',
    hash: 'Hash',
  },
);

const FIRST_PAGE = 50;
const FURTHER_PAGE = 200;

function eventList(search: AuditSearch) {
  return infiniteQueryOptions({
    queryKey: ['audit', 'events', search],
    queryFn: async ({ pageParam, signal }) => {
      const id = search.case ? await idOfNumber(search.case, '#case') : undefined;
      const page = pageParam ? { limit: FURTHER_PAGE, cursor: pageParam } : { limit: FIRST_PAGE };
      const query = { ...auditFilter(search, id), ...page };
      return body(api.GET('/api/v1/audit', { params: { query }, signal }));
    },
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** Who did what, when and where, the newest first. */
export function Events() {
  const t = useTexts(words);
  const search = useSearch({ from: '/app/audit' });
  const list = useInfiniteQuery(eventList(search));
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const columns = useColumns();
  const isWrongCase = search.case !== undefined && list.error !== null && list.data === undefined;
  return (
    <>
      <Filter key={JSON.stringify(search)} search={search} error={isWrongCase ? list.error : undefined} />
      {isWrongCase ? null : (
        <Loaded query={{ ...list, data: list.data }}>
          {() =>
            rows.length === 0 ? (
              <Empty icon="search" title={t.none}>
                {t.noneWhy}
              </Empty>
            ) : (
              <DataTable
                caption={t.list}
                columns={columns}
                rows={rows}
                idOf={({ case_id, seq }) => `${case_id ?? ''} ${seq}`}
              />
            )
          }
        </Loaded>
      )}
      {list.hasNextPage ? (
        <Button className="mt-4" pending={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t.more}
        </Button>
      ) : null}
    </>
  );
}

function Filter({ search, error }: { search: AuditSearch; error: unknown }) {
  const t = useTexts(words);
  const groups = useTexts(groupWords);
  const kinds = useTexts(kindWords);
  const navigate = useNavigate();
  const people = useQuery(allUsers).data ?? [];
  const [typed, setTyped] = useState<Record<keyof AuditSearch, string>>({
    who: search.who ?? '',
    what: search.what ?? '',
    case: search.case ?? '',
    from: search.from ?? '',
    to: search.to ?? '',
  });
  const set = (name: keyof AuditSearch) => (value: string) => setTyped({ ...typed, [name]: value });
  const go = (next: AuditSearch) => void navigate({ to: '/audit', search: next });
  return (
    <Form
      label={t.filter}
      error={error}
      className="mb-5 space-y-3"
      onSubmit={() => go(Object.fromEntries(Object.entries(typed).filter(([, value]) => value.trim() !== '')))}
    >
      <div className="grid gap-3 sm:grid-cols-2 md:grid-cols-3 wide:grid-cols-5">
        <SelectField
          label={t.who}
          pointer="#who"
          value={typed.who}
          onChange={set('who')}
          choices={[['', t.any], ...people.map(({ id, name }) => [id, name] as const)]}
        />
        <Field label={t.what} pointer="#what">
          {(field) => (
            <select
              {...field}
              value={typed.what}
              className={`${controlClass} h-11`}
              onChange={(event) => set('what')(event.target.value)}
            >
              <option value="">{t.any}</option>
              {GROUPS.map((group) => (
                <optgroup key={group} label={groups[group]}>
                  {Object.entries(kinds[group]).map(([kind, name]) => (
                    <option key={kind} value={kind}>
                      {name}
                    </option>
                  ))}
                </optgroup>
              ))}
            </select>
          )}
        </Field>
        <TextField label={t.case} pointer="#case" value={typed.case} onChange={set('case')} />
        <TextField label={t.from} pointer="#from" type="date" value={typed.from} onChange={set('from')} />
        <TextField label={t.to} pointer="#to" type="date" value={typed.to} onChange={set('to')} />
      </div>
      <div className="flex gap-3">
        <Button type="submit" look="solid">
          {t.find}
        </Button>
        {Object.keys(search).length > 0 ? <Button onClick={() => go({})}>{t.clear}</Button> : null}
      </div>
    </Form>
  );
}

const helper = columnsOf<AuditEventView>();

function useColumns(): Column<AuditEventView>[] {
  const t = useTexts(words);
  const kinds = useTexts(kindWords);
  const dates = useDates();
  const columns = [
    helper.display({
      id: 'when',
      header: t.when,
      cell: ({ row }) => <span className="whitespace-nowrap">{dates.dayTime(row.original.recorded_at)}</span>,
    }),
    helper.display({ id: 'what', header: t.what, cell: ({ row }) => kindIn(kinds, row.original.kind) }),
    helper.display({ id: 'who', header: t.who, cell: ({ row }) => <Who seen={row.original} /> }),
    helper.display({
      id: 'case',
      header: t.case,
      cell: ({ row: { original } }) =>
        original.case_id ? (
          <Link to="/cases/$id" params={{ id: original.case_id }} data-row className="link whitespace-nowrap">
            {original.case_number ?? original.case_id}
          </Link>
        ) : (
          <span className="text-ink-soft">{t.office}</span>
        ),
    }),
    helper.display({
      id: 'particulars',
      header: t.particulars,
      cell: ({ row }) => <Particulars seen={row.original} kind={kindIn(kinds, row.original.kind)} />,
    }),
  ];
  return columns;
}

function Who({ seen: { actor } }: { seen: AuditEventView }) {
  const t = useTexts(words);
  return (
    <>
      {actor.name ?? t.system}
      {actor.kind === 'token' ? <span className="block text-dns-14N-130 text-ink-soft">{t.token}</span> : null}
    </>
  );
}

/** What is stored of it, as it is hashed: names of fields, ids and counts, and never what somebody is called. */
function Particulars({ seen, kind }: { seen: AuditEventView; kind: string }) {
  const t = useTexts(words);
  const facts: [string, unknown][] = [
    ...Object.entries(seen.data as Record<string, unknown>).filter(([, value]) => value !== null),
    [t.seq, seen.seq],
    [t.request, seen.request_id],
    [t.hash, seen.hash],
  ];
  return (
    <details>
      <summary className="min-h-6 text-dns-14N-130 text-blue-900 underline">
        <span aria-hidden>{t.particulars}</span>
        <span className="sr-only">{t.show(kind)}</span>
      </summary>
      <dl className="mt-1 space-y-0.5 text-dns-14N-130">
        {facts.map(([name, value]) => (
          <div key={name} className="flex flex-wrap gap-x-2">
            <dt className="text-ink-soft">{name}</dt>
            <dd className="min-w-0 break-all">{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
