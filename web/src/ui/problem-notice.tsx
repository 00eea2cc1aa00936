/** Errors in words: what happened, what is kept, what to do. */
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { Problem } from '@/api/problem';
import { texts, usePreferences, useTexts } from '@/text/preferences';
import { Notice } from './notice';

interface Words {
  titles: Record<string, string>;
  unknown: string;
  kept: string;
  again: string;
  request: string;
}

const words = texts<Words>(
  {
    titles: {
      unauthenticated: 'サインインしてください',
      forbidden: 'この操作の権限がありません',
      'not-found': '見つかりません',
      validation: '入力内容を確かめてください',
      malformed: '送信内容を読み取れませんでした',
      'illegal-move': '案件の今の状態では実行できません',
      'consultation-limit-reached': '無料の支援回数をすべて使っています',
      'manager-double-booked': '専門家に同じ時間の別の予定があります',
      'case-double-booked': 'この案件には同じ時間の別の予定があります',
      'no-manager-assigned': '担当の専門家が決まっていません',
      'stage-order': '支援段階の順序が逆になります',
      'enterprise-guard': 'この企業・団体には今年度の別の案件があります',
      'late-reason-required': '過去の日時には、事後入力の理由が必要です',
      stale: '先に別の人が更新しました',
      'precondition-required': '最新の内容を読み込んでから、もう一度実行してください',
      'idempotency-key-reused': 'もう一度実行してください',
      conflict: '保存されている内容と矛盾します',
      'too-large': '大きすぎて送信できません',
      'rate-limited': '試行の回数が多すぎます',
      unavailable: 'サーバーが一時的に応答できません',
      offline: 'サーバーに接続できません',
      internal: 'サーバーで問題が発生しました',
    },
    unknown: '予期しない問題が発生しました',
    kept: '入力した内容は残っています。接続を確かめて、もう一度実行してください。',
    again: '少し待ってから、もう一度実行してください。入力した内容は残っています。',
    request: '問い合わせ番号',
  },
  {
    titles: {
      offline: 'The server cannot be reached',
      stale: 'Somebody else changed it first',
    },
    unknown: 'Something unexpected happened',
    kept: 'What you typed is still here. Check the connection and try again.',
    again: 'Wait a moment and try again. What you typed is still here.',
    request: 'Request',
  },
);

/** The Japanese for the API's English details; fetched when the first error needs it. */
function useDetailWords(wanted: boolean): (detail: string) => string | undefined {
  const { language } = usePreferences();
  const module = useQuery({
    queryKey: ['words of problems'],
    queryFn: () => import('@/text/problem-details'),
    enabled: wanted && language === 'ja',
    staleTime: Infinity,
    networkMode: 'always',
  });
  return (detail) => (language === 'en' ? detail : module.data?.inJapanese(detail));
}

export function useFieldWords(): (detail: string) => string {
  const inWords = useDetailWords(true);
  return (detail) => inWords(detail) ?? detail;
}

/** An error above a form or in place of a page. `claimed` are the pointers whose details stand at their fields. */
export function ProblemNotice({ error, claimed = [] }: { error: unknown; claimed?: readonly string[] }) {
  const t = useTexts(words);
  const inWords = useDetailWords(true);
  const id = useId();
  if (!(error instanceof Problem)) return <Notice kind="error" live title={t.unknown} />;
  const rest = error.body.errors?.filter(({ pointer }) => !claimed.includes(pointer)) ?? [];
  const title = t.titles[error.slug] ?? error.body.title;
  const detail = inWords(error.body.detail) ?? error.body.detail;
  const ours = error.status >= 500 || error.slug === 'offline';
  return (
    <Notice kind="error" live title={title}>
      {ours ? <p>{error.slug === 'offline' ? t.kept : t.again}</p> : null}
      {!ours && error.slug !== 'validation' && detail !== title ? <p>{detail}</p> : null}
      {rest.length > 0 ? (
        <ul className="list-disc pl-5">
          {rest.map(({ pointer, detail }, index) => (
            <li key={`${id}${index}`}>
              <code className="text-dns-14N-130">{pointer}</code> {inWords(detail) ?? detail}
            </li>
          ))}
        </ul>
      ) : null}
      {error.status >= 500 && error.body.instance ? (
        <p className="text-dns-14N-130 text-ink-soft">
          {t.request}: <code>{error.body.instance}</code>
        </p>
      ) : null}
    </Notice>
  );
}
