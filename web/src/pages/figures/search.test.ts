import { describe, expect, it } from 'vitest';
import { dimensionsOf, kindOfSpan, monthLater, monthsOf, readTablesSearch, rowsOf, spanOfMonth } from './search';

describe('the address of figures', () => {
  it('keeps what it knows and drops the rest', () => {
    const search = { report: 'sessions', by: 'month,desk', prefecture: '02', state: '', scope: 'many', x: '1' };
    expect(readTablesSearch(search)).toEqual({ report: 'sessions', by: 'month,desk', prefecture: '02' });
    expect(readTablesSearch({ report: 'users' })).toEqual({});
  });

  it('is the list of the API', () => {
    const list = '/api/v1/reports/cases/rows?from=2026-04-01&to=2027-03-31&basis=closed&topic=ict%2Ctools';
    expect(rowsOf(list)).toEqual({
      report: 'cases',
      from: '2026-04-01',
      to: '2027-03-31',
      basis: 'closed',
      topic: 'ict,tools',
    });
  });

  it('says by what', () => {
    expect(dimensionsOf({})).toEqual(['month']);
    expect(dimensionsOf({ by: 'none' })).toEqual([]);
    expect(dimensionsOf({ by: 'desk,topic' })).toEqual(['desk', 'topic']);
  });
});

describe('days', () => {
  it('are a fiscal year, a month, or neither', () => {
    expect(kindOfSpan({ from: '2026-04-01', to: '2027-03-31' })).toEqual({ kind: 'fiscal_year', year: 2026 });
    expect(kindOfSpan({ from: '2024-02-01', to: '2024-02-29' })).toEqual({ kind: 'month', month: '2024-02' });
    expect(kindOfSpan({ from: '2026-02-01', to: '2026-02-27' })).toEqual({ kind: 'days' });
    expect(spanOfMonth('2026-02')).toEqual({ from: '2026-02-01', to: '2026-02-28' });
  });

  it('have months', () => {
    expect(monthLater('2026-11', 2)).toBe('2027-01');
    expect(monthLater('2026-01', -1)).toBe('2025-12');
    expect(monthsOf({ from: '2026-11-20', to: '2027-01-02' })).toEqual(['2026-11', '2026-12', '2027-01']);
  });
});
