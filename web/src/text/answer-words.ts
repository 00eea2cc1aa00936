/** The words of what enterprises answer. */
import type {
  Attendance,
  FreeTextSource,
  FreeTextState,
  ProposalState,
  PurposeAchieved,
  SurveyState,
  TeleworkAfter,
  WhyNot,
} from '@/api/schema';
import { texts } from './preferences';

interface Words {
  proposal: Record<ProposalState, string>;
  attendance: Record<Attendance, string>;
  survey: Record<SurveyState, string>;
  purpose: Record<PurposeAchieved, string>;
  telework: Record<TeleworkAfter, string>;
  whyNot: Record<WhyNot, string>;
  source: Record<FreeTextSource, string>;
  freeText: Record<FreeTextState, string>;
}

export const answerWords = texts<Words>(
  {
    proposal: {
      open: '回答待ち',
      chosen: '日程決定',
      other_wanted: '別の日を希望',
      revoked: '取下げ',
      expired: '期限切れ',
    },
    attendance: { coming: '参加する', cannot_come: '参加できない' },
    survey: {
      planned: '送付予定',
      sent: '回答待ち',
      answered: '回答済',
      stopped: '配信停止',
      bounced: '不達',
      cancelled: '取消',
    },
    purpose: { yes: '達成できた', partly: '一部達成できた', no: '達成できなかった' },
    telework: {
      introduced: '導入した',
      planned: '導入する予定がある',
      not_planned: '導入する予定はない',
    },
    whyNot: {
      no_suitable_work: 'テレワークに向く仕事がない',
      cost: '費用がかかる',
      security: '情報セキュリティが心配',
      rules: '就業規則や労務管理が難しい',
      staff: '詳しい人がいない',
      no_need: '必要を感じない',
      other: 'その他',
    },
    source: { survey: 'アンケート', evaluation: 'コンサルティングの感想' },
    freeText: { unchecked: '未確認', released: '公開可', withheld: '非公開' },
  },
  {
    proposal: {
      open: 'Waiting for an answer',
      chosen: 'Chosen',
      other_wanted: 'Another date wanted',
      revoked: 'Taken back',
      expired: 'Expired',
    },
    attendance: { coming: 'Coming', cannot_come: 'Cannot come' },
    survey: {
      planned: 'Planned',
      sent: 'Waiting for an answer',
      answered: 'Answered',
      stopped: 'Stopped',
      bounced: 'Bounced',
      cancelled: 'Cancelled',
    },
    purpose: { yes: 'Achieved', partly: 'Partly achieved', no: 'Not achieved' },
    telework: { introduced: 'Introduced', planned: 'Planned', not_planned: 'Not planned' },
    whyNot: {
      no_suitable_work: 'No suitable work',
      cost: 'Cost',
      security: 'Information security',
      rules: 'Work rules and labour management',
      staff: 'Nobody who knows about it',
      no_need: 'No need',
      other: 'Other',
    },
    source: { survey: 'Survey', evaluation: 'Evaluation of a session' },
    freeText: { unchecked: 'Unchecked', released: 'Released', withheld: 'Withheld' },
  },
);
