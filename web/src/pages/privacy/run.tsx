import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { retentionRun } from '@/data/privacy';
import { dayStart, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { LinkButton } from '@/ui/button';
import { Icon } from '@/ui/icon';
import { Notice } from '@/ui/notice';
import { Facts, Section } from '@/ui/page';
import { LoadedPage } from '@/ui/states';
import { PrivacyFrame } from './frame';
import { DisposalList } from './log';
import { privacyWords, wordOf } from './text';

const words = texts(
  {
    title: (day: string) => `${day}の廃棄`,
    back: '保存期間と廃棄',
    asOf: '基準日',
    asked: '実行',
    finished: '完了',
    years: '保存期間',
    yearsOf: (name: string, n: number) => `${name} ${n}年`,
    running: '廃棄しています',
    runningWhy: 'このページを閉じても続きます。',
    done: '廃棄が完了しました',
    soFar: 'これまでに廃棄したもの',
    gone: '廃棄したもの',
    nothing: '対象はありませんでした。',
    certificate: '廃棄証明書',
    digest: '廃棄した記録の要約値(SHA-256)',
    log: '廃棄の記録',
  },
  {
    title: (day: string) => `Disposal of ${day}`,
    back: 'Retention and disposal',
    asOf: 'As of',
    asked: 'Started',
    finished: 'Finished',
    years: 'Kept for',
    yearsOf: (name: string, n: number) => `${name} ${n} years`,
    running: 'It is under way',
    runningWhy: 'It goes on when you leave this page.',
    done: 'It is finished',
    soFar: 'Gone so far',
    gone: 'Gone',
    nothing: 'There was nothing.',
    certificate: 'Certificate',
    digest: 'SHA-256 over what went',
    log: 'Log',
  },
);

/** A run while it is under way and afterwards. */
export function RunPage() {
  const t = useTexts(words);
  const p = useTexts(privacyWords);
  const dates = useDates();
  const { id } = useParams({ from: '/app/privacy/runs/$id' });
  const query = useQuery(retentionRun(id));
  return (
    <LoadedPage query={query}>
      {(run) => {
        const isDone = run.state === 'finished';
        const years = run.years as Record<string, number>;
        return (
          <PrivacyFrame
            part="retention"
            title={t.title(dates.fullDay(run.requested_at))}
            over={
              <Link to="/privacy" className="link inline-flex min-h-9 items-center text-dns-14N-130">
                <Icon name="back" className="size-4" />
                {t.back}
              </Link>
            }
            beside={
              isDone ? (
                <LinkButton to="/privacy/runs/$id/certificate" params={{ id }}>
                  <Icon name="print" />
                  {t.certificate}
                </LinkButton>
              ) : null
            }
          >
            <div className="space-y-8">
              <Notice kind={isDone ? 'success' : 'info'} live title={isDone ? t.done : t.running}>
                <p>{isDone ? t.gone : t.soFar}</p>
                {run.counts.length > 0 ? (
                  <ul className="list-disc pl-5">
                    {run.counts.map(({ class: of, kind, count }) => (
                      <li key={`${of} ${kind}`}>
                        {p.classes[of]}: {wordOf(p.kinds, kind)} {p.count(count)}
                      </li>
                    ))}
                  </ul>
                ) : (
                  <p>{isDone ? t.nothing : p.count(0)}</p>
                )}
                {isDone ? null : <p className="text-ink-soft">{t.runningWhy}</p>}
              </Notice>
              <Facts
                facts={[
                  [t.asOf, dates.fullDay(dayStart(run.as_of))],
                  [t.years, run.classes.map((one) => t.yearsOf(p.classes[one], years[one] ?? 0)).join('、')],
                  [t.asked, `${dates.dayTime(run.requested_at)} ${run.requested_by?.name ?? ''}`],
                  [t.finished, run.finished_at && dates.dayTime(run.finished_at)],
                  [t.digest, run.digest && <code className="text-dns-14N-130 break-all">{run.digest}</code>],
                ]}
              />
              <Section title={t.log}>
                <DisposalList filter={{ run_id: id }} />
              </Section>
            </div>
          </PrivacyFrame>
        );
      }}
    </LoadedPage>
  );
}
