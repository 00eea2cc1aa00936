import { useQuery } from '@tanstack/react-query';
import type { Counted } from '@/api/schema';
import { capacityReport } from '@/data/figures';
import { texts, useTexts } from '@/text/preferences';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { Section } from '@/ui/page';
import { Empty, Loaded } from '@/ui/states';
import { Days } from './days';
import { FigureNumber } from './frame';
import { useBothYears, useNumbers } from './labels';
import type { TablesSearch } from './search';
import { spanOf } from './span';
import { figuresWords } from './text';

const words = texts(
  {
    managers: '専門家ごと',
    desks: '地域窓口ごと',
    month: '月',
    manager: '専門家',
    desk: '地域窓口',
    people: '専門家の人数',
    capacity: '担当枠',
    booked: '予約',
    held: '実施',
    left: '残り',
    used: '埋まり具合',
    note: '「残り」は全窓口の予約と実施を引いた数です。予約・実施の数は、自分が見られる回だけを数えるため、担当枠から引いた数と合わないことがあります。',
    usedOf: (used: string, capacity: string) => `${capacity} 回のうち ${used} 回`,
  },
  {
    managers: 'By expert',
    desks: 'By desk',
    month: 'Month',
    manager: 'Expert',
    desk: 'Desk',
    people: 'Experts',
    capacity: 'Capacity',
    booked: 'Booked',
    held: 'Held',
    left: 'Left',
    used: 'Taken',
    note: '“Left” counts bookings of all desks. Booked and held are the sessions that you may see, so that they need not add up with it.',
    usedOf: (used: string, capacity: string) => `${used} of ${capacity}`,
  },
);

interface Row {
  id: string;
  month: string;
  name: string;
  people?: number;
  capacity: number;
  left: number;
  booked: Counted;
  held: Counted;
}

/** What is left of each manager's and desk's months. */
export function CapacityTables({ search }: { search: TablesSearch }) {
  const t = useTexts(words);
  const f = useTexts(figuresWords);
  const query = useQuery(capacityReport(spanOf(search, 'capacity')));
  return (
    <Loaded query={query} lines={10}>
      {(report) => {
        const managers = report.managers.map((row) => ({
          ...row,
          id: `${row.month}${row.manager_id}`,
          name: row.manager,
        }));
        const desks = report.desks.map((row) => ({
          ...row,
          id: `${row.month}${row.desk_id}`,
          name: row.desk,
          people: row.managers,
        }));
        return (
          <>
            <Days report={report} />
            <p className="mb-6 max-w-3xl text-dns-16N-130 text-ink-soft">{t.note}</p>
            <div className="space-y-10">
              {desks.length > 0 ? (
                <Section title={t.desks}>
                  <Rows caption={t.desks} who={t.desk} rows={desks} />
                </Section>
              ) : null}
              <Section title={t.managers}>
                {managers.length > 0 ? (
                  <Rows caption={t.managers} who={t.manager} rows={managers} />
                ) : (
                  <Empty icon="users" title={f.none}>
                    {f.noneWhy}
                  </Empty>
                )}
              </Section>
            </div>
          </>
        );
      }}
    </Loaded>
  );
}

interface RowsProps {
  caption: string;
  who: string;
  rows: readonly Row[];
}

function Rows({ caption, who, rows }: RowsProps) {
  const t = useTexts(words);
  const both = useBothYears();
  const numbers = useNumbers();
  const column = columnsOf<Row>();
  const months = new Set(rows.map(({ month }) => month));
  const number = (id: 'people' | 'capacity' | 'left') =>
    column.display({
      id,
      header: t[id],
      cell: ({ row }) => (
        <span
          className={`tabular-nums ${id === 'left' && row.original.left === 0 && row.original.capacity > 0 ? 'font-bold text-error-2' : ''}`}
        >
          {numbers.whole(row.original[id] ?? 0)}
        </span>
      ),
    });
  const counted = (id: 'booked' | 'held') =>
    column.display({
      id,
      header: t[id],
      cell: ({ row }) => <FigureNumber count={row.original[id].count} list={row.original[id].list} />,
    });
  const columns: Column<Row>[] = [
    ...(months.size > 1
      ? [
          column.display({
            id: 'month',
            header: t.month,
            cell: ({ row }) => both.month(row.original.month.slice(0, 7)),
          }),
        ]
      : []),
    column.display({ id: 'name', header: who, cell: ({ row }) => row.original.name }),
    ...(rows.some(({ people }) => people !== undefined) ? [number('people')] : []),
    number('capacity'),
    counted('booked'),
    counted('held'),
    number('left'),
    column.display({ id: 'used', header: t.used, cell: ({ row }) => <Used row={row.original} /> }),
  ];
  return (
    <DataTable
      caption={caption}
      columns={columns}
      rows={rows}
      idOf={({ id }) => id}
      numeric={['people', 'capacity', 'booked', 'held', 'left']}
    />
  );
}

function Used({ row: { capacity, left } }: { row: Row }) {
  const t = useTexts(words);
  const numbers = useNumbers();
  const used = Math.max(0, capacity - left);
  if (capacity === 0) return <span>–</span>;
  return (
    <span className="flex items-center gap-3">
      <span aria-hidden className="block h-4 w-32 shrink-0 border max-sm:w-20 border-solid-gray-420 bg-white">
        <span className="block h-full bg-blue-700 print-color" style={{ width: `${(100 * used) / capacity}%` }} />
      </span>
      <span className="text-dns-14N-130 whitespace-nowrap">
        {t.usedOf(numbers.whole(used), numbers.whole(capacity))}
      </span>
    </span>
  );
}
