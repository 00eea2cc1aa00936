/** Which days and facts a report is about where the address says nothing. Pure. */
import type { ReportKind } from '@/api/schema';
import { dateOf, fiscalYear } from '@/text/dates';
import { spanOfMonth, spanOfYear, type ReportName, type Span, type TablesSearch } from './search';

/** The programme has no dates before; a year that is being typed has fewer digits. */
export const IS_DAY = /^2\d{3}-\d\d-\d\d$/;

/** Days of a report where the address says nothing: this fiscal year; of capacity this month. */
export function spanOf({ from, to }: TablesSearch, report: ReportName): Span {
  const today = new Date();
  const usual = report === 'capacity' ? spanOfMonth(dateOf(today).slice(0, 7)) : spanOfYear(fiscalYear(today));
  return { from: from ?? usual.from, to: to ?? usual.to };
}

/** The report whose dimensions and facts another report has. */
export function factsOf(report: ReportName): ReportKind {
  if (report === 'lateness') return 'deadlines';
  return report === 'times' || report === 'capacity' ? 'cases' : report;
}
