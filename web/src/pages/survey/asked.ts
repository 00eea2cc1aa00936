/** Addresses of the pages of surveys as the API takes them, and the number that a list stands behind. Pure. */
import type { EvaluationFigures, SurveyReport } from '@/api/schema';
import type { EvaluationRowFilter, SurveyFilter, SurveyRowFilter } from '@/data/answers';
import { spanOfYear } from '@/pages/figures/search';
import { fiscalYear } from '@/text/dates';
import type { SurveyRowsSearch, SurveySearch } from './search';

/** The days, the desk and the place as the API takes them: this fiscal year where the address says nothing. */
export function surveyFilter({ from, to, desk_id, prefecture_code }: SurveySearch): SurveyFilter & {
  from: string;
  to: string;
} {
  const year = spanOfYear(fiscalYear(new Date()));
  return {
    from: from ?? year.from,
    to: to ?? year.to,
    ...(desk_id ? { desk_id } : {}),
    ...(prefecture_code ? { prefecture_code } : {}),
  };
}

export function surveyRowFilter(search: SurveyRowsSearch): SurveyRowFilter {
  const { state, purpose_achieved, telework, why_not } = search;
  return {
    ...surveyFilter(search),
    ...(state ? { state } : {}),
    ...(purpose_achieved ? { purpose_achieved } : {}),
    ...(telework ? { telework } : {}),
    ...(why_not ? { why_not } : {}),
  };
}

export function evaluationRowFilter(search: SurveyRowsSearch): EvaluationRowFilter {
  const { answered, score } = search;
  return {
    ...surveyFilter(search),
    ...(answered ? { answered: answered === 'yes' } : {}),
    ...(score ? { score: Number(score) } : {}),
  };
}

/** The number of the report that a list stands behind; undefined where no number is of it. */
export function countOf(report: SurveyReport, search: SurveyRowsSearch): number | undefined {
  if (search.list === 'evaluations') return countOfEvaluations(report.evaluations, search);
  const { state, purpose_achieved, telework, why_not } = search;
  const asked = [state, purpose_achieved, telework, why_not].filter(Boolean);
  if (asked.length > 1) return undefined;
  if (asked.length === 0) return report.sent;
  if (state) return report[state === 'sent' ? 'unanswered' : state];
  const shares = purpose_achieved ? report.purpose_achieved : telework ? report.telework : report.why_not;
  return shares.find(({ answer }) => answer === asked[0])?.count;
}

function countOfEvaluations(figures: EvaluationFigures, { answered, score }: SurveyRowsSearch): number | undefined {
  if (score) return answered === 'no' ? 0 : figures.scores.find(({ answer }) => answer === score)?.count;
  if (answered === undefined) return figures.sent;
  return answered === 'yes' ? figures.answered : figures.sent - figures.answered;
}
