/** What enterprises are asked by links in mails: dates, attendance, evaluations, surveys. */
import type { EditSettingsRequest, Settings } from '@/api/schema';
import { texts, useTexts } from '@/text/preferences';
import { CheckField, TextField } from '@/ui/form';

const SWITCHES = ['date_choice', 'session_reminder', 'evaluation', 'survey', 'survey_without_consent'] as const;
const NUMBERS = [
  'date_choice_slots',
  'date_choice_days',
  'session_reminder_days',
  'evaluation_days',
  'survey_days',
  'survey_reminders',
  'survey_reminder_days',
  'survey_answer_days',
] as const;

type Switch = (typeof SWITCHES)[number];
type NumberName = (typeof NUMBERS)[number];

interface Group {
  on: Switch;
  numbers: readonly NumberName[];
  also?: Switch;
}

const GROUPS: readonly Group[] = [
  { on: 'date_choice', numbers: ['date_choice_slots', 'date_choice_days'] },
  { on: 'session_reminder', numbers: ['session_reminder_days'] },
  { on: 'evaluation', numbers: ['evaluation_days'] },
  {
    on: 'survey',
    numbers: ['survey_days', 'survey_answer_days', 'survey_reminders', 'survey_reminder_days'],
    also: 'survey_without_consent',
  },
];

const words = texts<Record<Switch | NumberName, string> & { consentHint: string }>(
  {
    date_choice: '日程の候補をメールで送り、企業・団体に選んでもらう',
    date_choice_slots: '一度に送れる候補(件)',
    date_choice_days: '候補への回答の期限(営業日)',
    session_reminder: 'コンサルティングの前に、参加できるかを企業・団体に確認する',
    session_reminder_days: '確認のメールを送る日(何営業日前)',
    evaluation: 'コンサルティングのあとに、感想を聞く',
    evaluation_days: '感想を回答できる期間(営業日)',
    survey: '案件の終了後に、アンケートを送る',
    survey_without_consent: 'アンケートへの同意を記録していない企業・団体にも送る',
    consentHint: 'ご意見の文は、同意のあるなしにかかわらず、確認を済ませてから公開されます。',
    survey_days: '終了からアンケートの送付まで(営業日)',
    survey_answer_days: 'アンケートに回答できる期間(営業日)',
    survey_reminders: 'アンケートを再度お願いする回数',
    survey_reminder_days: '再度お願いするまで(営業日)',
  },
  {
    date_choice: 'Dates are offered by mail, and the enterprise chooses one',
    date_choice_slots: 'Dates offered at once, at most',
    date_choice_days: 'Days to choose (business days)',
    session_reminder: 'Ask before a session whether the enterprise comes',
    session_reminder_days: 'Business days before the session',
    evaluation: 'Ask after a session how it was',
    evaluation_days: 'Days to answer (business days)',
    survey: 'Send a survey after a case is closed',
    survey_without_consent: 'Also to enterprises whose consent to surveys is not on record',
    consentHint: 'With or without consent, what they write is shown only after it was checked.',
    survey_days: 'From closing to the survey (business days)',
    survey_answer_days: 'Days to answer the survey (business days)',
    survey_reminders: 'Reminders of the survey',
    survey_reminder_days: 'Between two mails of a survey (business days)',
  },
);

export interface LinkValues {
  switches: Record<Switch, boolean>;
  numbers: Record<NumberName, string>;
}

function record<Name extends string, Value>(names: readonly Name[], value: (name: Name) => Value) {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>;
}

export function linkValues(settings: Settings): LinkValues {
  return {
    switches: record(SWITCHES, (name) => settings[name]),
    numbers: record(NUMBERS, (name) => String(settings[name])),
  };
}

export function linkRequest({ switches, numbers }: LinkValues): EditSettingsRequest {
  return { ...switches, ...record(NUMBERS, (name) => Number(numbers[name])) };
}

interface FieldsProps {
  values: LinkValues;
  onChange: (values: LinkValues) => void;
}

export function LinkFields({ values: { switches, numbers }, onChange }: FieldsProps) {
  const t = useTexts(words);
  const check = (name: Switch) => (
    <CheckField
      label={t[name]}
      checked={switches[name]}
      onChange={(on) => onChange({ switches: { ...switches, [name]: on }, numbers })}
    />
  );
  return (
    <div className="space-y-5">
      {GROUPS.map(({ on, numbers: names, also }) => (
        <div key={on}>
          {check(on)}
          <div className="mt-1.5 ml-7 grid items-end gap-x-8 gap-y-4 sm:grid-cols-2 max-sm:ml-0">
            {names.map((name) => (
              <TextField
                key={name}
                label={t[name]}
                pointer={`/${name}`}
                type="number"
                min={name === 'survey_reminders' ? 0 : 1}
                value={numbers[name]}
                onChange={(value) => onChange({ switches, numbers: { ...numbers, [name]: value } })}
              />
            ))}
          </div>
          {also ? (
            <div className="mt-2 ml-7 max-sm:ml-0">
              {check(also)}
              <p className="text-dns-14N-130 text-ink-soft">{t.consentHint}</p>
            </div>
          ) : null}
        </div>
      ))}
    </div>
  );
}
