import { useQuery } from '@tanstack/react-query';
import { api, body } from '@/api/client';
import { useSend } from '@/api/send';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Notice } from '@/ui/notice';
import { Facts, Page, Section } from '@/ui/page';
import { ProblemNotice } from '@/ui/problem-notice';
import { Loaded } from '@/ui/states';

const words = texts(
  {
    title: '監査証跡',
    head: '証跡の現在位置',
    events: '記録の件数',
    chains: '連鎖の数(案件ごとと事務局)',
    checkpoint: '署名済みの検証点',
    signed: (id: number, at: string) => `第${id}号 ${at}`,
    mac: '検証点の署名',
    keep: '検証点の番号と署名をシステムの外に控えておくと、それ以前の記録が後から書き換えられていないことを証明できます。',
    verification: '検証',
    intact: '改変は見つかりませんでした',
    broken: '改変または欠落が見つかりました',
    looked: (events: number, cases: number, checkpoints: number) =>
      `${events} 件の記録、${cases} 件の案件、${checkpoints} 個の検証点を計算し直しました。`,
    at: '検証の時点',
    never: 'まだ検証していません。',
    pending: '検証しています…',
    verify: 'いま全体を検証する',
  },
  {
    title: 'Audit trail',
    head: 'Where the trail stands',
    events: 'Events',
    chains: 'Chains (one per case, one for the office)',
    checkpoint: 'Signed checkpoint',
    signed: (id: number, at: string) => `No. ${id}, ${at}`,
    mac: 'Its signature',
    keep: 'Kept outside the system, the number and the signature prove later that nothing before them was altered.',
    verification: 'Verification',
    intact: 'Nothing was altered',
    broken: 'Something was altered or is missing',
    looked: (events: number, cases: number, checkpoints: number) =>
      `${events} events, ${cases} cases and ${checkpoints} checkpoints were computed anew.`,
    at: 'As of',
    never: 'Not verified yet.',
    pending: 'Verifying…',
    verify: 'Verify everything now',
  },
);

/** For auditors: where the trail stands, and that it holds. */
export function AuditPage() {
  const t = useTexts(words);
  const dates = useDates();
  const head = useQuery({
    queryKey: ['audit', 'head'],
    queryFn: ({ signal }) => body(api.GET('/api/v1/audit/head', { signal })),
  });
  return (
    <Page title={t.title} width="text">
      <div className="space-y-8">
        <Section title={t.head}>
          <Loaded query={head} lines={3}>
            {({ events, chains, checkpoint }) => (
              <>
                <Facts
                  facts={[
                    [t.events, events.toLocaleString()],
                    [t.chains, chains.toLocaleString()],
                    [t.checkpoint, checkpoint && t.signed(checkpoint.id, dates.dayTime(checkpoint.made_at))],
                    [t.mac, checkpoint && <code className="text-dns-14N-130 break-all">{checkpoint.mac}</code>],
                  ]}
                />
                <p className="mt-3 text-std-16N-170 text-ink-soft">{t.keep}</p>
              </>
            )}
          </Loaded>
        </Section>
        <Section title={t.verification}>
          <Verification />
        </Section>
      </div>
    </Page>
  );
}

function Verification() {
  const t = useTexts(words);
  const dates = useDates();
  const query = useQuery({
    queryKey: ['audit', 'verification'],
    queryFn: ({ signal }) => body(api.GET('/api/v1/audit/verification', { signal })),
    refetchInterval: ({ state }) => (state.data?.pending ? 2_000 : false),
  });
  const ask = useSend((_: undefined, once) => body(api.POST('/api/v1/audit/verification', { headers: { ...once } })));
  return (
    <Loaded query={query} lines={2}>
      {({ report, finished_at, pending }) => (
        <div className="space-y-4">
          {report ? (
            <Notice kind={report.intact ? 'success' : 'error'} live title={report.intact ? t.intact : t.broken}>
              <p>{t.looked(report.events, report.cases, report.checkpoints)}</p>
              {finished_at ? (
                <p className="text-ink-soft">
                  {t.at}: {dates.dayTime(finished_at)}
                </p>
              ) : null}
              {report.findings.map((finding) => (
                <p key={`${finding.fault}${finding.case_id ?? ''}${finding.seq ?? ''}`}>{finding.detail}</p>
              ))}
            </Notice>
          ) : (
            <p className="text-dns-16N-130">{t.never}</p>
          )}
          {ask.error ? <ProblemNotice error={ask.error} /> : null}
          <Button pending={pending || ask.isPending} onClick={() => ask.mutate(undefined)}>
            {pending ? t.pending : t.verify}
          </Button>
        </div>
      )}
    </Loaded>
  );
}
