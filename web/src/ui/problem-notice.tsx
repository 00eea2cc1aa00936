/** Errors in words: what happened, what is kept, what to do. */
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { Problem } from '@/api/problem';
import { texts, usePreferences, useTexts } from '@/text/preferences';
import { Notice } from './notice';

interface Words {
  /** Of what may happen where nothing can be fetched; the others come with the details. */
  titles: Record<string, string>;
  unknown: string;
  kept: string;
  again: string;
  request: string;
}

const words = texts<Words>(
  {
    titles: {
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

/** The Japanese for the API's English titles and details; fetched when the first error needs it. */
function useProblemWords() {
  const { language } = usePreferences();
  const module = useQuery({
    queryKey: ['words of problems'],
    queryFn: () => import('@/text/problem-details'),
    enabled: language === 'ja',
    staleTime: Infinity,
    networkMode: 'always',
  });
  return {
    title: (slug: string) => module.data?.TITLES[slug],
    detail: (detail: string) => module.data?.inJapanese(detail) ?? detail,
  };
}

export function useFieldWords(): (detail: string) => string {
  return useProblemWords().detail;
}

interface NoticeProps {
  error: unknown;
  claimed?: readonly string[];
  /** What failed, where the API's own title says less. */
  title?: string | undefined;
}

/** An error above a form or in place of a page. `claimed` are the pointers whose details stand at their fields. */
export function ProblemNotice({ error, claimed = [], title: given }: NoticeProps) {
  const t = useTexts(words);
  const inWords = useProblemWords();
  const id = useId();
  if (!(error instanceof Problem)) return <Notice kind="error" live title={t.unknown} />;
  const rest = error.body.errors?.filter(({ pointer }) => !claimed.includes(pointer)) ?? [];
  const ours = error.status >= 500 || error.slug === 'offline';
  const title = (ours ? undefined : given) ?? t.titles[error.slug] ?? inWords.title(error.slug) ?? error.body.title;
  const detail = inWords.detail(error.body.detail);
  return (
    <Notice kind="error" live title={title}>
      {ours ? <p>{error.slug === 'offline' ? t.kept : t.again}</p> : null}
      {!ours && error.slug !== 'validation' && detail !== title ? <p>{detail}</p> : null}
      {rest.length > 0 ? (
        <ul className="list-disc pl-5">
          {rest.map(({ pointer, detail }, index) => (
            <li key={`${id}${index}`}>
              <code className="text-dns-14N-130">{pointer}</code> {inWords.detail(detail)}
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
