import { useQuery } from '@tanstack/react-query';
import type { CaseSurvey, CaseView, SessionAnswer } from '@/api/schema';
import { caseAnswers } from '@/data/answers';
import { answerWords } from '@/text/answer-words';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Chip } from '@/ui/chip';
import { Section } from '@/ui/page';

const words = texts(
  {
    title: '企業・団体の回答',
    reminder: '参加の確認',
    evaluation: '感想',
    survey: '終了後のアンケート',
    asked: (when: string) => `${when} に依頼`,
    planned: (when: string) => `${when} に送付予定`,
    waiting: '回答待ち',
    score: (n: number) => `5段階の${n}`,
    join: '、',
  },
  {
    title: 'What the enterprise answered',
    reminder: 'Attendance',
    evaluation: 'Evaluation',
    survey: 'Survey after closing',
    asked: (when: string) => `asked ${when}`,
    planned: (when: string) => `goes out ${when}`,
    waiting: 'Waiting for an answer',
    score: (n: number) => `${n} of 5`,
    join: ', ',
  },
);

/** Whether they come, how it was, and the survey; nothing before anything was asked. */
export function Answers({ seen }: { seen: CaseView }) {
  const t = useTexts(words);
  const { data } = useQuery(caseAnswers(seen.id));
  if (!data || data.sessions.length + data.surveys.length === 0) return null;
  return (
    <Section title={t.title}>
      <ul className="space-y-2 text-dns-16N-130">
        {data.sessions.map((answer) => (
          <OfSession key={`${answer.consultation_id}${answer.kind}`} answer={answer} />
        ))}
        {data.surveys.map((survey) => (
          <OfSurvey key={survey.id} survey={survey} />
        ))}
      </ul>
    </Section>
  );
}

function OfSession({ answer }: { answer: SessionAnswer }) {
  const t = useTexts(words);
  const names = useTexts(answerWords);
  const dates = useDates();
  const { attendance, score, comment } = answer;
  return (
    <li>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="text-dns-16B-130">{t[answer.kind]}</span>
        {attendance ? (
          <Chip tone={attendance === 'coming' ? 'green' : 'red'}>{names.attendance[attendance]}</Chip>
        ) : null}
        {typeof score === 'number' ? <Chip tone={score > 2 ? 'green' : 'orange'}>{t.score(score)}</Chip> : null}
        {answer.answered_at ? null : <Chip>{t.waiting}</Chip>}
        <span className="text-dns-14N-130 text-ink-soft">
          {answer.answered_at ? dates.dayTime(answer.answered_at) : t.asked(dates.dayTime(answer.asked_at))}
        </span>
      </p>
      {comment ? <p className="text-std-16N-170 whitespace-pre-wrap">{comment}</p> : null}
    </li>
  );
}

function OfSurvey({ survey }: { survey: CaseSurvey }) {
  const t = useTexts(words);
  const names = useTexts(answerWords);
  const dates = useDates();
  const said = [
    survey.purpose_achieved ? names.purpose[survey.purpose_achieved] : '',
    survey.telework ? names.telework[survey.telework] : '',
    ...survey.why_not.map((why) => names.whyNot[why]),
  ].filter(Boolean);
  const when = survey.ended_at ?? survey.sent_at;
  return (
    <li>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="text-dns-16B-130">{t.survey}</span>
        <Chip tone={survey.state === 'answered' ? 'green' : 'gray'}>{names.survey[survey.state]}</Chip>
        <span className="text-dns-14N-130 text-ink-soft">
          {when ? dates.dayTime(when) : survey.next_at ? t.planned(dates.day(survey.next_at)) : ''}
        </span>
      </p>
      {said.length > 0 ? <p>{said.join(t.join)}</p> : null}
      {survey.comment ? <p className="text-std-16N-170 whitespace-pre-wrap">{survey.comment}</p> : null}
    </li>
  );
}
