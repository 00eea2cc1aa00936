import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { RetentionClass, RetentionItem } from '@/api/schema';
import { retentionItems } from '@/data/privacy';
import { dateOf, dayStart, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { columnsOf, type Column } from '@/ui/data-table';
import { Icon } from '@/ui/icon';
import { Section } from '@/ui/page';
import { PagedList } from './list';
import type { PrivacySearch } from './search';
import { privacyWords, wordOf } from './text';

const words = texts(
  {
    title: (name: string, year: string) => `保存期間を過ぎた${name}${year ? `(${year}に終了)` : ''}`,
    asOf: (day: string) => `基準日 ${day}`,
    back: '保存期間と廃棄',
    ended: '終了日',
    year: '年度',
    none: '対象はありません',
    noCase: '案件なし',
  },
  {
    title: (name: string, year: string) => `${name} that are over${year ? ` (ended in ${year})` : ''}`,
    asOf: (day: string) => `As of ${day}`,
    back: 'Retention and disposal',
    ended: 'Ended',
    year: 'Fiscal year',
    none: 'There is nothing',
    noCase: 'no case',
  },
);

/** What a number of the preview counts, one by one. */
export function Items({ search }: { search: PrivacySearch }) {
  const t = useTexts(words);
  const p = useTexts(privacyWords);
  const dates = useDates();
  const day = search.day ?? dateOf(new Date());
  const query = useInfiniteQuery(
    retentionItems({
      as_of: day,
      // Another word is refused by the API, in words.
      class: (search.class ?? '') as RetentionClass,
      ...(search.year ? { fiscal_year: Number(search.year) } : {}),
    }),
  );
  const column = columnsOf<RetentionItem>();
  const columns: Column<RetentionItem>[] = [
    column.display({ id: 'what', header: p.what, cell: ({ row }) => wordOf(p.kinds, row.original.kind) }),
    column.display({
      id: 'case',
      header: p.case,
      cell: ({ row: { original } }) =>
        original.case_id ? (
          <Link to="/cases/$id" params={{ id: original.case_id }} className="link">
            {original.case_number}
          </Link>
        ) : (
          t.noCase
        ),
    }),
    column.display({ id: 'ended', header: t.ended, cell: ({ row }) => dates.fullDay(row.original.ended_at) }),
    column.display({ id: 'year', header: t.year, cell: ({ row }) => dates.fiscalYear(row.original.fiscal_year) }),
  ];
  return (
    <>
      <Link to="/privacy" search={{ day }} className="link mb-3 inline-flex min-h-9 items-center text-dns-16N-130">
        <Icon name="back" className="size-4" />
        {t.back}
      </Link>
      <Section
        title={t.title(wordOf(p.classes, search.class ?? ''), search.year ? dates.fiscalYear(Number(search.year)) : '')}
        beside={<span className="text-dns-14N-130 text-ink-soft">{t.asOf(dates.fullDay(dayStart(day)))}</span>}
      >
        <PagedList
          caption={wordOf(p.classes, search.class ?? '')}
          query={query}
          columns={columns}
          idOf={({ kind, id }) => `${kind} ${id}`}
          empty={{ icon: 'check', title: t.none }}
        />
      </Section>
    </>
  );
}
