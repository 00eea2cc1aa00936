/** The words of the programme. There are no others for these things, in either language. */
import type {
  Channel,
  ConflictKind,
  ConsentKind,
  ContactRole,
  DigitalLevel,
  Direction,
  DueKind,
  EnterpriseKind,
  Flag,
  ContactKind,
  InteractionKind,
  InteractionResult,
  Line,
  LinkKind,
  Mode,
  NoShowBy,
  OfferObstacle,
  OfferState,
  Outcome,
  Role,
  SessionState,
  Stage,
  Status,
  TeleworkStatus,
  Topic,
  WaitingOn,
} from '@/api/schema';
import { texts, useTexts, type Language } from './preferences';

export type ReportState = 'none' | 'draft' | 'submitted' | 'approved';

/** What one can do with a case, as in `allowed_moves`. */
export const MOVES = [
  'route',
  'accept',
  'return',
  'offer',
  'book',
  'wait',
  'escalate',
  'link',
  'close',
  'reopen',
  'merge',
  'unmerge',
  'limit',
  'guard_override',
  'edit',
] as const;
export type Move = (typeof MOVES)[number];

interface Words {
  status: Record<Status, string>;
  due: Record<DueKind, string>;
  waiting: Record<WaitingOn, string>;
  flag: Record<Flag, string>;
  topic: Record<Topic, string>;
  channel: Record<Channel, string>;
  outcome: Record<Outcome, string>;
  line: Record<Line, string>;
  stage: Record<Stage, string>;
  session: Record<SessionState, string>;
  mode: Record<Mode, string>;
  report: Record<ReportState, string>;
  offer: Record<OfferState, string>;
  obstacle: Record<OfferObstacle, string>;
  role: Record<Role, string>;
  contact: Record<ContactRole, string>;
  enterprise: Record<EnterpriseKind, string>;
  telework: Record<TeleworkStatus, string>;
  digital: Record<DigitalLevel, string>;
  interaction: Record<InteractionKind | ContactKind, string>;
  direction: Record<Direction, string>;
  result: Record<InteractionResult, string>;
  noShow: Record<NoShowBy, string>;
  link: Record<LinkKind, string>;
  conflict: Record<ConflictKind, string>;
  consent: Record<ConsentKind, string>;
  move: Record<Move, string>;
}

const words = texts<Words>(
  {
    status: {
      received: '受付',
      routed: '受理待ち',
      accepted: '受理(専門家調整中)',
      assigned: '担当決定',
      consulting: '支援中',
      closed: '終了',
    },
    due: {
      route: '振り分け',
      accept: '受理',
      first_contact: '初回連絡',
      answer_offer: '打診への回答',
      callback: '折り返し電話',
      report: '実施報告',
      wait_review: '待ち状況の確認',
    },
    waiting: {
      help_center: 'センター',
      desk: '地域窓口',
      manager: '専門家',
      enterprise: '企業・団体',
      none: 'なし',
    },
    flag: {
      same_enterprise_this_year: '同一企業・同年度',
      possible_duplicate: '重複の可能性',
      mail_after_close: '終了後のメール',
      unverified_sender: '送信者未確認',
      address_guessed: '所在地は推定',
      complaint: '苦情',
      late_entry: '事後入力',
      delivery_failed: 'メール不達',
      after_last_day: '受付最終日後の受付',
    },
    topic: {
      ict: 'ICT環境',
      security: 'セキュリティ',
      tools: 'ツール・機器',
      labour: '労務管理',
      rules: '就業規則・規程',
      subsidy: '助成金・補助金',
      other: 'その他',
    },
    channel: {
      phone: '電話',
      web: 'ウェブ',
      visit: '来所',
      letter: '郵便',
      fax: 'FAX',
      event: 'イベント',
      email: 'メール',
    },
    outcome: {
      answered: '回答で終了',
      completed: '支援完了',
      withdrawn: '取下げ',
      ineligible: '対象外',
      unreachable: '連絡不能',
      referred: '他機関案内',
      duplicate: '重複',
      spam: '迷惑メール',
    },
    line: { ict: 'ICT', labour: '労務' },
    stage: { assessment: '現状把握', preparation: '導入準備', follow_up: '導入後フォロー' },
    session: {
      booked: '日程確定',
      held: '実施済',
      no_show: '当日不在',
      cancelled: '取消',
      voided: '無効',
    },
    mode: { online: 'オンライン', phone: '電話', visit: '訪問' },
    report: { none: '報告書なし', draft: '下書き', submitted: '提出済(承認待ち)', approved: '承認済' },
    offer: { open: '回答待ち', accepted: '承諾', declined: '辞退', revoked: '取下げ', expired: '期限切れ' },
    obstacle: {
      outside_appointment: '委嘱期間外',
      conflict_of_interest: '利益相反',
      absent: '不在',
      capacity_full: '担当枠に空きなし',
    },
    role: {
      operator: '相談員',
      supervisor: '統括',
      desk: '地域窓口',
      manager: 'テレワークマネージャー',
      admin: '事務局',
      auditor: '監査',
    },
    contact: { primary: '主な相談者', cc: '関係者', agent: '代理人' },
    enterprise: {
      company: '法人',
      sole_proprietor: '個人事業主',
      association: '団体',
      local_government: '地方公共団体',
      worker: '働く方',
      other: 'その他',
      anonymous: '匿名',
    },
    telework: { none: '未導入', considering: '検討中', preparing: '準備中', introduced: '導入済' },
    digital: { low: '低い', basic: '基本的', good: '高い' },
    interaction: { phone: '電話', visit: '来所・訪問', fax: 'FAX', web: 'ウェブ', other: 'その他', email: 'メール' },
    direction: { inbound: '着信', outbound: '発信' },
    result: { reached: '通話・面談できた', absent: '不在', callback: '折り返しを約束', voicemail: '留守番電話' },
    noShow: { enterprise: '企業側', manager: '専門家側', desk: '窓口側', force_majeure: '天災・交通等' },
    link: { follow_up: '後続の相談', same_group: '同じグループ', related: '関連' },
    conflict: {
      employment: '雇用・役員',
      contract: '顧問・契約',
      family: '親族',
      competitor: '競合',
      other: 'その他',
    },
    consent: {
      privacy: '個人情報の取扱い',
      share_with_manager: '専門家への情報共有',
      survey: 'アンケート',
      case_study: '事例の公表',
    },
    move: {
      route: '振り分け',
      accept: '受理',
      return: '差し戻し',
      offer: '専門家に打診',
      book: '日程を予約',
      wait: '待ち先を設定',
      escalate: '苦情を報告',
      link: '案件を関連付け',
      close: '終了',
      reopen: '再開',
      merge: '統合',
      unmerge: '統合の取消',
      limit: '回数の上限を変更',
      guard_override: '同年度の制限を解除',
      edit: '案件を訂正',
    },
  },
  {
    status: {
      received: 'Received',
      routed: 'To be accepted',
      accepted: 'Accepted (finding an expert)',
      assigned: 'Expert assigned',
      consulting: 'In consultation',
      closed: 'Closed',
    },
    due: {
      route: 'Routing',
      accept: 'Acceptance',
      first_contact: 'First contact',
      answer_offer: 'Answer to the offer',
      callback: 'Call back',
      report: 'Report',
      wait_review: 'Review of the wait',
    },
    waiting: {
      help_center: 'Help center',
      desk: 'Desk',
      manager: 'Expert',
      enterprise: 'Enterprise',
      none: 'Nobody',
    },
    flag: {
      same_enterprise_this_year: 'Same enterprise this year',
      possible_duplicate: 'Possible duplicate',
      mail_after_close: 'Mail after closing',
      unverified_sender: 'Sender not verified',
      address_guessed: 'Place was guessed',
      complaint: 'Complaint',
      late_entry: 'Entered late',
      delivery_failed: 'Mail not delivered',
      after_last_day: 'After the last day of intake',
    },
    topic: {
      ict: 'ICT environment',
      security: 'Security',
      tools: 'Tools and devices',
      labour: 'Labour management',
      rules: 'Work rules',
      subsidy: 'Subsidies',
      other: 'Other',
    },
    channel: {
      phone: 'Phone',
      web: 'Web',
      visit: 'Window',
      letter: 'Letter',
      fax: 'Fax',
      event: 'Event',
      email: 'Mail',
    },
    outcome: {
      answered: 'Answered',
      completed: 'Support completed',
      withdrawn: 'Withdrawn',
      ineligible: 'Not eligible',
      unreachable: 'Unreachable',
      referred: 'Referred elsewhere',
      duplicate: 'Duplicate',
      spam: 'Spam',
    },
    line: { ict: 'ICT', labour: 'Labour' },
    stage: { assessment: 'Assessment', preparation: 'Preparation', follow_up: 'Follow-up' },
    session: { booked: 'Booked', held: 'Held', no_show: 'No-show', cancelled: 'Cancelled', voided: 'Voided' },
    mode: { online: 'Online', phone: 'Phone', visit: 'Visit' },
    report: { none: 'No report', draft: 'Draft', submitted: 'Submitted, to be approved', approved: 'Approved' },
    offer: { open: 'Open', accepted: 'Accepted', declined: 'Declined', revoked: 'Revoked', expired: 'Expired' },
    obstacle: {
      outside_appointment: 'Outside the appointment',
      conflict_of_interest: 'Conflict of interest',
      absent: 'Absent',
      capacity_full: 'No capacity left',
    },
    role: {
      operator: 'Operator',
      supervisor: 'Supervisor',
      desk: 'Regional desk',
      manager: 'Telework manager',
      admin: 'Programme office',
      auditor: 'Auditor',
    },
    contact: { primary: 'Main contact', cc: 'Also involved', agent: 'Agent' },
    enterprise: {
      company: 'Company',
      sole_proprietor: 'Sole proprietor',
      association: 'Association',
      local_government: 'Local government',
      worker: 'Worker',
      other: 'Other',
      anonymous: 'Anonymous',
    },
    telework: { none: 'None', considering: 'Considering', preparing: 'Preparing', introduced: 'Introduced' },
    digital: { low: 'Low', basic: 'Basic', good: 'Good' },
    interaction: { phone: 'Phone', visit: 'Visit', fax: 'Fax', web: 'Web', other: 'Other', email: 'E-mail' },
    direction: { inbound: 'Inbound', outbound: 'Outbound' },
    result: { reached: 'Reached', absent: 'Absent', callback: 'Callback promised', voicemail: 'Voicemail' },
    noShow: {
      enterprise: 'The enterprise',
      manager: 'The expert',
      desk: 'The desk',
      force_majeure: 'Force majeure',
    },
    link: { follow_up: 'Follow-up', same_group: 'Same group', related: 'Related' },
    conflict: {
      employment: 'Employment',
      contract: 'Contract',
      family: 'Family',
      competitor: 'Competitor',
      other: 'Other',
    },
    consent: {
      privacy: 'Personal data',
      share_with_manager: 'Sharing with the expert',
      survey: 'Survey',
      case_study: 'Case study',
    },
    move: {
      route: 'Route',
      accept: 'Accept',
      return: 'Return',
      offer: 'Offer to an expert',
      book: 'Book a session',
      wait: 'Set whom it waits for',
      escalate: 'Report a complaint',
      link: 'Link cases',
      close: 'Close',
      reopen: 'Reopen',
      merge: 'Merge',
      unmerge: 'Undo the merge',
      limit: 'Change the limit',
      guard_override: 'Lift the yearly guard',
      edit: 'Correct the case',
    },
  },
);

/** For what is in one language whatever the screen is in, as paper is. */
export function wordsIn(language: Language): Words {
  return words[language];
}

export function useWords(): Words {
  return useTexts(words);
}
