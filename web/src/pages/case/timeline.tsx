import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { CaseView, MessageView, TimelineItem, TimelineMail } from '@/api/schema';
import { caseTimeline } from '@/data/cases';
import { caseMessages } from '@/data/mail';
import { desks, managers } from '@/data/directory';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { Icon, type IconName } from '@/ui/icon';
import { Loaded } from '@/ui/states';
import { useDescribe } from './describe';
import { Received, Written } from './mail';

const words = texts(
  {
    all: 'すべて',
    talk: '連絡・メール・メモ',
    show: '表示',
    more: '以前の履歴を表示',
    loading: '読み込んでいます…',
    system: 'システム',
    recorded: (at: string) => `${at} 入力`,
    reason: '理由',
    empty: 'まだ履歴はありません。',
    callback: (at: string) => `折り返しの約束: ${at}`,
  },
  {
    all: 'Everything',
    talk: 'Contacts, mail and notes',
    show: 'Show',
    more: 'Show earlier',
    loading: 'Loading…',
    system: 'System',
    recorded: (at: string) => `entered ${at}`,
    reason: 'Reason',
    empty: 'Nothing yet.',
    callback: (at: string) => `Callback promised for ${at}`,
  },
);

/** Everything that happened, the newest first. */
export function Timeline({ seen, onAnswer }: { seen: CaseView; onAnswer: (mail: TimelineMail) => void }) {
  const t = useTexts(words);
  const [only, setOnly] = useState<'all' | 'talk'>('all');
  const query = useInfiniteQuery(caseTimeline(seen.id));
  // A message's state moves by itself: the list is asked for it, and the entries show it.
  const messages = useQuery(caseMessages(seen.id)).data?.items;
  return (
    <>
      <div role="group" aria-label={t.show} className="mb-3 flex gap-2">
        {(['all', 'talk'] as const).map((choice) => (
          <button
            key={choice}
            type="button"
            aria-pressed={only === choice}
            className="min-h-9 rounded-6 border border-line px-3 text-dns-14N-130 hover:bg-blue-50 aria-pressed:border-blue-900 aria-pressed:bg-blue-50 aria-pressed:font-bold aria-pressed:text-blue-900"
            onClick={() => setOnly(choice)}
          >
            {t[choice]}
          </button>
        ))}
      </div>
      <Loaded query={{ ...query, data: query.data }} lines={6}>
        {({ pages }) => {
          const items = pages
            .flatMap((page) => page.items)
            .filter((item) => only === 'all' || item.interaction || item.note || item.mail || item.message);
          return (
            <>
              {items.length === 0 ? <p className="text-dns-16N-130 text-ink-soft">{t.empty}</p> : null}
              <ol className="space-y-3">
                {items.map((item) => (
                  <Event
                    key={item.seq}
                    item={item}
                    onAnswer={onAnswer}
                    message={messages?.find(({ id }) => id === item.message?.id)}
                  />
                ))}
              </ol>
            </>
          );
        }}
      </Loaded>
      {query.hasNextPage ? (
        <Button
          size="sm"
          className="mt-3"
          pending={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {query.isFetchingNextPage ? t.loading : t.more}
        </Button>
      ) : null}
    </>
  );
}

interface EventProps {
  item: TimelineItem;
  message: MessageView | undefined;
  onAnswer: (mail: TimelineMail) => void;
}

function Event({ item, message, onAnswer }: EventProps) {
  const t = useTexts(words);
  const names = useWords();
  const dates = useDates();
  const describe = useDescribe(useQuery(managers).data, useQuery(desks).data?.items);
  const late = new Date(item.recorded_at).getTime() - new Date(item.occurred_at).getTime() > 3_600_000;
  const text = item.interaction?.body ?? item.note?.body;
  const { interaction } = item;
  return (
    <li className="long-list grid grid-cols-[1.5rem_1fr] gap-x-2">
      <Icon name={iconOf(item)} className="mt-0.5 size-5 text-ink-soft" />
      <div className="min-w-0 border-b border-line pb-3 text-dns-16N-130">
        <p>
          <span className={text || item.mail || item.message ? 'text-dns-16B-130' : ''}>
            {interaction
              ? `${names.interaction[interaction.kind]}(${names.direction[interaction.direction]}): ${names.result[interaction.result]}`
              : describe(item)}
          </span>
        </p>
        {text ? (
          <p className={`mt-1 whitespace-pre-wrap ${item.note ? 'rounded-6 bg-yellow-50 px-2 py-1.5' : ''}`}>{text}</p>
        ) : null}
        {item.mail ? <Received mail={item.mail} onAnswer={onAnswer} /> : null}
        {item.message ? <Written seen={item.message} message={message} /> : null}
        {interaction?.callback_at ? <p>{t.callback(dates.dayTime(interaction.callback_at))}</p> : null}
        {item.reason ? (
          <p className="mt-1 whitespace-pre-wrap">
            <span className="text-ink-soft">{t.reason}: </span>
            {item.reason}
          </p>
        ) : null}
        <p className="mt-0.5 text-dns-14N-130 text-ink-soft">
          {dates.dayTime(item.occurred_at)} {item.actor?.name ?? t.system}
          {late ? ` (${t.recorded(dates.dayTime(item.recorded_at))})` : ''}
        </p>
      </div>
    </li>
  );
}

function iconOf({ kind, interaction, mail, message }: TimelineItem): IconName {
  if (mail || message || kind.startsWith('message_') || kind.startsWith('mail_')) return 'mail';
  if (kind.startsWith('attachment')) return 'file';
  if (interaction) return interaction.kind === 'phone' ? 'phone' : 'user';
  if (kind === 'note_added') return 'note';
  if (/^(consultation|session|dates?|other_date)_/.test(kind)) return 'calendar';
  if (kind.startsWith('report_')) return 'note';
  if (kind.startsWith('offer_') || kind.startsWith('assignment_')) return 'users';
  if (kind.startsWith('flag_') || kind === 'deadline_passed') return 'flag';
  return 'list';
}
