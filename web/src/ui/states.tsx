/** What a page shows while it has nothing to show. */
import { useRouter } from '@tanstack/react-router';
import { useEffect, useEffectEvent, type ReactNode } from 'react';
import { isProblemOf } from '@/api/problem';
import { texts, useTexts } from '@/text/preferences';
import { useOnline } from './online';
import { Button, LinkButton } from './button';
import { Icon, type IconName } from './icon';
import { Page } from './page';
import { ProblemNotice } from './problem-notice';

const words = texts(
  {
    loading: '読み込んでいます…',
    again: 'もう一度読み込む',
    missing: 'このページは見つかりません',
    missingWhy: '存在しないか、担当が変わって閲覧できなくなった可能性があります。',
    forbidden: 'このページを開く権限がありません',
    forbiddenWhy: 'あなたの役割では使わないページです。必要な場合は事務局に連絡してください。',
    home: '最初のページへ',
    loadingPage: '読み込み中',
    failed: 'このページを読み込めませんでした',
    offline: 'オフラインのため読み込めません',
    offlineWhy: '接続が戻ると、自動で読み込みます。',
  },
  {
    loading: 'Loading…',
    again: 'Load again',
    missing: 'This page was not found',
    missingWhy: 'It does not exist, or it has gone to somebody else and is no longer yours to see.',
    forbidden: 'This page is not for you',
    forbiddenWhy: 'Your role does not use it. Ask the programme office if you need it.',
    home: 'To the first page',
    loadingPage: 'Loading',
    failed: 'This page could not be read',
    offline: 'It cannot be read while you are offline',
    offlineWhy: 'It is read by itself once you are back.',
  },
);

/** Grey lines where the content will stand. Nothing for a quick answer: they fade in after a moment. */
export function Loading({ lines = 6 }: { lines?: number }) {
  const t = useTexts(words);
  return (
    <div role="status" className="animate-appear space-y-3 py-3">
      <span className="sr-only">{t.loading}</span>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className="h-10 rounded-4 bg-solid-gray-50" />
      ))}
    </div>
  );
}

interface EmptyProps {
  icon?: IconName;
  title: string;
  children?: ReactNode;
}

export function Empty({ icon = 'list', title, children }: EmptyProps) {
  return (
    <div className="flex flex-col items-center gap-2 rounded-8 border border-dashed border-line px-4 py-10 text-center">
      <Icon name={icon} className="size-8 text-solid-gray-536" />
      <p className="text-dns-16B-130">{title}</p>
      {children ? <div className="text-dns-16N-130 text-ink-soft">{children}</div> : null}
    </div>
  );
}

export function Missing() {
  const t = useTexts(words);
  return (
    <Empty icon="search" title={t.missing}>
      <p className="mb-4">{t.missingWhy}</p>
      <LinkButton to="/">{t.home}</LinkButton>
    </Empty>
  );
}

export function Forbidden() {
  const t = useTexts(words);
  return (
    <Empty icon="lock" title={t.forbidden}>
      <p className="mb-4">{t.forbiddenWhy}</p>
      <LinkButton to="/">{t.home}</LinkButton>
    </Empty>
  );
}

/** What cannot be read before there is a connection again. */
export function Offline({ retry }: { retry: () => void }) {
  const t = useTexts(words);
  const online = useOnline();
  const again = useEffectEvent(retry);
  useEffect(() => {
    if (online) again();
  }, [online]);
  return (
    <div role="status">
      <Empty icon="offline" title={t.offline}>
        <p className="mb-4">{t.offlineWhy}</p>
        <Button onClick={retry}>{t.again}</Button>
      </Empty>
    </div>
  );
}

/** A part of a page that could not be read. */
export function Failed({ error, retry }: { error: unknown; retry: () => void }) {
  const t = useTexts(words);
  if (isProblemOf(error, 'not-found')) return <Missing />;
  if (isProblemOf(error, 'forbidden')) return <Forbidden />;
  if (isProblemOf(error, 'offline')) return <Offline retry={retry} />;
  return (
    <div className="space-y-3">
      <ProblemNotice error={error} />
      <Button onClick={retry}>{t.again}</Button>
    </div>
  );
}

/** An address that leads nowhere. */
export function MissingPage() {
  const t = useTexts(words);
  return (
    <Page title={t.missing} width="text">
      <p className="mb-4 text-std-16N-170">{t.missingWhy}</p>
      <LinkButton to="/">{t.home}</LinkButton>
    </Page>
  );
}

/** A page that could not even be fetched. */
export function FailedPage({ error, reset }: { error: unknown; reset: () => void }) {
  const t = useTexts(words);
  const router = useRouter();
  return (
    <Page title={t.failed} width="text">
      <Failed error={error} retry={() => void router.invalidate().then(reset)} />
    </Page>
  );
}

/** As {@link Loaded}, for what a whole page is about: with a heading also while there is nothing, or nothing to be seen. */
export function LoadedPage<Data>({ query, children }: { query: Query<Data>; children: (data: Data) => ReactNode }) {
  const t = useTexts(words);
  if (query.data !== undefined) return children(query.data);
  if (isProblemOf(query.error, 'not-found')) return <MissingPage />;
  return (
    <Page title={query.error ? t.failed : t.loadingPage}>
      <Waiting query={query} lines={10} />
    </Page>
  );
}

interface Query<Data> {
  data: Data | undefined;
  error: unknown;
  refetch: () => unknown;
  fetchStatus?: 'fetching' | 'paused' | 'idle';
}

/** A query's content once it is there; until then what stands in its place. Old content outlives a failed refresh. */
export function Loaded<Data>({
  query,
  lines,
  children,
}: {
  query: Query<Data>;
  lines?: number;
  children: (data: Data) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  return <Waiting query={query} lines={lines} />;
}

/** What stands where the content will be: a query that is paused waits for the connection. */
function Waiting({ query, lines }: { query: Query<unknown>; lines: number | undefined }) {
  if (query.error) return <Failed error={query.error} retry={() => query.refetch()} />;
  if (query.fetchStatus === 'paused') return <Offline retry={() => query.refetch()} />;
  return <Loading {...(lines === undefined ? {} : { lines })} />;
}
