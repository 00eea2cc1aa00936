import { texts } from '@/text/preferences';
import type { Milestone, ReportName } from './search';

interface FiguresWords {
  title: string;
  tabs: Record<'overview' | 'tables' | 'survey' | 'texts' | 'periods' | 'targets', string>;
  of: Record<'operator' | 'supervisor' | 'desk' | 'manager' | 'admin' | 'auditor', string>;
  asOf: (day: string) => string;
  groups: { now: string; month: string; year: string; before: string };
  reports: Record<ReportName, string>;
  counts: Record<ReportName, string>;
  milestones: Record<Milestone, string>;
  trend: string;
  toTable: string;
  print: string;
  more: string;
  shown: (n: number, all: number) => string;
  list: string;
  frozen: string;
  record: string;
  none: string;
  noneWhy: string;
}

export const figuresWords = texts<FiguresWords>(
  {
    title: '集計',
    tabs: {
      overview: '概況',
      tables: '集計表',
      survey: 'アンケート',
      texts: '自由記述',
      periods: '締め',
      targets: '目標と実績',
    },
    of: {
      operator: '相談センターで扱った案件を含む、全体の数字です。',
      supervisor: '全体の数字です。',
      desk: '自分の窓口の案件の数字です。',
      manager: '自分が担当している案件の数字です。',
      admin: '全体の数字です。',
      auditor: '全体の数字です。一覧では、企業・団体と個人の名前を伏せています。',
    },
    asOf: (day: string) => `${day} 現在`,
    groups: { now: 'いま', month: '今月', year: '今年度', before: '前年度からの繰越' },
    reports: {
      cases: '相談案件(実件数)',
      interactions: '対応(延べ件数)',
      enterprises: '企業・団体(実数)',
      sessions: 'コンサルティング',
      deadlines: '期限',
      times: '所要時間',
      lateness: '期限の遵守',
      capacity: '担当枠',
    },
    counts: {
      cases: '件',
      interactions: '件',
      enterprises: '者',
      sessions: '回',
      deadlines: '件',
      times: '件',
      lateness: '件',
      capacity: '回',
    },
    milestones: {
      first_answer: '初回回答まで',
      acceptance: '窓口の受理まで',
      first_session: '初回コンサルティングまで',
    },
    trend: '今年度の月ごとの推移',
    toTable: '集計表で見る',
    print: '印刷',
    more: 'さらに表示',
    shown: (n: number, all: number) => `全 ${all} のうち ${n} を表示`,
    list: '一覧',
    frozen: '締め済み',
    record: '記録のとおり',
    none: '該当する記録はありません',
    noneWhy: '期間や条件を変えてみてください。',
  },
  {
    title: 'Figures',
    tabs: {
      overview: 'Overview',
      tables: 'Tables',
      survey: 'Surveys',
      texts: 'What they wrote',
      periods: 'Closed periods',
      targets: 'Targets',
    },
    of: {
      operator: 'Figures of the whole programme.',
      supervisor: 'Figures of the whole programme.',
      desk: 'Figures of the cases of your desk.',
      manager: 'Figures of the cases that you support.',
      admin: 'Figures of the whole programme.',
      auditor: 'Figures of the whole programme. Lists show no names of enterprises or people.',
    },
    asOf: (day: string) => `As of ${day}`,
    groups: { now: 'Now', month: 'This month', year: 'This fiscal year', before: 'Carried over from earlier years' },
    reports: {
      cases: 'Cases',
      interactions: 'Contacts',
      enterprises: 'Enterprises',
      sessions: 'Sessions',
      deadlines: 'Deadlines',
      times: 'Times',
      lateness: 'Lateness',
      capacity: 'Capacity',
    },
    counts: {
      cases: ' cases',
      interactions: ' contacts',
      enterprises: ' enterprises',
      sessions: ' sessions',
      deadlines: ' deadlines',
      times: ' cases',
      lateness: ' deadlines',
      capacity: ' sessions',
    },
    milestones: {
      first_answer: 'To the first answer',
      acceptance: 'To acceptance',
      first_session: 'To the first session',
    },
    trend: 'Month by month, this fiscal year',
    toTable: 'See the table',
    print: 'Print',
    more: 'Show more',
    shown: (n: number, all: number) => `${n} of ${all} shown`,
    list: 'List',
    frozen: 'Closed',
    record: 'As recorded',
    none: 'Nothing is on record for this',
    noneWhy: 'Try other days or filters.',
  },
);
