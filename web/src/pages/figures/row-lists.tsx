/** The lists behind numbers: cases and what happened on them, and enterprises. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Dimension, EnterpriseRow, FactRow, ReportKind } from '@/api/schema';
import { catalogue, enterpriseRows, figureRows } from '@/data/figures';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { prefectureName } from '@/ui/prefectures';
import { Empty, Loaded } from '@/ui/states';
import { useDimensionNames, useLabels, useNumbers } from './labels';
import type { Milestone, Selection } from './search';
import { figuresWords } from './text';

const words = texts(
  {
    number: '案件番号',
    numbers: '案件',
    enterprise: '企業・団体',
    noName: '名称なし',
    at: { cases: '受付', interactions: '日時', enterprises: '最初の受付', sessions: '実施', deadlines: '期限' },
    cases: '案件数',
    time: '所要時間（正味 / 総）',
    notCounted: '計上しない',
    center: '相談センター',
  },
  {
    number: 'Case',
    numbers: 'Cases',
    enterprise: 'Enterprise',
    noName: 'No name',
    at: { cases: 'Received', interactions: 'When', enterprises: 'First received', sessions: 'Held', deadlines: 'Due' },
    cases: 'Cases',
    time: 'Time (net / gross)',
    notCounted: 'Not counted',
    center: 'Help center',
  },
);

interface MoreProps {
  shown: number;
  total: number;
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}

function More({ shown, total, list }: MoreProps) {
  const f = useTexts(figuresWords);
  return (
    <div className="mt-4 flex flex-wrap items-center justify-between gap-3">
      <p role="status" className="text-dns-16N-130 text-ink-soft">
        {f.shown(shown, Math.max(shown, total))}
      </p>
      {list.hasNextPage ? (
        <Button className="no-print" pending={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {f.more}
        </Button>
      ) : null}
    </div>
  );
}

function Nothing() {
  const f = useTexts(figuresWords);
  return (
    <Empty icon="search" title={f.none}>
      {f.noneWhy}
    </Empty>
  );
}

interface ListProps {
  selection: Selection;
  total: number;
}

type FactReport = Exclude<ReportKind, 'enterprises'>;

/** A fact with a name of its own: an auditor gets no ids. */
interface Row extends FactRow {
  place: string;
}

export function FactList({
  report,
  selection,
  total,
  desks,
}: ListProps & { report: FactReport; desks: ReadonlyMap<string, string> }) {
  const f = useTexts(figuresWords);
  const list = useInfiniteQuery(figureRows(report, selection));
  const columns = useFactColumns(report, selection.reached, desks);
  const rows =
    list.data?.pages.flatMap((page, at) => page.items.map((row, index) => ({ ...row, place: `${at} ${index}` }))) ?? [];
  return (
    <Loaded query={{ ...list, data: list.data }}>
      {() =>
        rows.length === 0 ? (
          <Nothing />
        ) : (
          <div className="print:[&_table]:text-[7.5pt] print:[&_td]:px-1 print:[&_td]:py-1 print:[&_th]:px-1">
            <DataTable caption={f.reports[report]} columns={columns} rows={rows} idOf={({ place }) => place} />
            <More shown={rows.length} total={total} list={list} />
          </div>
        )
      }
    </Loaded>
  );
}

function useFactColumns(
  report: FactReport,
  reached: Milestone | undefined,
  desks: ReadonlyMap<string, string>,
): Column<Row>[] {
  const t = useTexts(words);
  const names = useDimensionNames();
  const dates = useDates();
  const numbers = useNumbers();
  const codeOf = useCodes();
  const { role } = useMe();
  const column = columnsOf<Row>();
  const text = (id: string, header: string, cell: (row: Row) => string) =>
    column.display({ id, header, cell: ({ row }) => cell(row.original) });
  const short = (id: string, header: string, cell: (row: Row) => string) =>
    column.display({
      id,
      header: () => <span className="whitespace-nowrap print:whitespace-normal">{header}</span>,
      cell: ({ row }) => <span className="whitespace-nowrap print:whitespace-normal">{cell(row.original)}</span>,
    });
  const coded = (name: 'outcome' | 'channel' | 'stage' | 'state' | 'kind' | 'direction') =>
    short(name, names[name], (row) => codeOf(name, row[name]));
  const own = {
    cases: [
      text('status', names.status, ({ status }) => codeOf('status', status)),
      coded('outcome'),
      coded('channel'),
      text('topics', names.topic, ({ topics }) => topics.map((topic) => codeOf('topic', topic)).join('、')),
    ],
    interactions: [coded('kind'), coded('direction')],
    sessions: [coded('stage'), coded('state')],
    deadlines: [coded('kind'), coded('state')],
  }[report];
  const minutes = {
    first_answer: ({ answer_net, answer_gross }: Row) => [answer_net, answer_gross],
    acceptance: ({ accept_net, accept_gross }: Row) => [accept_net, accept_gross],
    first_session: ({ session_net, session_gross }: Row) => [session_net, session_gross],
  };
  return [
    column.display({
      id: 'number',
      header: t.number,
      cell: ({ row: { original } }) => (
        <>
          {original.case_id ? (
            <Link to="/cases/$id" params={{ id: original.case_id }} className="link whitespace-nowrap">
              {original.number}
            </Link>
          ) : (
            <span className="whitespace-nowrap">{original.number}</span>
          )}
          {original.counted ? null : <span className="block text-dns-14N-130 text-ink-soft">{t.notCounted}</span>}
        </>
      ),
    }),
    ...(role === 'auditor' ? [] : [text('enterprise', t.enterprise, (row) => row.enterprise_name ?? t.noName)]),
    text('at', t.at[report], ({ at }) => dates.dayTime(at)),
    ...own,
    short('prefecture', names.prefecture, ({ prefecture }) => (prefecture ? prefectureName(prefecture) : '')),
    text('desk', names.desk, ({ desk_id }) => (desk_id ? (desks.get(desk_id) ?? '') : t.center)),
    ...(reached
      ? [
          text('time', t.time, (row) =>
            minutes[reached](row)
              .map((n) => (n == null ? '–' : numbers.minutes(n)))
              .join(' / '),
          ),
        ]
      : []),
  ];
}

/** The words of codes that stand in rows, where a report would bring them along. */
function useCodes() {
  const labels = useLabels();
  const { data } = useQuery(catalogue);
  return (name: Dimension, code: string | null | undefined) => {
    if (!code) return '';
    const known = data?.dimensions.find((dimension) => dimension.name === name)?.codes;
    return labels(name, known?.find((key) => key.code === code) ?? { code, label: code });
  };
}

export function EnterpriseList({ selection, total }: ListProps) {
  const f = useTexts(figuresWords);
  const list = useInfiniteQuery(enterpriseRows(selection));
  const columns = useEnterpriseColumns();
  const rows = list.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Loaded query={{ ...list, data: list.data }}>
      {() =>
        rows.length === 0 ? (
          <Nothing />
        ) : (
          <>
            <DataTable
              caption={f.reports.enterprises}
              columns={columns}
              rows={rows}
              idOf={(row) => row.enterprise_id}
              numeric={['cases']}
            />
            <More shown={rows.length} total={total} list={list} />
          </>
        )
      }
    </Loaded>
  );
}

function useEnterpriseColumns(): Column<EnterpriseRow>[] {
  const t = useTexts(words);
  const dates = useDates();
  const numbers = useNumbers();
  const { permissions, role } = useMe();
  const opens = permissions.includes('read_enterprises') && role !== 'manager';
  const searches = permissions.includes('read_cases') && role !== 'auditor';
  const column = columnsOf<EnterpriseRow>();
  return [
    ...(role === 'auditor'
      ? []
      : [
          column.display({
            id: 'enterprise',
            header: t.enterprise,
            cell: ({ row: { original } }) =>
              opens ? (
                <Link to="/enterprises/$id" params={{ id: original.enterprise_id }} className="link">
                  {original.enterprise_name ?? t.noName}
                </Link>
              ) : (
                (original.enterprise_name ?? t.noName)
              ),
          }),
        ]),
    column.display({ id: 'cases', header: t.cases, cell: ({ row }) => numbers.whole(row.original.cases) }),
    column.display({
      id: 'numbers',
      header: t.numbers,
      cell: ({ row: { original } }) => (
        <span className="flex flex-wrap gap-x-3 gap-y-1">
          {original.numbers.map((number) =>
            searches ? (
              <Link key={number} to="/search" search={{ q: number }} className="link whitespace-nowrap">
                {number}
              </Link>
            ) : (
              <span key={number} className="whitespace-nowrap">
                {number}
              </span>
            ),
          )}
          {original.cases > original.numbers.length ? '…' : ''}
        </span>
      ),
    }),
    column.display({ id: 'at', header: t.at.enterprises, cell: ({ row }) => dates.dayTime(row.original.at) }),
  ];
}
