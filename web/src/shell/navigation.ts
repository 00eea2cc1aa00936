/** Which pages a person has, by what they may do. */
import type { MeView } from '@/api/schema';
import type { IconName } from '@/ui/icon';
import { texts } from '@/text/preferences';

export const navigationWords = texts(
  {
    today: 'きょう',
    cases: '案件一覧',
    intake: '新規受付',
    mails: '要確認メール',
    schedule: '日程',
    enterprises: '企業・団体',
    figures: '集計',
    admin: '管理',
    privacy: '個人情報・保存',
    audit: '監査証跡',
    account: '自分の設定',
  },
  {
    today: 'Today',
    cases: 'Cases',
    intake: 'New inquiry',
    mails: 'Mail to check',
    schedule: 'Schedule',
    enterprises: 'Enterprises',
    figures: 'Figures',
    admin: 'Office',
    privacy: 'Personal data',
    audit: 'Audit trail',
    account: 'My settings',
  },
);

export interface Place {
  to:
    | '/today'
    | '/cases'
    | '/intake'
    | '/mails'
    | '/schedule'
    | '/enterprises'
    | '/figures'
    | '/admin'
    | '/privacy'
    | '/audit';
  name: keyof (typeof navigationWords)['ja'];
  icon: IconName;
}

const PLACES: readonly (Place & { open: (me: MeView) => boolean })[] = [
  { to: '/today', name: 'today', icon: 'clock', open: ({ role }) => role === 'manager' },
  { to: '/cases', name: 'cases', icon: 'list', open: ({ permissions }) => permissions.includes('read_cases') },
  { to: '/intake', name: 'intake', icon: 'phone', open: ({ permissions }) => permissions.includes('create_case') },
  { to: '/mails', name: 'mails', icon: 'mail', open: ({ permissions }) => permissions.includes('check_mail') },
  {
    to: '/schedule',
    name: 'schedule',
    icon: 'calendar',
    open: ({ permissions }) => permissions.includes('book_consultations'),
  },
  {
    to: '/enterprises',
    name: 'enterprises',
    icon: 'building',
    open: ({ permissions, role }) => permissions.includes('read_enterprises') && role !== 'manager',
  },
  { to: '/figures', name: 'figures', icon: 'chart', open: ({ permissions }) => permissions.includes('read_figures') },
  { to: '/admin', name: 'admin', icon: 'settings', open: ({ permissions }) => permissions.includes('manage_office') },
  {
    to: '/privacy',
    name: 'privacy',
    icon: 'lock',
    open: ({ permissions }) => permissions.includes('manage_retention'),
  },
  { to: '/audit', name: 'audit', icon: 'shield', open: ({ permissions }) => permissions.includes('verify_audit') },
];

export function placesOf(me: MeView): readonly Place[] {
  return me.needs_second_factor ? [] : PLACES.filter(({ open }) => open(me));
}

/** Where a person's day begins. */
export function homeOf(me: MeView): Place['to'] {
  return placesOf(me)[0]?.to ?? '/cases';
}
