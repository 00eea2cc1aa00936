import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api, body } from '@/api/client';
import type { ErasureView } from '@/api/schema';
import { useSend } from '@/api/send';
import { oneErasure } from '@/data/privacy';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { DialogForm } from '@/ui/dialog-form';
import { Icon } from '@/ui/icon';
import { Notice } from '@/ui/notice';
import { Facts, Section } from '@/ui/page';
import { LoadedPage } from '@/ui/states';
import { say } from '@/ui/toast';
import { PrivacyFrame } from './frame';
import { DisposalList } from './log';
import { countsOf, privacyWords } from './text';

const words = texts(
  {
    title: (reference: string) => `消去の請求 ${reference}`,
    scope: '対象',
    asked: '登録',
    executed: '実行',
    would: '消えるもの',
    went: '消えたもの',
    nothing: '消えるものはありません。',
    stays: '番号・経過・日時・使用した回数・監査証跡は残り、集計は変わりません。使用済みの回数も戻りません。',
    obstacles: 'まだ実行できません',
    obstacleOf: {
      open_case: '案件が終了していません',
      legal_hold: '法的保全がかかっています',
      message_on_its_way: '送信中のメールがあります',
    },
    execute: '消去する',
    executeTitle: '消去を実行',
    executeWhat: '次のものが消えます。',
    never: '元に戻せません。本人からの請求であることを、書類で確かめましたか。',
    done: '消去しました。',
    withdraw: '請求を取り下げる',
    withdrawTitle: '請求の取下げ',
    withdrawWhat: '何も消さずに、この請求を終わりにします。あらためて登録することはできます。',
    withdrawn: '請求を取り下げました。',
    backups: 'バックアップを復元したとき',
    backupsWhy:
      'バックアップには、消去した内容が残っています。復元した後は、整理番号をもとに、もう一度登録して実行してください。',
    log: '消去の記録',
  },
  {
    title: (reference: string) => `Erasure ${reference}`,
    scope: 'Whom',
    asked: 'Entered',
    executed: 'Executed',
    would: 'What would go',
    went: 'What went',
    nothing: 'There is nothing.',
    stays: 'Numbers, history, times, used sessions and the audit trail stay, and so do the figures.',
    obstacles: 'It cannot be executed yet',
    obstacleOf: {
      open_case: 'The case is not closed',
      legal_hold: 'The case is under legal hold',
      message_on_its_way: 'A mail is on its way',
    },
    execute: 'Erase',
    executeTitle: 'Execute the erasure',
    executeWhat: 'This goes.',
    never: 'It cannot be undone. Did the papers show that they ask for it themselves?',
    done: 'It is erased.',
    withdraw: 'Withdraw the request',
    withdrawTitle: 'Withdraw the request',
    withdrawWhat: 'The request ends, and nothing goes. It can be entered anew.',
    withdrawn: 'The request is withdrawn.',
    backups: 'After restoring a backup',
    backupsWhy: 'Backups still hold what was erased. Enter and execute it again after restoring one.',
    log: 'Log',
  },
);

/** A request to be erased: what would go, what stands against it, and doing it. */
export function ErasurePage() {
  const t = useTexts(words);
  const p = useTexts(privacyWords);
  const { id } = useParams({ from: '/app/privacy/erasures/$id' });
  const query = useQuery(oneErasure(id));
  return (
    <LoadedPage query={query}>
      {(erasure) => (
        <PrivacyFrame
          part="erasures"
          title={t.title(erasure.request_reference)}
          over={
            <Link
              to="/privacy"
              search={{ part: 'erasures' }}
              className="link inline-flex min-h-9 items-center text-dns-14N-130"
            >
              <Icon name="back" className="size-4" />
              {p.back}
            </Link>
          }
        >
          <Erasure erasure={erasure} />
        </PrivacyFrame>
      )}
    </LoadedPage>
  );
}

function Erasure({ erasure }: { erasure: ErasureView }) {
  const t = useTexts(words);
  const p = useTexts(privacyWords);
  const dates = useDates();
  const [opened, setOpened] = useState<'execute' | 'withdraw'>();
  const isOpen = erasure.state === 'requested';
  const isBlocked = erasure.obstacles.length > 0;
  return (
    <div className="grid gap-x-10 gap-y-8 wide:grid-cols-2">
      <div className="space-y-6">
        <Facts
          facts={[
            [p.state, <strong key="state">{p.erasureStates[erasure.state]}</strong>],
            [
              t.scope,
              erasure.scope === 'enterprise' ? (
                <Link to="/enterprises/$id" params={{ id: erasure.subject_id }} className="link">
                  {p.openEnterprise}
                </Link>
              ) : (
                p.scopes.contact
              ),
            ],
            [p.reason, erasure.reason],
            [t.asked, `${dates.dayTime(erasure.requested_at)} ${erasure.requested_by?.name ?? ''}`],
            [
              t.executed,
              erasure.executed_at && `${dates.dayTime(erasure.executed_at)} ${erasure.executed_by?.name ?? ''}`,
            ],
          ]}
        />
        {isBlocked ? <Obstacles erasure={erasure} /> : null}
        {isOpen ? (
          <div className="flex flex-wrap gap-3">
            {isBlocked ? null : (
              <Button look="danger" onClick={() => setOpened('execute')}>
                {t.execute}
              </Button>
            )}
            <Button onClick={() => setOpened('withdraw')}>{t.withdraw}</Button>
          </div>
        ) : null}
        {erasure.state === 'executed' ? (
          <Notice kind="info" title={t.backups}>
            <p>{t.backupsWhy}</p>
          </Notice>
        ) : null}
      </div>
      {erasure.state === 'withdrawn' ? null : (
        <Section title={isOpen ? t.would : t.went}>
          <Counts erasure={erasure} />
          <p className="mt-3 text-dns-14N-130 text-ink-soft">{t.stays}</p>
        </Section>
      )}
      {erasure.state === 'executed' ? (
        <Section title={t.log} className="wide:col-span-2">
          <DisposalList filter={{ erasure_id: erasure.id }} />
        </Section>
      ) : null}
      {opened === 'execute' ? <ExecuteDialog erasure={erasure} onClose={() => setOpened(undefined)} /> : null}
      {opened === 'withdraw' ? <WithdrawDialog erasure={erasure} onClose={() => setOpened(undefined)} /> : null}
    </div>
  );
}

function Counts({ erasure }: { erasure: ErasureView }) {
  const t = useTexts(words);
  const p = useTexts(privacyWords);
  const counts = countsOf(erasure.counts, p.counts);
  if (counts.length === 0) return <p className="text-dns-16N-130">{t.nothing}</p>;
  return (
    <dl className="max-w-md text-dns-16N-130">
      {counts.map(([name, n]) => (
        <div key={name} className="flex justify-between gap-4 border-b border-line py-1.5">
          <dt>{name}</dt>
          <dd className="whitespace-nowrap tabular-nums">{p.count(n)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Obstacles({ erasure: { obstacles } }: { erasure: ErasureView }) {
  const t = useTexts(words);
  return (
    <Notice kind="warning" title={t.obstacles}>
      <ul className="list-disc pl-5">
        {obstacles.map(({ kind, case_id, case_number }) => (
          <li key={`${kind} ${case_id ?? ''}`}>
            {case_id ? (
              <Link to="/cases/$id" params={{ id: case_id }} className="link">
                {case_number}
              </Link>
            ) : null}{' '}
            {t.obstacleOf[kind]}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

interface ActProps {
  erasure: ErasureView;
  onClose: () => void;
}

function ExecuteDialog({ erasure, onClose }: ActProps) {
  const t = useTexts(words);
  const send = useSend(
    (id: string, once) => body(api.POST('/api/v1/erasures/{id}/execute', { params: { path: { id }, header: once } })),
    () => {
      onClose();
      say(t.done);
    },
  );
  return (
    <DialogForm
      title={t.executeTitle}
      act={t.execute}
      danger
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate(erasure.id)}
    >
      <p className="text-std-16N-170">{t.executeWhat}</p>
      <Counts erasure={erasure} />
      <p className="text-std-16N-170">{t.stays}</p>
      <p className="text-std-16N-170 font-bold">{t.never}</p>
    </DialogForm>
  );
}

function WithdrawDialog({ erasure, onClose }: ActProps) {
  const t = useTexts(words);
  const send = useSend(
    (id: string, once) => body(api.POST('/api/v1/erasures/{id}/withdraw', { params: { path: { id }, header: once } })),
    () => {
      onClose();
      say(t.withdrawn);
    },
  );
  return (
    <DialogForm
      title={t.withdrawTitle}
      act={t.withdraw}
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate(erasure.id)}
    >
      <p className="text-std-16N-170">{t.withdrawWhat}</p>
    </DialogForm>
  );
}
