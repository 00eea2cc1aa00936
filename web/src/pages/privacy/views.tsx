import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { idOfNumber } from '@/data/cases';
import { viewList } from '@/data/privacy';
import { allUsers } from '@/data/users';
import { dayStart, daysLater, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { columnsOf, type Column } from '@/ui/data-table';
import { Form, SelectField, TextField } from '@/ui/form';
import { PagedList } from './list';
import type { PrivacySearch } from './search';
import { privacyWords, wordOf } from './text';
import { together, type Look } from './together';

const words = texts(
  {
    title: '閲覧の記録',
    what: '誰が、いつ、どの案件や企業・団体を閲覧したかの記録です。閲覧から1〜2秒で載ります。',
    filter: '記録を絞り込む',
    case: '案件番号',
    who: '閲覧した人',
    any: '指定なし',
    from: '開始日',
    to: '終了日',
    find: '絞り込む',
    clear: '解除',
    enterprise: '1つの企業・団体に絞り込んでいます。',
    open: 'その企業・団体を開く',
    when: '日時',
    seen: '見たもの',
    subject: '案件・企業・団体',
    enterpriseOf: '企業・団体',
    token: 'APIトークン',
    none: '閲覧の記録はありません',
    noneWhy: '条件を変えるか、絞り込みを解除してください。',
    things: {
      case: '案件',
      timeline: '対応履歴',
      interactions: '対応記録',
      notes: '内部メモ',
      messages: 'メール',
      attachments: 'ファイルの一覧',
      consultations: 'コンサルティング',
      offers: '打診',
      flags: '確認事項',
      consultation: 'コンサルティング',
      report: '報告書',
      message: '送信メール',
      mail: '受信メール',
      raw_mail: '受信メール原本',
      attachment: 'ファイル',
      offer: '打診',
      enterprise: '企業・団体',
      caller: '電話番号・メールアドレスでの照会',
      search: '検索の結果',
    },
  },
  {
    title: 'Who saw what',
    what: 'Who saw which case or enterprise, and when. It stands here a second or two later.',
    filter: 'Narrow down',
    case: 'Case number',
    who: 'Who',
    any: 'Anybody',
    from: 'From',
    to: 'To',
    find: 'Narrow down',
    clear: 'Clear',
    enterprise: 'Of one enterprise only.',
    open: 'Open it',
    when: 'When',
    seen: 'What',
    subject: 'Case or enterprise',
    enterpriseOf: 'Enterprise',
    token: 'API token',
    none: 'Nobody saw anything',
    noneWhy: 'Ask for something else, or for everything.',
    things: {
      case: 'case',
      timeline: 'timeline',
      interactions: 'interactions',
      notes: 'notes',
      messages: 'mails',
      attachments: 'list of files',
      consultations: 'sessions',
      offers: 'offers',
      flags: 'flags',
      consultation: 'session',
      report: 'report',
      message: 'mail sent',
      mail: 'mail received',
      raw_mail: 'mail as it came',
      attachment: 'file',
      offer: 'offer',
      enterprise: 'enterprise',
      caller: 'look-up by number or address',
      search: 'search',
    },
  },
);

/** By case, by enterprise and by person, the newest first. */
export function Views({ search }: { search: PrivacySearch }) {
  const t = useTexts(words);
  const number = search.case;
  const found = useQuery({
    queryKey: ['views', 'case', number],
    queryFn: () => idOfNumber(number ?? '', '#case'),
    enabled: number !== undefined,
  });
  const isReady = number === undefined || found.data !== undefined;
  const query = useInfiniteQuery({
    ...viewList({
      ...(found.data ? { case_id: found.data } : {}),
      ...(search.who ? { user_id: search.who } : {}),
      ...(search.enterprise ? { enterprise_id: search.enterprise } : {}),
      ...(search.from ? { from: dayStart(search.from) } : {}),
      ...(search.to ? { until: dayStart(daysLater(search.to, 1)) } : {}),
    }),
    enabled: isReady,
  });
  const looks = query.data && { pages: [{ items: together(query.data.pages.flatMap(({ items }) => items)) }] };
  const columns = useColumns();
  return (
    <>
      <p className="mb-4 max-w-3xl text-std-16N-170">{t.what}</p>
      <Filter search={search} error={found.error} />
      {found.error ? null : (
        <PagedList
          caption={t.title}
          query={{ ...query, data: looks }}
          columns={columns}
          idOf={({ id }) => id}
          empty={{ icon: 'search', title: t.none, why: t.noneWhy }}
        />
      )}
    </>
  );
}

type Typed = 'case' | 'who' | 'from' | 'to';

function Filter({ search, error }: { search: PrivacySearch; error: unknown }) {
  const t = useTexts(words);
  const navigate = useNavigate();
  const people = useQuery(allUsers).data ?? [];
  const [typed, setTyped] = useState<Record<Typed, string>>({
    case: search.case ?? '',
    who: search.who ?? '',
    from: search.from ?? '',
    to: search.to ?? '',
  });
  const set = (name: Typed) => (value: string) => setTyped({ ...typed, [name]: value });
  const go = (next: PrivacySearch) => void navigate({ to: '/privacy', search: { part: 'views', ...next } });
  const isNarrowed = Object.keys(search).length > 1;
  return (
    <Form
      label={t.filter}
      error={error}
      className="mb-5 space-y-3"
      onSubmit={() =>
        go({
          ...Object.fromEntries(Object.entries(typed).filter(([, value]) => value.trim() !== '')),
          ...(search.enterprise ? { enterprise: search.enterprise } : {}),
        })
      }
    >
      <div className="grid gap-3 sm:grid-cols-2 md:grid-cols-4">
        <TextField label={t.case} pointer="#case" value={typed.case} onChange={set('case')} />
        <SelectField
          label={t.who}
          pointer="#who"
          value={typed.who}
          onChange={set('who')}
          choices={[['', t.any], ...people.map(({ id, name }) => [id, name] as const)]}
        />
        <TextField label={t.from} pointer="#from" type="date" value={typed.from} onChange={set('from')} />
        <TextField label={t.to} pointer="#to" type="date" value={typed.to} onChange={set('to')} />
      </div>
      {search.enterprise ? (
        <p className="text-dns-16N-130">
          {t.enterprise}{' '}
          <Link to="/enterprises/$id" params={{ id: search.enterprise }} className="link">
            {t.open}
          </Link>
        </p>
      ) : null}
      <div className="flex gap-3">
        <Button type="submit" look="solid">
          {t.find}
        </Button>
        {isNarrowed ? <Button onClick={() => go({})}>{t.clear}</Button> : null}
      </div>
    </Form>
  );
}

function useColumns(): Column<Look>[] {
  const t = useTexts(words);
  const p = useTexts(privacyWords);
  const roles = useWords().role;
  const dates = useDates();
  const column = columnsOf<Look>();
  return [
    column.display({ id: 'when', header: t.when, cell: ({ row }) => dates.dayTime(row.original.entry.seen_at) }),
    column.display({
      id: 'who',
      header: t.who,
      cell: ({
        row: {
          original: { entry },
        },
      }) =>
        entry.user ? (
          <>
            {entry.user.name}
            <span className="block text-dns-14N-130 text-ink-soft">
              {roles[entry.user.role]}
              {entry.by_token ? `・${t.token}` : ''}
            </span>
          </>
        ) : (
          '—'
        ),
    }),
    column.display({
      id: 'subject',
      header: t.subject,
      cell: ({
        row: {
          original: { entry },
        },
      }) =>
        entry.case_id ? (
          <Link to="/cases/$id" params={{ id: entry.case_id }} className="link whitespace-nowrap">
            {entry.case_number ?? p.case}
          </Link>
        ) : entry.enterprise_id ? (
          <Link to="/enterprises/$id" params={{ id: entry.enterprise_id }} className="link">
            {t.enterpriseOf}
          </Link>
        ) : (
          '—'
        ),
    }),
    column.display({
      id: 'seen',
      header: t.seen,
      cell: ({ row }) => {
        const order = Object.keys(t.things);
        const what = row.original.what.toSorted((a, b) => order.indexOf(a) - order.indexOf(b));
        return what.map((one) => wordOf(t.things, one)).join('、');
      },
    }),
  ];
}
