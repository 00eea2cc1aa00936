import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ErasureItem, ErasureState } from '@/api/schema';
import { erasureList } from '@/data/privacy';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { columnsOf, type Column } from '@/ui/data-table';
import { Choice, PagedList } from './list';
import type { PrivacySearch } from './search';
import { privacyWords } from './text';

const words = texts(
  {
    title: '消去の請求',
    what: '本人または企業・団体からの請求で、名前・連絡先・やり取りを消します。請求は、案件の画面の相談者、または企業・団体の画面の「個人情報の手続き」から登録します。',
    reference: '整理番号',
    scope: '対象',
    asked: '登録',
    executed: '実行',
    none: '該当する請求はありません',
  },
  {
    title: 'Erasure',
    what: 'On request of a person or an enterprise, names, addresses and what was written go. A request is entered on the page of the case, at the contact, or on the page of the enterprise, under “Personal data”.',
    reference: 'Reference',
    scope: 'Whom',
    asked: 'Entered',
    executed: 'Executed',
    none: 'There is no such request',
  },
);

const STATES: readonly ErasureState[] = ['requested', 'executed', 'withdrawn'];

export function Erasures({ search }: { search: PrivacySearch }) {
  const t = useTexts(words);
  const p = useTexts(privacyWords);
  const dates = useDates();
  const navigate = useNavigate();
  const state = STATES.find((known) => known === search.state);
  const query = useInfiniteQuery(erasureList(state ? { state } : {}));
  const column = columnsOf<ErasureItem>();
  const columns: Column<ErasureItem>[] = [
    column.display({
      id: 'reference',
      header: t.reference,
      cell: ({ row: { original } }) => (
        <Link to="/privacy/erasures/$id" params={{ id: original.id }} className="link">
          {original.request_reference}
        </Link>
      ),
    }),
    column.display({ id: 'scope', header: t.scope, cell: ({ row }) => p.scopes[row.original.scope] }),
    column.display({ id: 'state', header: p.state, cell: ({ row }) => p.erasureStates[row.original.state] }),
    column.display({
      id: 'asked',
      header: t.asked,
      cell: ({ row: { original } }) => `${dates.dayTime(original.requested_at)} ${original.requested_by?.name ?? ''}`,
    }),
    column.display({
      id: 'executed',
      header: t.executed,
      cell: ({ row: { original } }) => (original.executed_at ? dates.dayTime(original.executed_at) : '—'),
    }),
  ];
  return (
    <>
      <p className="mb-4 max-w-3xl text-std-16N-170">{t.what}</p>
      <Choice
        label={p.state}
        value={state ?? ''}
        choices={[['', p.any], ...STATES.map((one) => [one, p.erasureStates[one]] as const)]}
        onChange={(value) =>
          void navigate({ to: '/privacy', search: { part: 'erasures', ...(value ? { state: value } : {}) } })
        }
      />
      <PagedList
        caption={t.title}
        query={query}
        columns={columns}
        idOf={({ id }) => id}
        empty={{ icon: 'user', title: t.none }}
      />
    </>
  );
}
