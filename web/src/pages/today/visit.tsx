import { useRef, useState } from 'react';
import { useFieldWords } from '@/ui/problem-notice';
import type { ConsultationView } from '@/api/schema';
import { stepsNow, tapsNow } from '@/data/steps';
import { atOnce, dropTap, keepTap, useTaps, visitTimes, type Side, type Tap } from '@/data/taps';
import { whyNotWords } from '@/pages/case/why-not';
import { useMe } from '@/shell/use-me';
import { dateOf, instant, timeOf, useDates } from '@/text/dates';
import { useNow } from '@/text/now';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Form, TextField } from '@/ui/form';
import { Icon } from '@/ui/icon';
import { Notice } from '@/ui/notice';

const words = texts(
  {
    in: '到着',
    out: '退出',
    at: (side: string, at: string) => `${side} ${at}`,
    waits: '未送信',
    waitsWhy: '時刻はこの端末に保存しました。接続が戻ると、自動で送信します。',
    againWhy: (at: string) =>
      `サーバーが受け取れませんでした。時刻はこの端末に保存してあり、${at} ごろ自動でもう一度送信します。`,
    now: 'いま送信する',
    correct: (side: string) => `${side}の時刻を直す`,
    time: (side: string) => `${side}の時刻`,
    save: '時刻を保存',
    back: '戻る',
    missing: '時刻を入力してください。',
    refused: (side: string, at: string) => `${side} ${at} は記録できませんでした`,
    drop: '取り消す',
  },
  {
    in: 'Arrived',
    out: 'Left',
    at: (side: string, at: string) => `${side} ${at}`,
    waits: 'not sent yet',
    waitsWhy: 'The time is kept on this device, and sent by itself once you are back online.',
    againWhy: (at: string) =>
      `The server could not take it. The time is kept here and sent again by itself at about ${at}.`,
    now: 'Send it now',
    correct: (side: string) => `Correct: ${side}`,
    time: (side: string) => `Time: ${side}`,
    save: 'Save the time',
    back: 'Back',
    missing: 'Enter a time.',
    refused: (side: string, at: string) => `${side} ${at} was not taken`,
    drop: 'Drop it',
  },
);

/** Arriving at a visit and leaving it: one big button at a time, which works without a connection, too. */
export function Visit({ session }: { session: ConsultationView }) {
  const t = useTexts(words);
  const person = useMe().id;
  const taps = useTaps(person);
  const now = useNow();
  const reasons = useTexts(whyNotWords).step;
  const [correcting, setCorrecting] = useState<Side>();
  const times = useRef<HTMLDivElement>(null);
  if (session.state !== 'booked' || session.mode !== 'visit') return null;
  const { next, correct } = tapsNow(session, taps, now);
  const mine = taps.filter((tap) => tap.session === session.id);
  const early = stepsNow(session, now).whyNot('check_in') === 'too_early';
  const tap = (side: Side, at: string, replace: boolean) => {
    keepTap({ person, session: session.id, number: session.case_number, side, at, replace, key: crypto.randomUUID() });
    // After the last of the two, the button is gone.
    if (side === 'out') requestAnimationFrame(() => times.current?.focus());
  };
  return (
    <div className="space-y-2 border-t border-line pt-3">
      {mine.map((one) => (one.refused === undefined ? null : <Refused key={one.side} tap={one} />))}
      {next ? (
        <Button
          look="solid"
          size="lg"
          className="min-h-16 w-full text-std-20B-150"
          onClick={() => tap(next, new Date().toISOString(), false)}
        >
          <Icon name={next === 'in' ? 'map' : 'check'} className="size-6" />
          {t[next]}
        </Button>
      ) : null}
      {early ? (
        <p className="text-dns-14N-130 text-ink-soft">
          {t.in}: {reasons.too_early}
        </p>
      ) : null}
      <div ref={times} tabIndex={-1}>
        <Times session={session} mine={mine} sides={correct} onCorrect={setCorrecting} />
      </div>
      {correcting ? (
        <Correct
          key={correcting}
          session={session}
          side={correcting}
          taps={mine}
          onTap={(at) => {
            // A time that the server has is replaced; one that it does not have yet is sent as it is now.
            const known = correcting === 'in' ? session.checked_in_at : session.checked_out_at;
            tap(correcting, at, Boolean(known) || mine.some(({ side }) => side === correcting));
            setCorrecting(undefined);
          }}
          onBack={() => setCorrecting(undefined)}
        />
      ) : null}
    </div>
  );
}

interface TimesProps {
  session: ConsultationView;
  mine: readonly Tap[];
  sides: readonly Side[];
  onCorrect: (side: Side) => void;
}

/** The times that are known, whether the server has them, and the way to correct them. */
function Times({ session, mine, sides, onCorrect }: TimesProps) {
  const t = useTexts(words);
  const dates = useDates();
  const times = visitTimes(session, mine);
  const waits = (side: Side) => mine.some((tap) => tap.side === side && tap.refused === undefined);
  const late = mine.find((tap) => tap.again !== undefined && tap.refused === undefined);
  return (
    <div aria-live="polite" className="space-y-1">
      {sides.map((side) => (
        <p key={side} className="flex flex-wrap items-center gap-x-3">
          <span className="text-dns-17B-130">{t.at(t[side], times[side] ? dates.time(times[side]) : '')}</span>
          {waits(side) ? <span className="font-bold text-orange-1000">{t.waits}</span> : null}
          <Button size="md" look="text" onClick={() => onCorrect(side)}>
            {t.correct(t[side])}
          </Button>
        </p>
      ))}
      {late?.again ? (
        <p className="flex flex-wrap items-center gap-x-3 text-dns-14N-130">
          {t.againWhy(dates.time(late.again.at))}
          <Button size="sm" onClick={() => keepTap(atOnce(late))}>
            {t.now}
          </Button>
        </p>
      ) : sides.some(waits) ? (
        <p className="text-dns-14N-130 text-ink-soft">{t.waitsWhy}</p>
      ) : null}
    </div>
  );
}

interface CorrectProps {
  session: ConsultationView;
  side: Side;
  taps: readonly Tap[];
  onTap: (at: string) => void;
  onBack: () => void;
}

function Correct({ session, side, taps, onTap, onBack }: CorrectProps) {
  const t = useTexts(words);
  const known = visitTimes(session, taps)[side] ?? session.starts_at;
  const [time, setTime] = useState(timeOf(known));
  const [tried, setTried] = useState(false);
  return (
    <Form
      error={undefined}
      className="space-y-3"
      label={t.correct(t[side])}
      onSubmit={() => {
        setTried(true);
        const at = instant(dateOf(known), time);
        if (at) onTap(new Date(at).toISOString());
      }}
    >
      <TextField
        label={t.time(t[side])}
        pointer="/at"
        type="time"
        required
        autoFocus
        value={time}
        onChange={setTime}
        wrong={tried && !time ? t.missing : undefined}
      />
      <div className="flex gap-3">
        <Button type="submit" look="solid" className="flex-1">
          {t.save}
        </Button>
        <Button className="flex-1" onClick={onBack}>
          {t.back}
        </Button>
      </div>
    </Form>
  );
}

/** The server did not take a time; the reason, and a new beginning. */
function Refused({ tap }: { tap: Tap }) {
  const t = useTexts(words);
  const dates = useDates();
  const inWords = useFieldWords();
  return (
    <Notice kind="error" live title={t.refused(t[tap.side], dates.time(tap.at))}>
      <p>{inWords(tap.refused ?? '')}</p>
      <Button size="sm" onClick={() => dropTap(tap)}>
        {t.drop}
      </Button>
    </Notice>
  );
}
