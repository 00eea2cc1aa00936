import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import type { TimelineItem } from '@/api/schema';
import { caseTimeline } from '@/data/cases';
import { desks, managers } from '@/data/directory';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { useClearOf } from '@/ui/clear-of';
import { Icon } from '@/ui/icon';
import { useDescribe } from './describe';
import { newsAfter } from './news-after';

const words = texts(
  {
    title: 'この案件が更新されました',
    incoming: '受信メール',
    more: (n: number) => `ほか${n}件`,
    show: '対応履歴を見る',
    close: '閉じる',
  },
  {
    title: 'This case has changed',
    incoming: 'Mail came in',
    more: (n: number) => `and ${n} more`,
    show: 'See the timeline',
    close: 'Close',
  },
);

/**
 * What others did while the page is open, at the foot of the window, so that nothing moves under what one types; the page
 * becomes longer by as much, so that nothing stays covered. The page itself shows it already. Read out once, and again
 * only after it was closed.
 */
export function News({ id, timelineId }: { id: string; timelineId: string }) {
  const t = useTexts(words);
  const me = useMe();
  const pages = useInfiniteQuery(caseTimeline(id)).data?.pages;
  const items = pages?.[0]?.items;
  const newest = items?.[0]?.seq;
  // What was there when the page was opened is no news.
  const [seen, setSeen] = useState(newest);
  if (seen === undefined && newest !== undefined) setSeen(newest);
  const news = seen === undefined ? [] : newsAfter(items ?? [], seen, me.id);
  const close = () => setSeen(newest);
  const bar = useRef<HTMLDivElement>(null);
  useClearOf(bar, 'bottom', news.length > 0);
  return (
    <>
      <p role="status" className="sr-only">
        {news.length > 0 ? t.title : ''}
      </p>
      {news[0] ? (
        <div
          ref={bar}
          data-bar="bottom"
          className="no-print fixed inset-x-0 bottom-14 z-10 border-t-4 border-yellow-700 bg-yellow-50 text-dns-16N-130 md:bottom-0"
        >
          <div className="mx-auto flex max-w-[100rem] flex-wrap items-center gap-x-3 gap-y-1 px-4 py-1.5 sm:px-6">
            <Icon name="user" className="size-5 shrink-0" />
            <p className="line-clamp-2 min-w-0 flex-1 basis-52">
              <strong>{t.title}</strong> <What item={news[0]} />
              {news.length > 1 ? ` ${t.more(news.length - 1)}` : ''}
            </p>
            <Button
              size="sm"
              onClick={() => {
                close();
                const timeline = document.getElementById(timelineId);
                timeline?.scrollIntoView({ block: 'start' });
                timeline?.focus({ preventScroll: true });
              }}
            >
              {t.show}
            </Button>
            <Button
              size="sm"
              look="text"
              onClick={() => {
                close();
                // The button is gone with what it closed.
                document.getElementById('main')?.focus({ preventScroll: true });
              }}
            >
              {t.close}
            </Button>
          </div>
        </div>
      ) : null}
    </>
  );
}

function What({ item }: { item: TimelineItem }) {
  const t = useTexts(words);
  const dates = useDates();
  const describe = useDescribe(useQuery(managers).data, useQuery(desks).data?.items);
  return (
    <span>
      {item.mail ? t.incoming : describe(item)}(
      {[item.actor?.name, dates.time(item.recorded_at)].filter(Boolean).join(' ')})
    </span>
  );
}
