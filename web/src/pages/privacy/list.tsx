import type { RowData } from '@tanstack/react-table';
import type { ReactNode } from 'react';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { DataTable, type Column } from '@/ui/data-table';
import type { IconName } from '@/ui/icon';
import { Empty, Loaded } from '@/ui/states';
import { privacyWords } from './text';

interface ListProps<Row extends RowData> {
  caption: string;
  query: {
    data: { pages: { items: readonly Row[] }[] } | undefined;
    error: unknown;
    refetch: () => unknown;
    fetchStatus: 'fetching' | 'paused' | 'idle';
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    fetchNextPage: () => unknown;
  };
  columns: Column<Row>[];
  idOf: (row: Row) => string;
  empty: { icon?: IconName; title: string; why?: ReactNode };
}

/** A list that is read page by page. */
export function PagedList<Row extends RowData>({ caption, query, columns, idOf, empty }: ListProps<Row>) {
  const t = useTexts(privacyWords);
  return (
    <Loaded query={query}>
      {({ pages }) => {
        const rows = pages.flatMap(({ items }) => items);
        return rows.length === 0 ? (
          <Empty icon={empty.icon ?? 'list'} title={empty.title}>
            {empty.why}
          </Empty>
        ) : (
          <>
            <DataTable caption={caption} columns={columns} rows={rows} idOf={idOf} />
            {query.hasNextPage ? (
              <Button
                className="no-print mt-4"
                pending={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
              >
                {t.more}
              </Button>
            ) : null}
          </>
        );
      }}
    </Loaded>
  );
}

/** A choice above a list, which goes into the address. */
export function Choice({
  label,
  value,
  choices,
  onChange,
}: {
  label: string;
  value: string;
  choices: readonly (readonly [value: string, label: string])[];
  onChange: (value: string) => void;
}) {
  return (
    <fieldset className="mb-4">
      <legend className="sr-only">{label}</legend>
      <div className="flex flex-wrap gap-2">
        {choices.map(([choice, text]) => (
          <Button
            key={choice}
            size="sm"
            look={choice === value ? 'solid' : 'outline'}
            aria-pressed={choice === value}
            onClick={() => onChange(choice)}
          >
            {text}
          </Button>
        ))}
      </div>
    </fieldset>
  );
}
