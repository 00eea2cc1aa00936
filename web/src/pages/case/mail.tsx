/** Mail in the timeline: what came in, and what goes out with its state. */
import { Link } from '@tanstack/react-router';
import { api, body } from '@/api/client';
import type { MessageView, TimelineMail, TimelineMessage } from '@/api/schema';
import { useSend } from '@/api/send';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { useMailWords } from '@/text/mail-words';
import { useSeconds } from '@/text/now';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Chip, type Tone } from '@/ui/chip';
import { Files } from '@/ui/files';
import { Icon } from '@/ui/icon';
import { ProblemNotice } from '@/ui/problem-notice';
import { say } from '@/ui/toast';

const words = texts(
  {
    from: '差出人',
    to: '宛先',
    noSubject: '(件名なし)',
    unknown: '送信者未確認',
    open: 'メールを開く',
    files: (count: number) => `添付 ${count} 件`,
    attached: '添付ファイル',
    answer: '返信',
    takeBack: '送信を取り消す',
    left: (time: string) => `あと ${time} で送信`,
    soon: 'まもなく送信',
    takenBack: '送信を取り消しました。',
    retry: 'もう一度送信する',
    retryUnknown:
      '相手に届いているかもしれません。もう一度送ると、二通届くことがあります。先に相手に確かめてください。',
    retried: '送信し直します。',
    next: (at: string) => `次の送信 ${at}`,
    sent: (at: string) => `送信 ${at}`,
    why: '送信できない理由',
    calendar: '予定表の案内付き',
    whole: '全文を表示',
  },
  {
    from: 'From',
    to: 'To',
    noSubject: '(no subject)',
    unknown: 'Sender not verified',
    open: 'Open the mail',
    files: (count: number) => (count === 1 ? '1 file' : `${count} files`),
    attached: 'Files',
    answer: 'Reply',
    takeBack: 'Take it back',
    left: (time: string) => `sent in ${time}`,
    soon: 'sent at any moment',
    takenBack: 'Taken back.',
    retry: 'Send it again',
    retryUnknown: 'They may have it already, and would then get it twice. Ask them first.',
    retried: 'It is sent again.',
    next: (at: string) => `next try ${at}`,
    sent: (at: string) => `sent ${at}`,
    why: 'Why it is not sent',
    calendar: 'with an invitation for calendars',
    whole: 'Show everything',
  },
);

/** So much of a text stands in the timeline; the rest unfolds. */
const SHORT = 240;

function Text({ text, folded = false }: { text: string; folded?: boolean }) {
  const t = useTexts(words);
  const lines = text.trim();
  if (!folded && lines.length <= SHORT) return <p className="mt-1 whitespace-pre-wrap">{lines}</p>;
  return (
    <details className="group mt-1">
      <summary className="list-none">
        {folded ? null : <span className="line-clamp-4 whitespace-pre-wrap group-open:hidden">{lines}</span>}
        <span className="link group-open:hidden">{t.whole}</span>
        <span className="hidden whitespace-pre-wrap group-open:block">{lines}</span>
      </summary>
    </details>
  );
}

export function Received({ mail, onAnswer }: { mail: TimelineMail; onAnswer: (mail: TimelineMail) => void }) {
  const t = useTexts(words);
  const kinds = useMailWords().kind;
  const me = useMe();
  return (
    <div className="mt-1 rounded-6 border-l-4 border-cyan-600 bg-cyan-50 px-3 py-2">
      <p className="font-bold">{mail.subject ?? t.noSubject}</p>
      <p className="text-dns-14N-130">
        {t.from}: {[mail.from_name, mail.from_address].filter(Boolean).join(' ')}
      </p>
      <p className="flex flex-wrap gap-1.5 empty:hidden">
        {mail.kind && mail.kind !== 'normal' ? <Chip tone="yellow">{kinds[mail.kind]}</Chip> : null}
        {mail.is_known_sender === false ? <Chip tone="yellow">{t.unknown}</Chip> : null}
      </p>
      {mail.text ? <Text text={mail.text} /> : null}
      <p className="mt-1 flex flex-wrap items-center gap-x-4 gap-y-1">
        <Link to="/mails/$id" params={{ id: mail.id }} className="link inline-flex min-h-9 items-center gap-1">
          {t.open}
          {mail.attachments > 0 ? ` (${t.files(mail.attachments)})` : ''}
        </Link>
        {me.permissions.includes('write_messages') && mail.kind === 'normal' ? (
          <Button size="sm" onClick={() => onAnswer(mail)}>
            {t.answer}
          </Button>
        ) : null}
      </p>
    </div>
  );
}

const TONES: Record<MessageView['state'], Tone> = {
  waiting: 'yellow',
  queued: 'yellow',
  sending: 'yellow',
  sent: 'green',
  unknown: 'red',
  failed: 'red',
  taken_back: 'gray',
};

/** `seen` is how the timeline read it, `message` how it stands now. */
export function Written({ seen, message }: { seen: TimelineMessage; message: MessageView | undefined }) {
  const t = useTexts(words);
  const names = useMailWords();
  const dates = useDates();
  const state = message?.state ?? seen.state;
  const delivery = message?.delivery ?? seen.delivery;
  const bad = delivery === 'failed' || state === 'failed' || state === 'unknown';
  return (
    <div
      className={`mt-1 rounded-6 border-l-4 px-3 py-2 ${bad ? 'border-error-2 bg-red-50' : 'border-blue-700 bg-blue-50'}`}
    >
      <p className={`font-bold ${state === 'taken_back' ? 'line-through' : ''}`}>{seen.subject}</p>
      <p className="text-dns-14N-130">
        {t.to}: {[seen.to_name, seen.to_address].filter(Boolean).join(' ')}
      </p>
      <p className="mt-1 flex flex-wrap items-center gap-1.5 text-dns-14N-130">
        <Chip>{names.message[seen.kind]}</Chip>
        <Chip tone={TONES[state]}>{names.state[state]}</Chip>
        {delivery ? (
          <Chip tone={delivery === 'failed' ? 'red' : delivery === 'delayed' ? 'yellow' : 'green'}>
            {delivery === 'failed' ? <Icon name="alert" className="size-3.5" /> : null}
            {names.delivery[delivery]}
          </Chip>
        ) : null}
        {message?.has_calendar ? <span>{t.calendar}</span> : null}
        {message?.sent_at ? <span>{t.sent(dates.dayTime(message.sent_at))}</span> : null}
        {message?.next_attempt_at && message.attempts.length > 0 ? (
          <span>{t.next(dates.dayTime(message.next_attempt_at))}</span>
        ) : null}
      </p>
      {message?.delivery_detail ? <p className="text-dns-14N-130">{message.delivery_detail}</p> : null}
      {message?.last_error && state !== 'sent' ? (
        <p className="text-dns-14N-130">
          {t.why}: {message.last_error}
        </p>
      ) : null}
      {/* The program's own words to staff are of little interest afterwards. */}
      <Text text={seen.text} folded={seen.kind === 'notice'} />
      {message ? (
        <>
          <Files label={t.attached} files={message.attachments} />
          <MessageSteps message={message} />
        </>
      ) : null}
    </div>
  );
}

function MessageSteps({ message }: { message: MessageView }) {
  const t = useTexts(words);
  const params = { path: { id: message.id } };
  const takeBack = useSend(
    (_: undefined, once) => body(api.POST('/api/v1/messages/{id}/take-back', { params: { ...params, header: once } })),
    () => say(t.takenBack),
  );
  const retry = useSend(
    (_: undefined, once) => body(api.POST('/api/v1/messages/{id}/retry', { params: { ...params, header: once } })),
    () => say(t.retried),
  );
  const error = takeBack.error ?? retry.error;
  return (
    <>
      {message.allowed_steps.includes('take_back') ? (
        <p className="mt-1 flex flex-wrap items-center gap-3">
          <Button size="sm" pending={takeBack.isPending} onClick={() => takeBack.mutate(undefined)}>
            {t.takeBack}
          </Button>
          <Countdown until={message.release_at} />
        </p>
      ) : null}
      {message.allowed_steps.includes('retry') ? (
        <div className="mt-1 space-y-1">
          {message.state === 'unknown' ? <p className="text-dns-14N-130">{t.retryUnknown}</p> : null}
          <Button size="sm" pending={retry.isPending} onClick={() => retry.mutate(undefined)}>
            {t.retry}
          </Button>
        </div>
      ) : null}
      {error ? <ProblemNotice error={error} /> : null}
    </>
  );
}

/** How long it can still be taken back. Not read out: it changes by the second. */
function Countdown({ until }: { until: string }) {
  const t = useTexts(words);
  const now = useSeconds();
  const seconds = Math.ceil((new Date(until).getTime() - now) / 1000);
  const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  return <span className="text-dns-14N-130">{seconds > 0 ? t.left(text) : t.soon}</span>;
}
