import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { HoldView } from '@/api/schema';
import { holdList } from '@/data/privacy';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { columnsOf, type Column } from '@/ui/data-table';
import { LiftDialog } from './hold';
import { Choice, PagedList } from './list';
import type { PrivacySearch } from './search';
import { privacyWords } from './text';

const words = texts(
  {
    title: '法的保全',
    what: '訴訟・調査・監査などのために、保存期間が過ぎても廃棄せず、消去の請求があっても消去しない案件です。案件の画面の「記録の管理」からかけます。',
    show: '表示する保全',
    states: { active: '保全中', lifted: '解除済み' },
    reason: '理由',
    placed: 'かけた日',
    lifted: '解除',
    lift: '解除',
    liftOf: (number: string) => `解除: ${number}`,
    none: '保全中の案件はありません',
    noneLifted: '解除した保全はありません',
  },
  {
    title: 'Legal holds',
    what: 'Cases of which nothing is disposed of or erased, for a lawsuit, an inquiry or an audit. They are placed on the page of the case, under “Records”.',
    show: 'Which',
    states: { active: 'Held', lifted: 'Lifted' },
    reason: 'Reason',
    placed: 'Placed',
    lifted: 'Lifted',
    lift: 'Lift',
    liftOf: (number: string) => `Lift: ${number}`,
    none: 'No case is held',
    noneLifted: 'No hold was lifted',
  },
);

export function Holds({ search }: { search: PrivacySearch }) {
  const t = useTexts(words);
  const p = useTexts(privacyWords);
  const dates = useDates();
  const navigate = useNavigate();
  const active = search.state !== 'lifted';
  const query = useInfiniteQuery(holdList({ active }));
  const [lifting, setLifting] = useState<HoldView>();
  const column = columnsOf<HoldView>();
  const columns: Column<HoldView>[] = [
    column.display({
      id: 'case',
      header: p.case,
      cell: ({ row: { original } }) => (
        <Link to="/cases/$id" params={{ id: original.case_id }} className="link whitespace-nowrap">
          {original.case_number}
        </Link>
      ),
    }),
    column.display({ id: 'reason', header: t.reason, cell: ({ row }) => row.original.reason }),
    column.display({
      id: 'placed',
      header: t.placed,
      cell: ({ row: { original } }) => (
        <>
          {dates.day(original.placed_at)}
          <span className="block text-dns-14N-130 text-ink-soft">{original.placed_by?.name}</span>
        </>
      ),
    }),
    active
      ? column.display({
          id: 'lift',
          header: t.lift,
          cell: ({ row: { original } }) => (
            <Button size="sm" aria-label={t.liftOf(original.case_number)} onClick={() => setLifting(original)}>
              {t.lift}
            </Button>
          ),
        })
      : column.display({
          id: 'lifted',
          header: t.lifted,
          cell: ({ row: { original } }) => (
            <>
              {original.lifted_at ? dates.day(original.lifted_at) : ''} {original.lift_reason}
              <span className="block text-dns-14N-130 text-ink-soft">{original.lifted_by?.name}</span>
            </>
          ),
        }),
  ];
  return (
    <>
      <p className="mb-4 max-w-3xl text-std-16N-170">{t.what}</p>
      <Choice
        label={t.show}
        value={active ? 'active' : 'lifted'}
        choices={(['active', 'lifted'] as const).map((one) => [one, t.states[one]])}
        onChange={(value) =>
          void navigate({ to: '/privacy', search: { part: 'holds', ...(value === 'active' ? {} : { state: value }) } })
        }
      />
      <PagedList
        caption={t.title}
        query={query}
        columns={columns}
        idOf={({ id }) => id}
        empty={{ icon: 'lock', title: active ? t.none : t.noneLifted }}
      />
      {lifting ? (
        <LiftDialog
          of={{ id: lifting.case_id, number: lifting.case_number }}
          hold={lifting}
          onClose={() => setLifting(undefined)}
        />
      ) : null}
    </>
  );
}
