/** A table that becomes a list of cards where the page is narrow, from the same columns. */
import { createColumnHelper, tableFeatures, useTable, type ColumnDef, type RowData } from '@tanstack/react-table';
import { useLayoutEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useLongList } from './long-list';
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
  /** How many rows there are with those that are not loaded. */
  total?: number | undefined;
  /** The ids of columns of numbers, which stand below each other from the right. */
  numeric?: readonly string[];
}

/** About how high they are before they were drawn, in pixels. */
const ROW_PX = 84;
const CARD_PX = 190;

export function DataTable<Row extends RowData>({
  caption,
  columns,
  rows,
  idOf,
  card,
  total = 0,
  numeric = [],
}: DataTableProps<Row>) {
  const narrow = useNarrow();
  const table = useTable({ features, columns, data: rows, getRowId: idOf });
  const shown = table.getRowModel().rows;
  const long = useLongList({
    keys: useMemo(() => shown.map(({ id }) => id), [shown]),
    height: narrow ? CARD_PX : ROW_PX,
    name: `${caption}${narrow ? ' (cards)' : ''}`,
  });
  const all = Math.max(total, rows.length);
  const { widths, head } = useWidths(long.isLong, columns.length);

  if (narrow) {
    const [group] = table.getHeaderGroups();
    return (
      <>
        {long.watch}
        <ul aria-label={caption} {...long.list} className={long.isLong ? '[&>[data-index]]:pb-2' : 'space-y-2'}>
          {long.parts.map((part) => {
            if ('room' in part) return <li key={`room ${part.after}`} aria-hidden style={{ height: part.room }} />;
            const row = shown[part.index];
            if (!row) return null;
            return (
              <li
                key={row.id}
                {...(long.isLong ? { 'aria-setsize': all, 'aria-posinset': part.index + 1 } : {})}
                {...long.entry(part.index)}
              >
                <div className={`rounded-8 border border-line bg-white p-3 ${long.isLong ? '' : 'long-list'}`}>
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
                </div>
              </li>
            );
          })}
        </ul>
      </>
    );
  }
  return (
    <>
      {long.watch}
      <table
        aria-rowcount={long.isLong ? all + 1 : undefined}
        className={`w-full border-collapse text-dns-16N-130 ${widths ? 'table-fixed' : ''}`}
      >
        <caption className="sr-only">{caption}</caption>
        <thead ref={head}>
          {table.getHeaderGroups().map((group) => (
            <tr
              key={group.id}
              aria-rowindex={long.isLong ? 1 : undefined}
              className="border-b border-solid-gray-600 text-left text-dns-14N-120 text-ink-soft"
            >
              {group.headers.map((header, index) => (
                <th
                  key={header.id}
                  scope="col"
                  className={`px-2 py-2 font-400 ${numeric.includes(header.column.id) ? 'text-right' : ''}`}
                  style={widths ? { width: widths[index] } : undefined}
                >
                  {drawn(header.column.columnDef.header, header.getContext())}
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody {...long.list}>
          {long.parts.map((part) => {
            if ('room' in part) {
              return (
                <tr key={`room ${part.after}`} aria-hidden>
                  <td colSpan={columns.length} className="p-0" style={{ height: part.room }} />
                </tr>
              );
            }
            const row = shown[part.index];
            if (!row) return null;
            return (
              <tr
                key={row.id}
                aria-rowindex={long.isLong ? part.index + 2 : undefined}
                {...long.entry(part.index)}
                className="border-b border-line align-top hover:bg-ground has-[:focus-visible]:bg-blue-50"
              >
                {row.getAllCells().map((cell) => (
                  <td key={cell.id} className={`px-2 py-2 ${numeric.includes(cell.column.id) ? 'text-right' : ''}`}>
                    {drawn(cell.column.columnDef.cell, cell.getContext())}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </>
  );
}

/** The columns as wide as they are when a list becomes long: they must not follow the rows that come and go. */
function useWidths(isLong: boolean, columns: number) {
  const head = useRef<HTMLTableSectionElement>(null);
  const [widths, setWidths] = useState<readonly string[]>();
  useLayoutEffect(() => {
    const row = head.current?.rows[0];
    if (!isLong || !row) return;
    const { width } = row.getBoundingClientRect();
    setWidths([...row.cells].map((cell) => `${(cell.getBoundingClientRect().width / width) * 100}%`));
    return () => setWidths(undefined);
  }, [isLong, columns]);
  return { widths, head };
}
