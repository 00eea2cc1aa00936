import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { AnswerShare, SurveyReport } from '@/api/schema';
import { surveyReport } from '@/data/answers';
import { FiguresFrame } from '@/pages/figures/frame';
import { useBothYears, useNumbers } from '@/pages/figures/labels';
import { answerWords } from '@/text/answer-words';
import { useTexts } from '@/text/preferences';
import { Section } from '@/ui/page';
import { Empty, Loaded } from '@/ui/states';
import { AnswerTable, SurveyNumber, type AnswerLine } from './answer-table';
import { Conditions } from './conditions';
import { surveyFilter } from './asked';
import { readSurveySearch, SCORES, STATES, type SurveyRowsSearch, type SurveySearch } from './search';
import { surveyWords } from './text';

/** What enterprises answered after closing and about sessions, each number with its list. */
export function SurveyPage() {
  const t = useTexts(surveyWords);
  const search = readSurveySearch({ ...useSearch({ from: '/app/figures/survey' }) });
  const navigate = useNavigate();
  const filter = surveyFilter(search);
  const both = useBothYears();
  const query = useQuery(surveyReport(filter));
  const change = (next: SurveySearch) => void navigate({ to: '/figures/survey', search: next, replace: true });
  return (
    <FiguresFrame title={t.title} permission="read_survey_figures">
      <Conditions search={search} onChange={change} />
      <p className="text-dns-16N-130">{both.span(filter)}</p>
      <p className="mb-5 text-dns-14N-130 text-ink-soft">{t.note}</p>
      <Loaded query={query} lines={10}>
        {(report) => <Report report={report} search={filter} />}
      </Loaded>
    </FiguresFrame>
  );
}

interface ReportProps {
  report: SurveyReport;
  search: SurveySearch;
}

function Report({ report, search }: ReportProps) {
  const t = useTexts(surveyWords);
  return (
    <>
      <Sums report={report} search={search} />
      <div className="space-y-10">
        {report.sent === 0 ? (
          <Empty icon="chart" title={t.none}>
            {t.noneWhy}
          </Empty>
        ) : (
          <Surveys report={report} search={search} />
        )}
        {report.evaluations.sent === 0 ? (
          <Empty icon="chart" title={t.noneEvaluations} />
        ) : (
          <Evaluations report={report} search={search} />
        )}
      </div>
    </>
  );
}

/** The four numbers that are asked for first. */
function Sums({ report, search }: ReportProps) {
  const t = useTexts(surveyWords);
  const numbers = useNumbers();
  const { sent, answered, evaluations } = report;
  const tiles: readonly (readonly [string, ReactNode])[] = [
    [t.sum.sent, <SurveyNumber key="sent" count={sent} list={search} label={t.sum.sent} />],
    [
      t.sum.answered,
      <SurveyNumber key="answered" count={answered} list={{ ...search, state: 'answered' }} label={t.sum.answered} />,
    ],
    [t.sum.rate, numbers.share(answered, sent) || '–'],
    [t.sum.average, evaluations.average == null ? '–' : evaluations.average.toFixed(1)],
  ];
  return (
    <dl className="mb-8 grid max-w-4xl grid-cols-4 gap-3 max-sm:grid-cols-2">
      {tiles.map(([name, value]) => (
        <div key={name} className="rounded-8 border border-line bg-white px-4 py-3">
          <dt className="text-dns-14N-130 text-ink-soft">{name}</dt>
          <dd className="text-std-28B-150 tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Surveys({ report, search }: ReportProps) {
  const t = useTexts(surveyWords);
  const names = useTexts(answerWords);
  const numbers = useNumbers();
  const notPlanned = report.telework.find(({ answer }) => answer === 'not_planned')?.count ?? 0;
  const answered = { ...search, state: 'answered' } as const;
  return (
    <>
      <Section title={t.sent}>
        <AnswerTable
          title={t.sent}
          head={t.state}
          whole={report.sent}
          lines={STATES.map((state) => ({
            id: state,
            name: state === 'sent' ? t.notAnswered : names.survey[state],
            count: report[state === 'sent' ? 'unanswered' : state],
            list: { ...search, state },
          }))}
          total={{ name: t.total, list: search }}
        />
      </Section>
      <Section title={t.purpose}>
        <AnswerTable
          title={t.purpose}
          head={t.answer}
          whole={report.answered}
          lines={linesOf(report.purpose_achieved, names.purpose, (purpose_achieved) => ({
            ...search,
            purpose_achieved,
          }))}
          total={{ name: t.answeredTotal, list: answered }}
        />
      </Section>
      <Section title={t.telework}>
        <AnswerTable
          title={t.telework}
          head={t.answer}
          whole={report.answered}
          lines={linesOf(report.telework, names.telework, (telework) => ({ ...search, telework }))}
          total={{ name: t.answeredTotal, list: answered }}
        />
      </Section>
      {notPlanned > 0 ? (
        <Section title={t.whyNot}>
          <p className="mb-3 text-dns-14N-130 text-ink-soft">{t.whyNotHint(numbers.whole(notPlanned))}</p>
          <AnswerTable
            title={t.whyNot}
            head={t.reason}
            whole={notPlanned}
            lines={linesOf(report.why_not, names.whyNot, (why_not) => ({ ...search, why_not }))}
          />
        </Section>
      ) : null}
    </>
  );
}

/** The answers of the API in the language of the screen, each with its list. */
function linesOf<Answer extends string>(
  shares: readonly AnswerShare[],
  names: Readonly<Partial<Record<Answer, string>>>,
  listOf: (answer: Answer) => SurveyRowsSearch,
): AnswerLine[] {
  return shares.map(({ answer, label, count }) => ({
    id: answer,
    name: names[answer as Answer] ?? label,
    count,
    list: listOf(answer as Answer),
  }));
}

function Evaluations({ report: { evaluations }, search }: ReportProps) {
  const t = useTexts(surveyWords);
  const list = { ...search, list: 'evaluations' } as const;
  // The best first.
  const scores = SCORES.toReversed().map((score) => ({
    id: score,
    name: t.scores[score],
    count: evaluations.scores.find(({ answer }) => answer === score)?.count ?? 0,
    list: { ...list, score },
  }));
  return (
    <Section title={t.evaluations}>
      <AnswerTable
        title={t.evaluations}
        head={t.score}
        whole={evaluations.sent}
        lines={[
          ...scores,
          {
            id: 'unanswered',
            name: t.notAnswered,
            count: evaluations.sent - evaluations.answered,
            list: { ...list, answered: 'no' },
          },
        ]}
        total={{ name: t.total, list }}
      />
    </Section>
  );
}
