import { describe, expect, it } from 'vitest';
import { dateOf, datesIn, fiscalYear, instant, later, midnight, timeOf } from './dates';
import { digitsOf, phone, postalCode } from './format';

const noon = '2024-12-24T03:00:00Z';

describe('dates', () => {
  it('are those of Japan, with the weekday', () => {
    expect(datesIn('ja', false).day(noon)).toBe('2024年12月24日(火)');
    expect(datesIn('ja', false).dayTime('2024-12-24T15:05:00Z')).toBe('2024年12月25日(水) 0:05');
    expect(datesIn('en', false).day(noon)).toBe('Tue 24 Dec 2024');
  });

  it('can be written in 令和', () => {
    expect(datesIn('ja', true).fullDay('2026-11-22T00:00:00Z')).toBe('令和8年11月22日(日)');
    expect(datesIn('ja', true).fullDay('2019-05-01T00:00:00Z')).toBe('令和元年5月1日(水)');
  });

  it('say the day once where a span has one', () => {
    const { span } = datesIn('ja', false);
    expect(span(noon, '2024-12-24T04:30:00Z')).toBe('2024年12月24日(火) 12:00〜13:30');
    expect(span(noon, '2024-12-25T04:30:00Z')).toBe('2024年12月24日(火) 12:00〜2024年12月25日(水) 13:30');
  });

  it('say how far a deadline is', () => {
    const { until, ago } = datesIn('ja', false);
    const now = new Date(noon);
    expect(until('2024-12-24T03:40:00Z', now)).toBe('あと40分');
    expect(until('2024-12-25T20:00:00Z', now)).toBe('あと41時間');
    expect(until('2024-12-20T03:00:00Z', now)).toBe('4日超過');
    expect(ago('2024-12-24T02:57:00Z', now)).toBe('3分前');
  });

  it('go into fields and back', () => {
    expect(dateOf('2026-11-23T15:00:00Z')).toBe('2026-11-24');
    expect(timeOf('2026-11-23T15:30:00Z')).toBe('00:30');
    expect(instant('2026-11-24', '09:30')).toBe('2026-11-24T09:30:00+09:00');
    expect(instant('2026-11-24', '')).toBeUndefined();
    expect(instant('2026-13-24', '10:00')).toBeUndefined();
    expect(later('2026-11-24T23:30:00+09:00', 90)).toBe('2026-11-25T01:00:00+09:00');
    expect(midnight(1, new Date('2026-11-22T15:30:00Z'))).toBe('2026-11-24T00:00:00+09:00');
  });

  it('name months and fiscal years', () => {
    expect(datesIn('ja', false).month('2026-11')).toBe('2026年11月');
    expect(datesIn('ja', true).month('2026-11')).toBe('令和8年11月');
    expect(datesIn('en', false).month('2026-11')).toBe('November 2026');
    expect(datesIn('ja', false).fiscalYear(2026)).toBe('2026年度');
    expect(datesIn('ja', true).fiscalYear(2026)).toBe('令和8年度');
    expect(datesIn('en', false).fiscalYear(2026)).toBe('FY 2026');
  });

  it('know the fiscal year', () => {
    expect(fiscalYear('2026-03-31T14:59:00Z')).toBe(2025);
    expect(fiscalYear('2026-03-31T15:00:00Z')).toBe(2026);
  });
});

describe('numbers', () => {
  it('of telephones are divided only where it is certain', () => {
    expect(phone('+81312345678')).toBe('03-1234-5678');
    expect(phone('+819012345678')).toBe('090-1234-5678');
    expect(phone('+81120123456')).toBe('0120-123-456');
    expect(phone('+81820090012')).toBe('0820090012');
    expect(phone('+4930123456')).toBe('+4930123456');
  });

  it('are found in what people type', () => {
    expect(digitsOf('０３（１２３４）５６７８')).toBe('0312345678');
    expect(postalCode('1000001')).toBe('〒100-0001');
  });
});
