import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import type { EvaluationRow, SurveyRow } from '@/api/schema';
import { evaluationRows, surveyReport, surveyRows } from '@/data/answers';
import { FiguresFrame } from '@/pages/figures/frame';
import { useBothYears, useNumbers } from '@/pages/figures/labels';
import { useMe } from '@/shell/use-me';
import { answerWords } from '@/text/answer-words';
import { useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { Icon } from '@/ui/icon';
import { prefectureName } from '@/ui/prefectures';
import { Empty, Loaded } from '@/ui/states';
import { countOf, evaluationRowFilter, surveyFilter, surveyRowFilter } from './asked';
import { readSurveyRowsSearch, readSurveySearch, type SurveyRowsSearch } from './search';
import { surveyWords } from './text';

/** The surveys or evaluations that a number counts, and that number above them. */
export function SurveyRowsPage() {
  const t = useTexts(surveyWords);
  const search = readSurveyRowsSearch({ ...useSearch({ from: '/app/figures/survey/rows' }) });
  const isEvaluations = search.list === 'evaluations';
  return (
    <FiguresFrame
      title={isEvaluations ? t.listEvaluations : t.list}
      permission="read_survey_figures"
      over={
        <Link
          to="/figures/survey"
          search={readSurveySearch({ ...search })}
          className="link no-print mb-1 inline-flex min-h-9 items-center gap-1 text-dns-16N-130"
        >
          <Icon name="back" />
          {t.back}
        </Link>
      }
    >
      <Head search={search} />
      {isEvaluations ? (
        <Evaluations key={JSON.stringify(search)} search={search} />
      ) : (
        <Surveys key={JSON.stringify(search)} search={search} />
      )}
    </FiguresFrame>
  );
}

/** What was asked in words, and the number that was clicked. */
function Head({ search }: { search: SurveyRowsSearch }) {
  const t = useTexts(surveyWords);
  const numbers = useNumbers();
  const both = useBothYears();
  const { role } = useMe();
  const asked = useAsked(search);
  const count = useCount(search);
  return (
    <>
      <p className="mb-2 text-dns-16N-130">{both.span(surveyFilter(search))}</p>
      {asked.length > 0 ? (
        <ul className="mb-2 flex flex-wrap gap-2 text-dns-16N-130">
          {asked.map((text) => (
            <li key={text} className="rounded-6 border border-line bg-ground px-2 py-1">
              {text}
            </li>
          ))}
        </ul>
      ) : null}
      {role === 'auditor' ? <p className="mb-2 text-dns-14N-130 text-ink-soft">{t.masked}</p> : null}
      {count === undefined ? null : (
        <p className="mb-4 text-dns-16N-130">
          {t.counted} <strong className="text-std-22B-150 tabular-nums">{numbers.whole(count)}</strong>
          {t.unit}
        </p>
      )}
    </>
  );
}

function useCount(search: SurveyRowsSearch): number | undefined {
  const { data } = useQuery(surveyReport(surveyFilter(search)));
  return data ? countOf(data, search) : undefined;
}

function useAsked(search: SurveyRowsSearch): string[] {
  const t = useTexts(surveyWords);
  const names = useTexts(answerWords);
  const { state, purpose_achieved, telework, why_not, answered, score, prefecture_code } = search;
  return [
    state ? `${t.state}: ${state === 'sent' ? t.notAnswered : names.survey[state]}` : '',
    purpose_achieved ? `${t.purpose}: ${names.purpose[purpose_achieved]}` : '',
    telework ? `${t.telework}: ${names.telework[telework]}` : '',
    why_not ? `${t.whyNot}: ${names.whyNot[why_not]}` : '',
    answered ? `${t.state}: ${answered === 'yes' ? names.survey.answered : t.notAnswered}` : '',
    score ? `${t.score}: ${t.scores[score]}` : '',
    prefecture_code ? `${t.prefecture}: ${prefectureName(prefecture_code)}` : '',
  ].filter(Boolean);
}

function Surveys({ search }: { search: SurveyRowsSearch }) {
  const t = useTexts(surveyWords);
  const list = useInfiniteQuery(surveyRows(surveyRowFilter(search)));
  const columns = useSurveyColumns();
  return (
    <Loaded query={{ ...list, data: list.data }}>
      {({ pages }) => {
        const rows = pages.flatMap(({ items }) => items);
        return (
          <List search={search} shown={rows.length} list={list}>
            <DataTable caption={t.list} columns={columns} rows={rows} idOf={({ id }) => id} />
          </List>
        );
      }}
    </Loaded>
  );
}

/** An evaluation with a name of its own: an auditor gets no ids. */
type Evaluation = EvaluationRow & { place: string };

function Evaluations({ search }: { search: SurveyRowsSearch }) {
  const t = useTexts(surveyWords);
  const list = useInfiniteQuery(evaluationRows(evaluationRowFilter(search)));
  const columns = useEvaluationColumns();
  return (
    <Loaded query={{ ...list, data: list.data }}>
      {({ pages }) => {
        const rows = pages.flatMap(({ items }, at) => items.map((row, nth) => ({ ...row, place: `${at} ${nth}` })));
        return (
          <List search={search} shown={rows.length} list={list}>
            <DataTable caption={t.listEvaluations} columns={columns} rows={rows} idOf={({ place }) => place} />
          </List>
        );
      }}
    </Loaded>
  );
}

interface ListProps {
  search: SurveyRowsSearch;
  shown: number;
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
  children: React.ReactNode;
}

function List({ search, shown, list, children }: ListProps) {
  const t = useTexts(surveyWords);
  const all = useCount(search);
  if (shown === 0) return <Empty icon="search" title={t.noRows} />;
  return (
    <>
      {children}
      <div className="mt-4 flex flex-wrap items-center justify-between gap-3">
        <p role="status" className="text-dns-16N-130 text-ink-soft">
          {all === undefined ? t.shownOnly(shown) : t.shown(shown, Math.max(shown, all))}
        </p>
        {list.hasNextPage ? (
          <Button className="no-print" pending={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {t.more}
          </Button>
        ) : null}
      </div>
    </>
  );
}

interface OfCase {
  case_id?: string | null;
  case_number?: string | null;
}

function CaseLink({ of: { case_id, case_number } }: { of: OfCase }) {
  return case_id && case_number ? (
    <Link to="/cases/$id" params={{ id: case_id }} className="link whitespace-nowrap">
      {case_number}
    </Link>
  ) : (
    '–'
  );
}

function useSurveyColumns(): Column<SurveyRow>[] {
  const t = useTexts(surveyWords);
  const names = useTexts(answerWords);
  const words = useWords();
  const dates = useDates();
  const { role } = useMe();
  const column = columnsOf<SurveyRow>();
  const text = (id: string, header: string, cell: (row: SurveyRow) => string) =>
    column.display({ id, header, cell: ({ row }) => cell(row.original) });
  return [
    ...(role === 'auditor'
      ? []
      : [column.display({ id: 'number', header: t.number, cell: ({ row }) => <CaseLink of={row.original} /> })]),
    text('sent', t.sentAt, ({ sent_at }) => dates.dayTime(sent_at)),
    text('state', t.state, ({ state }) => (state === 'sent' ? t.notAnswered : names.survey[state])),
    text('ended', t.endedAt, ({ ended_at }) => (ended_at ? dates.dayTime(ended_at) : '')),
    text('purpose', t.purpose, ({ purpose_achieved }) => (purpose_achieved ? names.purpose[purpose_achieved] : '')),
    text('telework', t.telework, ({ telework }) => (telework ? names.telework[telework] : '')),
    text('why_not', t.whyNot, ({ why_not }) => why_not.map((why) => names.whyNot[why]).join('、')),
    text('outcome', t.outcome, ({ outcome }) => words.outcome[outcome]),
    text('prefecture', t.prefecture, ({ prefecture_code }) => (prefecture_code ? prefectureName(prefecture_code) : '')),
  ] as Column<SurveyRow>[];
}

function useEvaluationColumns(): Column<Evaluation>[] {
  const t = useTexts(surveyWords);
  const dates = useDates();
  const { role } = useMe();
  const column = columnsOf<Evaluation>();
  const text = (id: string, header: string, cell: (row: Evaluation) => string) =>
    column.display({ id, header, cell: ({ row }) => cell(row.original) });
  return [
    ...(role === 'auditor'
      ? []
      : [column.display({ id: 'number', header: t.number, cell: ({ row }) => <CaseLink of={row.original} /> })]),
    text('asked', t.askedAt, ({ asked_at }) => dates.dayTime(asked_at)),
    text('answered', t.answeredAt, ({ answered_at }) => (answered_at ? dates.dayTime(answered_at) : t.notAnswered)),
    text('score', t.score, ({ score }) => (score == null ? '' : t.scores[`${score}` as keyof typeof t.scores])),
    text('prefecture', t.prefecture, ({ prefecture_code }) => (prefecture_code ? prefectureName(prefecture_code) : '')),
  ] as Column<Evaluation>[];
}
