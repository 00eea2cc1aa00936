/** What was corrected after a period was closed, each with its reason and its effect. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AdjustedField, Adjustment, Dimension } from '@/api/schema';
import { adjustments, catalogue } from '@/data/figures';
import { useDates } from '@/text/dates';
import { texts, usePreferences, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { Empty, Loaded } from '@/ui/states';
import { dimensionWords, useLabels, useNumbers } from './labels';
import { DIMENSIONS } from './search';
import { figuresWords } from './text';

const words = texts(
  {
    report: '集計',
    adjustments: '調整',
    none: '調整はありません',
    noneWhy: '締めた後に変わった記録はありません。',
    number: '案件番号',
    changes: { added: '追加', removed: '取消', changed: '変更' },
    change: '内容',
    effect: '増減',
    adjusted: '調整の日時',
    who: '担当者',
    reason: '理由',
    fields: { enterprise: '企業・団体', case: '案件', status: '状態', outcome: '終了区分' },
    nothing: '（なし）',
    differs: (field: string) => `${field}が変わりました`,
    causes: {
      case_created: '案件の受付',
      case_moved: '案件の状態の変更',
      case_edited: '案件の訂正',
      consultation_booked: '予約',
      consultation_held: '実施の記録',
      consultation_missed: '当日不在の記録',
      consultation_voided: '実施の無効',
      consultation_cancelled: '予約の取消',
      interaction_recorded: '対応の記録',
      mail_placed: 'メールの割当て',
      mail_attached: 'メールの割当て',
      mail_moved: 'メールの移動',
      mail_discarded: 'メールの破棄',
      message_sent: 'メールの送信',
      enterprise_edited: '企業・団体の訂正',
      enterprises_merged: '企業・団体の統合',
    },
  },
  {
    report: 'Report',
    adjustments: 'Adjustments',
    none: 'No adjustments',
    noneWhy: 'Nothing has changed since it was closed.',
    number: 'Case',
    changes: { added: 'Added', removed: 'Removed', changed: 'Changed' },
    change: 'What',
    effect: 'Effect',
    adjusted: 'Adjusted',
    who: 'By',
    reason: 'Why',
    fields: { enterprise: 'Enterprise', case: 'Case', status: 'Status', outcome: 'Outcome' },
    nothing: '(none)',
    differs: (field: string) => `${field} is another`,
    causes: {
      case_created: 'Case created',
      case_moved: 'Case moved',
      case_edited: 'Case corrected',
      consultation_booked: 'Session booked',
      consultation_held: 'Session held',
      consultation_missed: 'No-show recorded',
      consultation_voided: 'Session voided',
      consultation_cancelled: 'Session cancelled',
      interaction_recorded: 'Contact recorded',
      mail_placed: 'Mail placed',
      mail_attached: 'Mail attached',
      mail_moved: 'Mail moved',
      mail_discarded: 'Mail discarded',
      message_sent: 'Mail sent',
      enterprise_edited: 'Enterprise corrected',
      enterprises_merged: 'Enterprises merged',
    },
  },
);

interface Row extends Adjustment {
  place: string;
}

export function Adjustments({ id }: { id: string }) {
  const t = useTexts(words);
  const f = useTexts(figuresWords);
  const dates = useDates();
  const numbers = useNumbers();
  const list = useInfiniteQuery(adjustments(id));
  // An auditor gets no ids: the place in the list tells rows apart.
  const rows =
    list.data?.pages.flatMap((page, at) => page.items.map((row, index) => ({ ...row, place: `${at} ${index}` }))) ?? [];
  const column = columnsOf<Row>();
  const columns: Column<Row>[] = [
    column.display({
      id: 'number',
      header: t.number,
      cell: ({ row: { original } }) =>
        original.case_id ? (
          <Link to="/cases/$id" params={{ id: original.case_id }} className="link whitespace-nowrap">
            {original.number}
          </Link>
        ) : (
          original.number
        ),
    }),
    column.display({
      id: 'report',
      header: t.report,
      cell: ({ row: { original } }) => (
        <>
          {f.reports[original.report]}
          <span className="block text-dns-14N-130 text-ink-soft">{dates.dayTime(original.at)}</span>
        </>
      ),
    }),
    column.display({ id: 'change', header: t.change, cell: ({ row }) => <Change adjustment={row.original} /> }),
    column.display({
      id: 'effect',
      header: t.effect,
      cell: ({ row }) => <span className="tabular-nums">{numbers.signed(row.original.effect)}</span>,
    }),
    column.display({
      id: 'adjusted',
      header: t.adjusted,
      cell: ({ row }) => (row.original.adjusted_at ? dates.dayTime(row.original.adjusted_at) : ''),
    }),
    column.display({ id: 'who', header: t.who, cell: ({ row }) => row.original.by ?? '' }),
    column.display({
      id: 'reason',
      header: t.reason,
      cell: ({ row: { original } }) => (
        <>
          {original.because ? ((t.causes as Record<string, string>)[original.because] ?? original.because) : ''}
          {original.reason ? <span className="block">{original.reason}</span> : null}
        </>
      ),
    }),
  ];
  return (
    <Loaded query={{ ...list, data: list.data }}>
      {() =>
        rows.length === 0 ? (
          <Empty icon="check" title={t.none}>
            {t.noneWhy}
          </Empty>
        ) : (
          <>
            <DataTable
              caption={t.adjustments}
              columns={columns}
              rows={rows}
              idOf={({ place }) => place}
              numeric={['effect']}
            />
            {list.hasNextPage ? (
              <Button
                className="no-print mt-4"
                pending={list.isFetchingNextPage}
                onClick={() => void list.fetchNextPage()}
              >
                {f.more}
              </Button>
            ) : null}
          </>
        )
      }
    </Loaded>
  );
}

function Change({ adjustment: { change, fields } }: { adjustment: Adjustment }) {
  const t = useTexts(words);
  return (
    <>
      {t.changes[change]}
      {fields.map((field) => (
        <span key={field.field} className="block text-dns-14N-130">
          <FieldChange field={field} />
        </span>
      ))}
    </>
  );
}

/** One code before and after, in words; an id says nothing to anybody. */
function FieldChange({ field: { field, from, to } }: { field: AdjustedField }) {
  const t = useTexts(words);
  const { language } = usePreferences();
  const labels = useLabels();
  const { data } = useQuery(catalogue);
  const dimension = DIMENSIONS.find((name) => name === field);
  const name = (t.fields as Record<string, string>)[field] ?? (dimension ? dimensionWords[language][dimension] : field);
  const codes = data?.dimensions.find((known) => known.name === dimension)?.codes;
  const word = (by: Dimension, code: string) =>
    labels(by, codes?.find((key) => key.code === code) ?? { code, label: code });
  const say = (value: string | null | undefined) => {
    if (!value) return t.nothing;
    return dimension
      ? value
          .split(',')
          .map((code) => word(dimension, code))
          .join('、')
      : value;
  };
  const isId = field !== 'case' && !codes;
  return isId ? t.differs(name) : `${name}: ${say(from)} → ${say(to)}`;
}
