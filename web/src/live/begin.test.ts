/** What is asked anew when the news begins: all that was asked before, and nothing that is asked after. */
import { InfiniteQueryObserver, QueryClient, QueryObserver } from '@tanstack/react-query';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { myTurn } from '@/api/first-questions';
import type { News } from './stream';
import { keepLive } from './live';

let news: News;
vi.mock('./stream', () => ({
  follow: (told: News) => {
    news = told;
    return () => undefined;
  },
}));

let client: QueryClient;
let asked: string[];
let stop: () => void;
beforeEach(() => {
  vi.useFakeTimers();
  client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } });
  asked = [];
  stop = keepLive(client);
});
afterEach(() => {
  stop();
  client.clear();
  vi.useRealTimers();
});

/** A page that shows what is answered after a while. */
function show(name: string, ms = 0) {
  const queryFn = async () => {
    await myTurn();
    asked.push(name);
    return new Promise((resolve) => setTimeout(() => resolve(name), ms));
  };
  return new QueryObserver(client, { queryKey: [name], queryFn }).subscribe(() => undefined);
}

it('lets the first questions wait for the news, and asks them once', async () => {
  const end = show('first');
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).toEqual([]);
  news.live(true);
  news.begun();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toEqual(['first']);
  end();
});

it('lets nothing wait for news that does not come', async () => {
  const end = show('late');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual(['late']);
  news.live(true);
  news.begun();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual(['late', 'late']);
  end();
});

it('lets nothing wait for news that is refused', async () => {
  const end = show('refused');
  news.live(false);
  await vi.advanceTimersByTimeAsync(10);
  expect(asked).toEqual(['refused']);
  end();
});

it('asks again what was answered before, or asked and not answered', async () => {
  const stops = [show('answered'), show('under way', 60_000)];
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual(['answered', 'under way']);
  news.begun();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual(['answered', 'under way', 'answered']);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual(['answered', 'under way', 'answered', 'under way']);
  stops.forEach((end) => end());
});

it('does not ask twice what was asked after', async () => {
  news.begun();
  const end = show('later');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toEqual(['later']);
  // And it is told of changes from then on.
  news.change({ kind: 'case', case_id: 'c', gone: false });
  news.reload();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toEqual(['later', 'later']);
  end();
});

it('asks again what a change concerns while it is asked for the first time', async () => {
  news.begun();
  const end = show('cases', 5_000);
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).toEqual(['cases']);
  news.change({ kind: 'case', case_id: 'c', gone: false });
  await vi.advanceTimersByTimeAsync(20_000);
  expect(asked).toEqual(['cases', 'cases']);
  end();
});

it('asks again what is looked at again later, after it was old when the news began', async () => {
  show('left')();
  const end = show('left');
  await vi.advanceTimersByTimeAsync(1);
  end();
  news.begun();
  asked = [];
  const again = show('left');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual(['left']);
  again();
});

it('waits for a further page before it asks for all of them again', async () => {
  news.begun();
  const list = new InfiniteQueryObserver(client, {
    queryKey: ['cases'],
    initialPageParam: 1,
    queryFn: async ({ pageParam }) => {
      await myTurn();
      asked.push(`page ${pageParam}`);
      return new Promise<number>((resolve) => setTimeout(() => resolve(pageParam), 5_000));
    },
    getNextPageParam: (last: number) => last + 1,
  });
  const end = list.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(6_000);
  void list.fetchNextPage();
  await vi.advanceTimersByTimeAsync(100);
  news.change({ kind: 'case', case_id: 'c', gone: false });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(list.getCurrentResult().data?.pages).toEqual([1, 2]);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(asked).toEqual(['page 1', 'page 2', 'page 1', 'page 2']);
  end();
});
