import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, body } from '@/api/client';
import type { AuditHead, Finding } from '@/api/schema';
import { useSend } from '@/api/send';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { copyText } from '@/ui/copy';
import { Notice } from '@/ui/notice';
import { Facts, Page, Section } from '@/ui/page';
import { ProblemNotice } from '@/ui/problem-notice';
import { Loaded } from '@/ui/states';
import { say, sayFailed } from '@/ui/toast';
import { Compare } from './compare';
import { Events } from './events';
import { faultWords } from './faults';
import { AuditTabs } from './tabs';

const words = texts(
  {
    title: '監査証跡',
    head: '証跡の現在位置',
    events: '記録の件数',
    chains: '連鎖の数(案件ごとと事務局)',
    checkpoint: '署名済みの検証点',
    signed: (id: number, at: string) => `第${id}号 ${at}`,
    keep: '次の値をシステムの外に控えておくと、それより前の記録が後から書き換えられたり消されたりしていないことを、誰に対しても証明できます。控えは月に一度、担当者以外の手元(監査の文書など)に残してください。',
    compare: '控えとの照合',
    how: '照合は下の「控えとの照合」で行います。サーバーでは、控えをファイルに保存して次のとおり実行すると、すべての記録を計算し直して照合します。',
    value: '控える値',
    copy: '控えをコピー',
    copied: '控えをコピーしました。',
    notCopied: 'コピーできませんでした。表示を選んでコピーしてください。',
    list: '操作の記録',
    verification: '検証',
    intact: '改変は見つかりませんでした',
    broken: '改変または欠落が見つかりました',
    looked: (events: number, cases: number, checkpoints: number) =>
      `${events} 件の記録、${cases} 件の案件、${checkpoints} 個の検証点を計算し直しました。`,
    at: '検証の時点',
    never: 'まだ検証していません。',
    pending: '検証しています…',
    verify: 'いま全体を検証する',
    case: '案件を開く',
    seq: (seq: number) => `連鎖の中の ${seq} 番目`,
    checkpointNo: (id: number) => `検証点 第${id}号`,
  },
  {
    title: 'Audit trail',
    head: 'Where the trail stands',
    events: 'Events',
    chains: 'Chains (one per case, one for the office)',
    checkpoint: 'Signed checkpoint',
    signed: (id: number, at: string) => `No. ${id}, ${at}`,
    keep: 'Kept outside the system, these values prove later to anybody that nothing before them was altered or removed. Keep them once a month with somebody else than those who work here, as in the papers of the audit.',
    compare: 'Compare with what was kept',
    how: 'Compare it below. On the server, this computes everything anew with it:',
    value: 'What to keep',
    copy: 'Copy it',
    copied: 'It is copied.',
    notCopied: 'It could not be copied. Select it and copy it yourself.',
    list: 'What was done',
    verification: 'Verification',
    intact: 'Nothing was altered',
    broken: 'Something was altered or is missing',
    looked: (events: number, cases: number, checkpoints: number) =>
      `${events} events, ${cases} cases and ${checkpoints} checkpoints were computed anew.`,
    at: 'As of',
    never: 'Not verified yet.',
    pending: 'Verifying…',
    verify: 'Verify everything now',
    case: 'Open the case',
    seq: (seq: number) => `event ${seq} of its chain`,
    checkpointNo: (id: number) => `checkpoint ${id}`,
  },
);

/** For auditors: where the trail stands, that it holds, and what to keep of it. For the office: who did what, too. */
export function AuditPage() {
  const t = useTexts(words);
  const readsEvents = useMe().permissions.includes('read_audit');
  return (
    <Page title={t.title} width={readsEvents ? 'full' : 'text'}>
      <AuditTabs />
      <div className={`grid grid-cols-1 gap-x-10 gap-y-8 ${readsEvents ? 'wide:grid-cols-2' : ''}`}>
        <Section title={t.verification}>
          <Verification />
        </Section>
        <Section title={t.head}>
          <Head />
        </Section>
        <Section title={t.compare}>
          <Compare />
        </Section>
      </div>
      {readsEvents ? (
        <Section title={t.list} className="mt-8">
          <Events />
        </Section>
      ) : null}
    </Page>
  );
}

/** As `madoguchi audit verify --against` reads it. */
function keepsake(head: AuditHead): string {
  return JSON.stringify(head, null, 2);
}

function Head() {
  const t = useTexts(words);
  const dates = useDates();
  const query = useQuery({
    queryKey: ['audit', 'head'],
    queryFn: ({ signal }) => body(api.GET('/api/v1/audit/head', { signal })),
  });
  return (
    <Loaded query={query} lines={3}>
      {(head) => (
        <div className="space-y-3">
          <Facts
            facts={[
              [t.events, head.events.toLocaleString()],
              [t.chains, head.chains.toLocaleString()],
              [t.checkpoint, head.checkpoint && t.signed(head.checkpoint.id, dates.dayTime(head.checkpoint.made_at))],
            ]}
          />
          <p className="text-std-16N-170">{t.keep}</p>
          <pre
            role="group"
            aria-label={t.value}
            className="rounded-8 border border-line bg-ground px-3 py-2 text-dns-14N-130 break-all whitespace-pre-wrap"
          >
            {keepsake(head)}
          </pre>
          <Button
            onClick={() =>
              void copyText(keepsake(head)).then((done) => (done ? say(t.copied) : sayFailed(t.notCopied)))
            }
          >
            {t.copy}
          </Button>
          <p className="text-dns-14N-130 text-ink-soft">
            {t.how} <code className="break-all text-ink">madoguchi audit verify --against FILE</code>
          </p>
        </div>
      )}
    </Loaded>
  );
}

/** A broken row: what is wrong with it, and where it is. */
function Broken({ finding: { fault, case_id, seq, checkpoint_id, detail } }: { finding: Finding }) {
  const t = useTexts(words);
  const faults = useTexts(faultWords);
  const readsCases = useMe().permissions.includes('read_cases');
  const place = [seq ? t.seq(seq) : '', checkpoint_id ? t.checkpointNo(checkpoint_id) : ''].filter(Boolean).join(' ');
  return (
    <li>
      <strong>{faults[fault]}</strong> {place}{' '}
      {case_id && readsCases ? (
        <Link to="/cases/$id" params={{ id: case_id }} className="link">
          {t.case}
        </Link>
      ) : null}
      <span lang="en" className="block text-dns-14N-130 text-ink-soft">
        {detail}
      </span>
    </li>
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
              {report.findings.length > 0 ? (
                <ul className="list-disc space-y-1.5 pl-5">
                  {report.findings.map((finding) => (
                    <Broken key={`${finding.fault}${finding.case_id ?? ''}${finding.seq ?? ''}`} finding={finding} />
                  ))}
                </ul>
              ) : null}
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
