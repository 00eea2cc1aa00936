import type { ReactNode } from 'react';
import type { IconName } from '@/ui/icon';
import { Button } from '@/ui/button';
import { DataTable, type Column } from '@/ui/data-table';
import { Empty, Loaded } from '@/ui/states';

interface ListProps<Row extends { id: string }> {
  caption: string;
  /** What the button says that opens an empty form; left out where nothing may be added. */
  add?: string;
  onAdd?: () => void;
  query: { data: readonly Row[] | undefined; error: unknown; refetch: () => unknown };
  columns: Column<Row>[];
  empty: { icon: IconName; title: string; why?: string };
  /** What stands before the button, as a search. */
  children?: ReactNode;
}

/** A list of the office: a button that adds, then what there is. */
export function OfficeList<Row extends { id: string }>(props: ListProps<Row>) {
  const { caption, add, onAdd, query, columns, empty, children } = props;
  return (
    <>
      <div className="mb-4 flex flex-wrap items-end justify-between gap-3">
        <div className="w-full max-w-sm">{children}</div>
        {add ? (
          <Button look="solid" onClick={onAdd}>
            {add}
          </Button>
        ) : null}
      </div>
      <Loaded query={query}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty icon={empty.icon} title={empty.title}>
              {empty.why}
            </Empty>
          ) : (
            <DataTable caption={caption} columns={columns} rows={[...rows]} idOf={(row) => row.id} />
          )
        }
      </Loaded>
    </>
  );
}
