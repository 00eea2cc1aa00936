import { useQuery } from '@tanstack/react-query';
import type { Counted, LatenessRow } from '@/api/schema';
import { latenessReport } from '@/data/figures';
import { texts, usePreferences, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { Empty, Loaded } from '@/ui/states';
import { Days } from './days';
import { FigureNumber } from './frame';
import { useNumbers } from './labels';
import { selectionOf, without, type TablesSearch } from './search';
import { spanOf } from './span';
import { figuresWords } from './text';

const words = texts(
  {
    kind: '何の期限か',
    due: '期限のあった数',
    met: '期限内',
    late: '期限後',
    open: '期限前',
    overdue: '超過中',
    dropped: '不要になった数',
    share: '期限内の割合',
    shareNote: '期限内の割合は、期限内 ÷（期限内＋期限後＋超過中）です。',
    chart: '期限を守った割合のグラフ',
  },
  {
    kind: 'What was due',
    due: 'Due',
    met: 'In time',
    late: 'Late',
    open: 'Not due yet',
    overdue: 'Overdue',
    dropped: 'Fell away',
    share: 'In time, %',
    shareNote: 'The share is in time ÷ (in time + late + overdue).',
    chart: 'Chart of what was in time and what was late',
  },
);

/** In the order in which a case meets them. */
const KINDS = ['route', 'accept', 'first_contact', 'answer_offer', 'callback', 'wait_review', 'report'];

function inOrder(rows: readonly LatenessRow[]): LatenessRow[] {
  const place = ({ kind }: LatenessRow) => {
    const index = KINDS.indexOf(kind.code);
    return index < 0 ? KINDS.length : index;
  };
  return rows.toSorted((a, b) => place(a) - place(b));
}

const STATES = ['met', 'late', 'overdue', 'open'] as const;
/** A pattern says it as well as the colour. */
const LOOKS: Record<(typeof STATES)[number], string> = {
  met: 'bg-blue-800',
  late: 'cover-part border-y border-yellow-900',
  overdue: 'cover-gap border-y border-error-2',
  open: 'bg-solid-gray-100 border-y border-solid-gray-420',
};

/** What was due, and what was late. */
export function LatenessTables({ search }: { search: TablesSearch }) {
  const t = useTexts(words);
  const f = useTexts(figuresWords);
  const selection = without(selectionOf(search), 'state');
  const query = useQuery(latenessReport({ ...selection, ...spanOf(search, 'lateness') }));
  const columns = useColumns();
  return (
    <Loaded query={query} lines={8}>
      {(report) => (
        <>
          <Days report={report} />
          {report.rows.length === 0 ? (
            <Empty icon="clock" title={f.none}>
              {f.noneWhy}
            </Empty>
          ) : (
            <div className="grid gap-x-10 gap-y-6 wide:grid-cols-[minmax(0,2fr)_minmax(0,3fr)] wide:items-start">
              <Chart rows={inOrder(report.rows)} />
              <div>
                <DataTable
                  caption={f.reports.lateness}
                  columns={columns}
                  rows={inOrder(report.rows)}
                  idOf={({ kind }) => kind.code}
                  numeric={['due', ...STATES, 'share', 'dropped']}
                />
                <p className="mt-2 text-dns-14N-130 text-ink-soft">{t.shareNote}</p>
              </div>
            </div>
          )}
        </>
      )}
    </Loaded>
  );
}

function useKindName() {
  const { language } = usePreferences();
  const { due } = useWords();
  return ({ kind }: LatenessRow) =>
    language === 'ja' ? kind.label : ((due as Record<string, string>)[kind.code] ?? kind.label);
}

function Chart({ rows }: { rows: readonly LatenessRow[] }) {
  const t = useTexts(words);
  const nameOf = useKindName();
  return (
    <figure aria-label={t.chart}>
      <ul className="space-y-2 text-dns-14N-130">
        {rows.map((row) => (
          <li key={row.kind.code}>
            <span>{nameOf(row)}</span>
            <span aria-hidden className="flex h-6 w-full overflow-hidden border border-solid-gray-420">
              {STATES.map((state) =>
                row[state].count > 0 ? (
                  <span key={state} className={`print-color ${LOOKS[state]}`} style={{ flexGrow: row[state].count }} />
                ) : null,
              )}
            </span>
          </li>
        ))}
      </ul>
      <figcaption className="mt-3 flex flex-wrap gap-x-5 gap-y-1 text-dns-14N-130">
        {STATES.map((state) => (
          <span key={state} className="flex items-center gap-1.5">
            <span aria-hidden className={`inline-block h-5 w-7 border print-color ${LOOKS[state]}`} />
            {t[state]}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

function useColumns(): Column<LatenessRow>[] {
  const t = useTexts(words);
  const nameOf = useKindName();
  const { share } = useNumbers();
  const column = columnsOf<LatenessRow>();
  const counted = (state: 'due' | (typeof STATES)[number] | 'dropped') =>
    column.display({
      id: state,
      header: t[state],
      cell: ({ row }) => {
        const { count, list }: Counted = row.original[state];
        return <FigureNumber count={count} list={list} />;
      },
    });
  return [
    column.display({ id: 'kind', header: t.kind, cell: ({ row }) => nameOf(row.original) }),
    counted('due'),
    counted('met'),
    counted('late'),
    counted('overdue'),
    column.display({
      id: 'share',
      header: t.share,
      cell: ({ row: { original } }) => (
        <span className="tabular-nums">
          {share(original.met.count, original.met.count + original.late.count + original.overdue.count) || '–'}
        </span>
      ),
    }),
    counted('open'),
    counted('dropped'),
  ];
}
