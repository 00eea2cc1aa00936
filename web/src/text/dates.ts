/** Times as people in Japan read them: Asia/Tokyo, with the weekday, on demand with 令和. Pure, for one language. */
import { usePreferences, type Language } from './preferences';

const ZONE = 'Asia/Tokyo';
const DAY_MS = 86_400_000;
/** Japan has no summer time, which makes the arithmetic of days simple. */
const OFFSET_MS = 9 * 3_600_000;

type Instant = string | Date;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...options });
  formats.set(key, known);
  return known;
}

export interface Dates {
  /** 11月24日(火), with the year where it is not this one. */
  day: (at: Instant) => string;
  /** The same with the year always. */
  fullDay: (at: Instant) => string;
  /** 火 */
  weekday: (at: Instant) => string;
  /** 9:30 */
  time: (at: Instant) => string;
  /** 11月24日(火) 9:30 */
  dayTime: (at: Instant) => string;
  /** 11月24日(火) 9:30〜10:30 */
  span: (from: Instant, to: Instant) => string;
  /** あと3時間, 2日超過: how far a deadline is. */
  until: (at: Instant, now?: Date) => string;
  /** 3分前, 2日前 */
  ago: (at: Instant, now?: Date) => string;
  /** 2026年11月, of `2026-11` */
  month: (month: string) => string;
  /** 2026年度 */
  fiscalYear: (year: number) => string;
}

export function datesIn(language: Language, era: boolean): Dates {
  const ja = language === 'ja';
  const locale = ja ? (era ? 'ja-JP-u-ca-japanese' : 'ja-JP') : 'en-GB';
  const weekday = (at: Date) => format(ja ? 'ja-JP' : 'en-GB', { weekday: 'short' }).format(at);
  const withWeekday = (text: string, at: Date) => (ja ? `${text}(${weekday(at)})` : `${weekday(at)} ${text}`);
  const month = ja ? 'long' : 'short';
  const fullDay = (at: Instant) => {
    const date = new Date(at);
    return withWeekday(format(locale, { year: 'numeric', month, day: 'numeric' }).format(date), date);
  };
  const day = (at: Instant) => {
    const date = new Date(at);
    if (yearOf(date) !== yearOf(new Date())) return fullDay(date);
    return withWeekday(format(locale, { month, day: 'numeric' }).format(date), date);
  };
  const time = (at: Instant) =>
    format(ja ? 'ja-JP' : 'en-GB', { hour: 'numeric', minute: '2-digit', hourCycle: 'h23' }).format(new Date(at));
  const dayTime = (at: Instant) => `${day(at)} ${time(at)}`;
  return {
    day,
    fullDay,
    weekday: (at) => weekday(new Date(at)),
    time,
    dayTime,
    span: (from, to) =>
      dateOf(from) === dateOf(to)
        ? `${dayTime(from)}${ja ? '〜' : '–'}${time(to)}`
        : `${dayTime(from)}${ja ? '〜' : ' – '}${dayTime(to)}`,
    until: (at, now = new Date()) => {
      const left = new Date(at).getTime() - now.getTime();
      const text = duration(Math.abs(left), ja);
      if (left < 0) return ja ? `${text}超過` : `${text} late`;
      return ja ? `あと${text}` : `${text} left`;
    },
    ago: (at, now = new Date()) => {
      const text = duration(Math.max(0, now.getTime() - new Date(at).getTime()), ja);
      return ja ? `${text}前` : `${text} ago`;
    },
    month: (month) => format(locale, { year: 'numeric', month: 'long' }).format(new Date(dayStart(`${month}-01`))),
    fiscalYear: (year) => {
      const text = format(locale, { year: 'numeric' }).format(new Date(dayStart(`${year}-04-01`)));
      return ja ? `${text}度` : `FY ${text}`;
    },
  };
}

function duration(ms: number, ja: boolean): string {
  const minutes = Math.floor(ms / 60_000);
  const [count, unitJa, unitEn] =
    minutes < 60
      ? [minutes, '分', 'min']
      : minutes < 48 * 60
        ? [Math.floor(minutes / 60), '時間', 'h']
        : [Math.floor(minutes / (24 * 60)), '日', 'd'];
  return ja ? `${count}${unitJa}` : `${count} ${unitEn}`;
}

export function useDates(): Dates {
  const { language, era } = usePreferences();
  return datesIn(language, era);
}

/** The moment as a clock in Japan shows it, in the fields of UTC. */
function inJapan(at: Instant): Date {
  return new Date(new Date(at).getTime() + OFFSET_MS);
}

function yearOf(at: Instant): number {
  return inJapan(at).getUTCFullYear();
}

/** `2026-11-24`, as `<input type="date">` wants it. */
export function dateOf(at: Instant): string {
  return inJapan(at).toISOString().slice(0, 10);
}

/** `09:30`, as `<input type="time">` wants it. */
export function timeOf(at: Instant): string {
  return inJapan(at).toISOString().slice(11, 16);
}

/** The moment that a date and a time mean in Japan, as the API takes it; nothing while one of them is missing. */
export function instant(date: string, time: string): string | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(date) || !/^\d\d:\d\d$/.test(time)) return undefined;
  const text = `${date}T${time}:00+09:00`;
  return Number.isNaN(Date.parse(text)) ? undefined : text;
}

/** So many minutes later, with the offset of Japan. */
export function later(at: string, minutes: number): string {
  const end = new Date(new Date(at).getTime() + minutes * 60_000);
  return `${dateOf(end)}T${timeOf(end)}:00+09:00`;
}

/** Midnight in Japan, so many days from now. */
export function midnight(days: number, now = new Date()): string {
  return `${dateOf(new Date(now.getTime() + days * DAY_MS))}T00:00:00+09:00`;
}

/** Midnight in Japan at the beginning of a day given as `2026-11-24`. */
export function dayStart(date: string): string {
  return `${date}T00:00:00+09:00`;
}

/** So many days later, as `2026-11-24`. */
export function daysLater(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The Monday of the week of a day, both as `2026-11-24`. */
export function mondayOf(date: string): string {
  return daysLater(date, -((new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7));
}

/** The fiscal year (1 April to 31 March) of a moment. */
export function fiscalYear(at: Instant): number {
  const date = inJapan(at);
  return date.getUTCMonth() < 3 ? date.getUTCFullYear() - 1 : date.getUTCFullYear();
}
