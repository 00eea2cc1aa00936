/** A table that becomes a list of cards where the page is narrow, from the same columns. */
import { createColumnHelper, tableFeatures, useTable, type ColumnDef, type RowData } from '@tanstack/react-table';
import type { ReactNode } from 'react';
import { useNarrow } from './narrow';

const features = tableFeatures({});

/** Columns of a table of `Row`. */
export function columnsOf<Row extends RowData>() {
  return createColumnHelper<typeof features, Row>();
}

export type Column<Row extends RowData> = ColumnDef<typeof features, Row>;

/**
 * What a column says of a header or a cell. Called, not mounted as a component as FlexRender does: columns are made anew
 * with every drawing of a page, and a new component would take the focus away from the row that has it.
 */
function drawn<Context>(part: ((context: Context) => ReactNode) | ReactNode, context: Context): ReactNode {
  return typeof part === 'function' ? part(context) : part;
}

interface DataTableProps<Row extends RowData> {
  caption: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  idOf: (row: Row) => string;
  /** How a row looks where the page is narrow; terms and values of all columns where absent. */
  card?: (row: Row) => ReactNode;
}

export function DataTable<Row extends RowData>({ caption, columns, rows, idOf, card }: DataTableProps<Row>) {
  const narrow = useNarrow();
  const table = useTable({ features, columns, data: rows, getRowId: idOf });
  const shown = table.getRowModel().rows;

  if (narrow) {
    const [group] = table.getHeaderGroups();
    return (
      <ul aria-label={caption} className="space-y-2">
        {shown.map((row) => (
          <li key={row.id} className="long-list rounded-8 border border-line bg-white p-3">
            {card ? (
              card(row.original)
            ) : (
              <dl className="grid grid-cols-[minmax(4.5rem,auto)_1fr] gap-x-3 gap-y-1 text-dns-16N-130">
                {row.getAllCells().map((cell, index) => {
                  const header = group?.headers[index];
                  return (
                    <div key={cell.id} className="col-span-2 grid grid-cols-subgrid">
                      <dt className="text-dns-14N-130 text-ink-soft">
                        {header ? drawn(header.column.columnDef.header, header.getContext()) : null}
                      </dt>
                      <dd className="min-w-0">{drawn(cell.column.columnDef.cell, cell.getContext())}</dd>
                    </div>
                  );
                })}
              </dl>
            )}
          </li>
        ))}
      </ul>
    );
  }
  return (
    <table className="w-full border-collapse text-dns-16N-130">
      <caption className="sr-only">{caption}</caption>
      <thead>
        {table.getHeaderGroups().map((group) => (
          <tr key={group.id} className="border-b border-solid-gray-600 text-left text-dns-14N-120 text-ink-soft">
            {group.headers.map((header) => (
              <th key={header.id} scope="col" className="px-2 py-2 font-400">
                {drawn(header.column.columnDef.header, header.getContext())}
              </th>
            ))}
          </tr>
        ))}
      </thead>
      <tbody>
        {shown.map((row) => (
          <tr key={row.id} className="border-b border-line align-top hover:bg-ground has-[:focus-visible]:bg-blue-50">
            {row.getAllCells().map((cell) => (
              <td key={cell.id} className="px-2 py-2">
                {drawn(cell.column.columnDef.cell, cell.getContext())}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
