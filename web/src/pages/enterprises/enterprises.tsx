import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { EnterpriseView } from '@/api/schema';
import { enterpriseList, lookUpOf } from '@/data/enterprises';
import { useMe } from '@/shell/use-me';
import { phone } from '@/text/format';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button, LinkButton } from '@/ui/button';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { Page } from '@/ui/page';
import { SearchForm } from '@/ui/search-form';
import { Empty, Loaded } from '@/ui/states';
import { enterpriseWords } from './text';

/** Looking up an enterprise. */
export function EnterprisesPage() {
  const t = useTexts(enterpriseWords);
  const { permissions } = useMe();
  const { q = '' } = useSearch({ from: '/app/enterprises' });
  const navigate = useNavigate();
  const list = useInfiniteQuery({ ...enterpriseList(q), enabled: q !== '' });
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const columns = useColumns();
  return (
    <Page
      title={t.title}
      beside={
        permissions.includes('make_exports') ? (
          <LinkButton to="/exports" search={{ list: 'enterprises', ...lookUpOf(q) }} size="sm">
            {t.exported}
          </LinkButton>
        ) : null
      }
    >
      <SearchForm
        key={q}
        label={t.title}
        look={t.look}
        find={t.find}
        q={q}
        onFind={(search) => void navigate({ to: '/enterprises', search })}
      />
      {q === '' ? (
        <Empty icon="search" title={t.start} />
      ) : (
        <Loaded query={{ ...list, data: list.data }}>
          {() =>
            rows.length === 0 ? (
              <Empty icon="building" title={t.none} />
            ) : (
              <>
                <DataTable caption={t.title} columns={columns} rows={rows} idOf={(row) => row.id} />
                {list.hasNextPage ? (
                  <Button className="mt-4" pending={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                    {t.more}
                  </Button>
                ) : null}
              </>
            )
          }
        </Loaded>
      )}
    </Page>
  );
}

const helper = columnsOf<EnterpriseView>();

function useColumns(): Column<EnterpriseView>[] {
  const t = useTexts(enterpriseWords);
  const words = useWords();
  return [
    helper.display({
      id: 'name',
      header: t.name,
      cell: ({ row: { original } }) => (
        <>
          <Link to="/enterprises/$id" params={{ id: original.id }} data-row className="link text-dns-16B-130">
            {original.name ?? t.anonymous}
          </Link>
          <span className="block text-dns-14N-130 text-ink-soft">{original.kana}</span>
        </>
      ),
    }),
    helper.display({ id: 'kind', header: t.kind, cell: ({ row }) => words.enterprise[row.original.kind] }),
    helper.display({
      id: 'place',
      header: t.place,
      cell: ({ row: { original } }) => `${original.prefecture ?? ''}${original.address ?? ''}` || '—',
    }),
    helper.display({
      id: 'phone',
      header: t.phone,
      cell: ({ row: { original } }) => (original.phone ? phone(original.phone) : '—'),
    }),
    helper.display({
      id: 'corporate number',
      header: t.corporateNumber,
      cell: ({ row }) => row.original.corporate_number ?? '—',
    }),
    helper.display({
      id: 'year',
      header: t.year,
      cell: ({ row: { original } }) => t.cases(original.this_year.cases, original.this_year.sessions_used),
    }),
  ] as Column<EnterpriseView>[];
}
