import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { DisposalView, RetentionClass } from '@/api/schema';
import { disposals } from '@/data/privacy';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { columnsOf, type Column } from '@/ui/data-table';
import { Choice, PagedList } from './list';
import type { PrivacySearch } from './search';
import { privacyWords, wordOf } from './text';

const words = texts(
  {
    title: '廃棄と消去の記録',
    by: '根拠',
    run: '保存期間の満了',
    erasure: '消去の請求',
    none: '廃棄・消去したものはありません',
    more: (n: number) => `ほか${n}件`,
  },
  {
    title: 'What went',
    by: 'Ground',
    run: 'Its years were over',
    erasure: 'A request',
    none: 'Nothing went yet',
    more: (n: number) => `and ${n} more`,
  },
);

const CLASSES: readonly RetentionClass[] = ['raw_mail', 'attachment', 'case', 'view'];

/** Everything that went, the newest first. */
export function Log({ search }: { search: PrivacySearch }) {
  const p = useTexts(privacyWords);
  const navigate = useNavigate();
  const chosen = CLASSES.find((one) => one === search.class);
  return (
    <>
      <Choice
        label={p.class}
        value={chosen ?? ''}
        choices={[['', p.any], ...CLASSES.map((one) => [one, p.classes[one]] as const)]}
        onChange={(value) =>
          void navigate({ to: '/privacy', search: { part: 'log', ...(value ? { class: value } : {}) } })
        }
      />
      <DisposalList filter={chosen ? { class: chosen } : {}} />
    </>
  );
}

/** How many numbers of cases stand in a row; a batch has a hundred. */
const NUMBERS = 5;

export function DisposalList({ filter }: { filter: Parameters<typeof disposals>[0] }) {
  const t = useTexts(words);
  const p = useTexts(privacyWords);
  const dates = useDates();
  const query = useInfiniteQuery(disposals(filter));
  const column = columnsOf<DisposalView>();
  const columns: Column<DisposalView>[] = [
    column.display({ id: 'when', header: p.when, cell: ({ row }) => dates.dayTime(row.original.disposed_at) }),
    column.display({ id: 'class', header: p.class, cell: ({ row }) => p.classes[row.original.class] }),
    column.display({
      id: 'what',
      header: p.what,
      cell: ({ row: { original } }) => `${wordOf(p.kinds, original.kind)} ${p.count(original.count)}`,
    }),
    column.display({ id: 'cases', header: p.cases, cell: ({ row }) => <Numbers of={row.original.case_numbers} /> }),
    column.display({
      id: 'by',
      header: t.by,
      cell: ({ row: { original } }) =>
        original.run_id ? (
          <Link to="/privacy/runs/$id" params={{ id: original.run_id }} className="link">
            {t.run}
          </Link>
        ) : original.erasure_id ? (
          <Link to="/privacy/erasures/$id" params={{ id: original.erasure_id }} className="link">
            {t.erasure}
          </Link>
        ) : (
          '—'
        ),
    }),
    column.display({ id: 'who', header: p.who, cell: ({ row }) => row.original.actor?.name ?? '—' }),
  ];
  return (
    <PagedList
      caption={t.title}
      query={query}
      columns={columns}
      idOf={({ id }) => String(id)}
      empty={{ icon: 'file', title: t.none }}
    />
  );
}

function Numbers({ of }: { of: readonly string[] }) {
  const t = useTexts(words);
  if (of.length === 0) return '—';
  const rest = of.slice(NUMBERS);
  return (
    <>
      {of.slice(0, NUMBERS).join('、')}
      {rest.length > 0 ? (
        <details>
          <summary className="min-h-6 text-dns-14N-130 text-blue-900 underline">{t.more(rest.length)}</summary>
          {rest.join('、')}
        </details>
      ) : null}
    </>
  );
}
