/** Sending the taps of this device, at once and as soon as the server can be reached again. */
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { api, body } from '@/api/client';
import { connection } from '@/api/connection';
import { isPassing, Problem } from '@/api/problem';
import { texts, useTexts } from '@/text/preferences';
import { say, sayFailed } from '@/ui/toast';
import { dropTap, keepTap, nextTap, postponed, subscribeTaps, tapsOf, type Tap } from './taps';

const words = texts(
  {
    in: '到着の時刻を記録しました。',
    out: '退出の時刻を記録しました。',
    refused: (number: string) => `${number} の到着・退出を記録できませんでした。「きょう」を確かめてください。`,
  },
  {
    in: 'Your arrival is recorded.',
    out: 'Your leaving is recorded.',
    refused: (number: string) => `A time at the visit for ${number} was not taken. See “Today”.`,
  },
);

function send({ session, side, at, replace, key }: Tap) {
  const options = {
    params: { path: { id: session }, header: { 'Idempotency-Key': key } },
    body: { at, replace },
  };
  return body(
    side === 'in'
      ? api.POST('/api/v1/consultations/{id}/check-in', options)
      : api.POST('/api/v1/consultations/{id}/check-out', options),
  );
}

/** What a person must know of a refusal: what is wrong with the time, else why the step is not possible. */
function detailOf(problem: Problem): string {
  return problem.at('/at') ?? problem.body.detail;
}

type Told = { tap: Tap; refused: boolean };

let underWay: Promise<void> | undefined;

/** Sends what waits, one after the other; what does not get through waits on. */
function deliver(client: QueryClient, person: string, tell: (told: Told) => void): Promise<void> {
  underWay ??= run(client, person, tell).finally(() => {
    underWay = undefined;
  });
  return underWay;
}

async function run(client: QueryClient, person: string, tell: (told: Told) => void) {
  for (;;) {
    const next = nextTap(tapsOf(person));
    if (!next || !('tap' in next) || !connection.online()) return;
    const { tap } = next;
    try {
      const session = await send(tap);
      client.setQueryData(['session', session.id], session);
      // The new time is there before the tap is gone, so that nothing flickers.
      await client.invalidateQueries({ queryKey: ['sessions'] });
      await client.invalidateQueries({ queryKey: ['case', session.case_id] });
      dropTap(tap);
      tell({ tap, refused: false });
    } catch (error) {
      if (!(error instanceof Problem)) return;
      const { slug, retryAfterMs } = error;
      if (slug === 'offline' || slug === 'unavailable') return;
      if (isPassing(error)) {
        keepTap(postponed(tap, retryAfterMs));
        continue;
      }
      keepTap({ ...tap, refused: detailOf(error) });
      tell({ tap, refused: true });
    }
  }
}

/** Sends taps as soon as they are made, the connection is back, or the server may be asked again. */
export function useTapDeliveries(person: string): void {
  const client = useQueryClient();
  const t = useTexts(words);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onChange = () => {
      const told = ({ tap, refused }: Told) => (refused ? sayFailed(t.refused(tap.number)) : say(t[tap.side]));
      void deliver(client, person, told).then(() => {
        clearTimeout(timer);
        const next = nextTap(tapsOf(person));
        if (next && 'wait' in next) timer = setTimeout(onChange, next.wait);
      });
    };
    onChange();
    const stops = [connection.subscribe(onChange), subscribeTaps(onChange)];
    return () => {
      clearTimeout(timer);
      stops.forEach((stop) => stop());
    };
  }, [client, person, t]);
}
