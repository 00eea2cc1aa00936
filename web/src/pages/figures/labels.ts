/** What codes of the figures are called. In Japanese the API says it; in English these words do. */
import type { Dimension, FigureKey } from '@/api/schema';
import { datesIn, type Dates } from '@/text/dates';
import { texts, usePreferences, useTexts } from '@/text/preferences';
import { wordsIn } from '@/text/words';
import { kindOfSpan, type Span } from './search';

export const dimensionWords = texts<Record<Dimension, string>>(
  {
    month: '月',
    fiscal_year: '年度',
    prefecture: '都道府県',
    area: '地域区分',
    desk: '地域窓口',
    manager: '専門家',
    industry: '業種',
    size: '従業員規模',
    topic: '相談分野',
    ministry: '所管省庁',
    stage: '支援段階',
    channel: '受付経路',
    outcome: '終了区分',
    status: '状態',
    line: '区分(ICT・労務)',
    telework_status: 'テレワーク導入状況',
    state: '実施・達成の状態',
    kind: '種別',
    direction: '受信・発信',
  },
  {
    month: 'Month',
    fiscal_year: 'Fiscal year',
    prefecture: 'Prefecture',
    area: 'Area',
    desk: 'Desk',
    manager: 'Expert',
    industry: 'Industry',
    size: 'Employees',
    topic: 'Topic',
    ministry: 'Ministry',
    stage: 'Stage',
    channel: 'Channel',
    outcome: 'Outcome',
    status: 'Status',
    line: 'Line',
    telework_status: 'Telework',
    state: 'State',
    kind: 'Kind',
    direction: 'Direction',
  },
);

const INDUSTRIES: Record<string, string> = {
  A: 'Agriculture, forestry',
  B: 'Fisheries',
  C: 'Mining',
  D: 'Construction',
  E: 'Manufacturing',
  F: 'Electricity, gas, heat, water',
  G: 'Information, communications',
  H: 'Transport, postal services',
  I: 'Wholesale, retail',
  J: 'Finance, insurance',
  K: 'Real estate, leasing',
  L: 'Research, professional services',
  M: 'Accommodation, eating, drinking',
  N: 'Personal services, amusement',
  O: 'Education',
  P: 'Medical, health, welfare',
  Q: 'Compound services',
  R: 'Other services',
  S: 'Government',
  T: 'Not classified',
};

const english = wordsIn('en');
const ENGLISH: Partial<Record<Dimension, Readonly<Record<string, string>>>> = {
  area: { urban: 'Urban (South Kantō, Tōkai, Kinki)', regional: 'Regional' },
  industry: INDUSTRIES,
  size: {
    to_5: '5 or fewer',
    to_20: '6 to 20',
    to_50: '21 to 50',
    to_100: '51 to 100',
    to_300: '101 to 300',
    over_300: 'More than 300',
  },
  topic: english.topic,
  stage: english.stage,
  channel: english.channel,
  outcome: english.outcome,
  status: english.status,
  line: english.line,
  telework_status: english.telework,
  state: {
    ...english.session,
    met: 'In time',
    late: 'Late',
    open: 'Not due yet',
    overdue: 'Overdue',
    dropped: 'Fell away',
  },
  kind: { ...english.interaction, ...english.due },
  direction: english.direction,
};

const UNSET: Partial<Record<Dimension, string>> = {
  desk: 'Help center',
  manager: 'Nobody',
  line: 'Nobody',
  outcome: 'Not closed',
  stage: 'None held',
  ministry: 'Other',
};

/** So many characters are worth leaving out. */
const MUCH = 8;

/**
 * Names without the words that most of them begin with, for charts: of テレワーク・サポートネットワーク 東京窓口 a bar has
 * room for 東京窓口, and the table beside has it whole. Short beginnings stay: they take no room, and may be family names.
 */
export function shortNames(names: readonly string[]): string[] {
  const beginnings = new Map<string, Set<string>>();
  for (const name of names) {
    const beginning = name.slice(0, name.lastIndexOf(' ') + 1);
    if (beginning.length > MUCH) beginnings.set(beginning, (beginnings.get(beginning) ?? new Set()).add(name));
  }
  const [common] = [...beginnings].toSorted(([, a], [, b]) => b.size - a.size);
  if (!common || common[1].size * 2 <= new Set(names).size) return [...names];
  return names.map((name) => (name.startsWith(common[0]) ? name.slice(common[0].length) : name));
}

export type LabelOf = (dimension: Dimension, key: FigureKey) => string;

/** What a code is called in the language of the screen. */
export function useLabels(): LabelOf {
  const { language, era } = usePreferences();
  const dates = datesIn(language, era);
  return (dimension, { code, label }) => {
    if (dimension === 'month' && /^\d{4}-\d\d$/.test(code)) return dates.month(code);
    if (dimension === 'fiscal_year' && /^\d{4}$/.test(code)) return dates.fiscalYear(Number(code));
    if (language === 'ja') return label;
    if (code === 'unset') return UNSET[dimension] ?? 'Not known';
    return ENGLISH[dimension]?.[code] ?? label;
  };
}

export function useDimensionNames() {
  return useTexts(dimensionWords);
}

/** 令和8年度（2026年度）: both ways of counting years, for who has to match papers. */
export function useBothYears() {
  const { language, era } = usePreferences();
  const [first, second] = [datesIn(language, era), datesIn('ja', !era)];
  const both = (say: (dates: Dates) => string) =>
    language === 'ja' ? `${say(first)}（${say(second)}）` : `${say(first)} (${say(datesIn('ja', true))})`;
  return {
    month: (month: string) => both((dates) => dates.month(month)),
    fiscalYear: (year: number) => both((dates) => dates.fiscalYear(year)),
    day: (day: string) => both((dates) => dates.fullDay(day)),
    span: (span: Span) => {
      const known = kindOfSpan(span);
      if (known.kind === 'fiscal_year') return both((dates) => dates.fiscalYear(known.year));
      if (known.kind === 'month') return both((dates) => dates.month(known.month));
      return `${both((dates) => dates.fullDay(span.from))} – ${both((dates) => dates.fullDay(span.to))}`;
    },
  };
}

/** 1,234, as the language of the screen writes it. */
export function useNumbers() {
  const { language } = usePreferences();
  const locale = language === 'ja' ? 'ja-JP' : 'en-GB';
  return {
    whole: (n: number) => n.toLocaleString(locale),
    /** +3, -1, 0 */
    signed: (n: number) => n.toLocaleString(locale, { signDisplay: 'exceptZero' }),
    /** 12.3 % */
    share: (part: number, whole: number) => (whole > 0 ? `${((100 * part) / whole).toFixed(1)}%` : ''),
    /** 60.2%, or a count */
    measure: (n: number, isShare: boolean) =>
      isShare ? `${n.toLocaleString(locale, { maximumFractionDigits: 1 })}%` : n.toLocaleString(locale),
    /** +1.5 points, or +12 */
    difference: (n: number, isShare: boolean) => {
      const text = n.toLocaleString(locale, { maximumFractionDigits: 1, signDisplay: 'exceptZero' });
      if (!isShare) return text;
      return language === 'ja' ? `${text}ポイント` : `${text} points`;
    },
    /** As short as a tile needs it: 1.2万. */
    short: (n: number) => n.toLocaleString(locale, { notation: 'compact', maximumFractionDigits: 1 }),
    /** 2時間30分 of business time */
    minutes: (minutes: number) => {
      const all = Math.round(minutes);
      const [hours, rest] = [Math.floor(all / 60).toLocaleString(locale), all % 60];
      if (language === 'ja') return all < 60 ? `${rest}分` : rest ? `${hours}時間${rest}分` : `${hours}時間`;
      return all < 60 ? `${rest} min` : rest ? `${hours} h ${rest} min` : `${hours} h`;
    },
  };
}
