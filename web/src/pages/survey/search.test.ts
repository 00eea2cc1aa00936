import { describe, expect, it } from 'vitest';
import type { SurveyReport } from '@/api/schema';
import { countOf, evaluationRowFilter, surveyRowFilter } from './asked';
import { readSurveyRowsSearch, readTextsSearch } from './search';

const share = (answer: string, count: number) => ({ answer, label: answer, count, share: null });
const report: SurveyReport = {
  sent: 10,
  answered: 4,
  stopped: 1,
  bounced: 2,
  cancelled: 0,
  unanswered: 3,
  response_rate: 0.4,
  purpose_achieved: [share('yes', 3), share('no', 1)],
  telework: [share('not_planned', 2)],
  why_not: [share('cost', 1)],
  evaluations: { sent: 7, answered: 5, response_rate: null, average: 4, scores: [share('5', 2)] },
};

describe('what is asked of surveys', () => {
  it('stands in the address, and nothing else does', () => {
    const search = { from: '2026-04-01', to: '2027-03-31', state: 'sent', why_not: 'cost' };
    expect(readSurveyRowsSearch({ ...search, telework: 'perhaps', desk_id: 'Tokyo', score: '6', page: 2 })).toEqual(
      search,
    );
    expect(readTextsSearch({ state: 'all', source: 'letter' })).toEqual({ state: 'all' });
  });

  it('is asked in the words of the API', () => {
    const days = { from: '2026-04-01', to: '2026-04-30' };
    expect(surveyRowFilter({ ...days, state: 'sent', score: '3' })).toEqual({ ...days, state: 'sent' });
    expect(evaluationRowFilter({ ...days, list: 'evaluations', answered: 'no' })).toEqual({ ...days, answered: false });
    expect(evaluationRowFilter({ ...days, list: 'evaluations', score: '3' })).toEqual({ ...days, score: 3 });
  });

  it('is of this fiscal year where no days are given', () => {
    const { from, to } = surveyRowFilter({});
    expect(from).toMatch(/^2\d{3}-04-01$/);
    expect(to).toMatch(/^2\d{3}-03-31$/);
  });
});

describe('the number before a list', () => {
  it('is that of the report', () => {
    expect(countOf(report, {})).toBe(10);
    expect(countOf(report, { state: 'sent' })).toBe(3);
    expect(countOf(report, { state: 'bounced' })).toBe(2);
    expect(countOf(report, { purpose_achieved: 'no' })).toBe(1);
    expect(countOf(report, { telework: 'not_planned' })).toBe(2);
    expect(countOf(report, { why_not: 'cost' })).toBe(1);
    expect(countOf(report, { list: 'evaluations' })).toBe(7);
    expect(countOf(report, { list: 'evaluations', answered: 'no' })).toBe(2);
    expect(countOf(report, { list: 'evaluations', score: '5' })).toBe(2);
  });

  it('is unknown where the report has none', () => {
    expect(countOf(report, { state: 'sent', why_not: 'cost' })).toBeUndefined();
  });
});
