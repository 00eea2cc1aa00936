/** Small things that show a case the same way everywhere. */
import type { Due, Flag, SessionCount, Status } from '@/api/schema';
import { useDates } from '@/text/dates';
import { useNow } from '@/text/now';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Chip, type Tone } from './chip';
import { Icon } from './icon';

const STATUS_TONES: Record<Status, Tone> = {
  received: 'orange',
  routed: 'yellow',
  accepted: 'cyan',
  assigned: 'blue',
  consulting: 'green',
  closed: 'gray',
};

export function StatusChip({ status }: { status: Status }) {
  return <Chip tone={STATUS_TONES[status]}>{useWords().status[status]}</Chip>;
}

export function FlagChip({ flag }: { flag: Flag }) {
  return (
    <Chip tone={flag === 'complaint' || flag === 'delivery_failed' ? 'red' : 'yellow'}>
      <Icon name="flag" className="size-3.5" />
      {useWords().flag[flag]}
    </Chip>
  );
}

/** What is due and how far it is; late is red, bold and says so. */
export function DueText({ due, kind = true }: { due: Due | null | undefined; kind?: boolean }) {
  const words = useWords();
  const dates = useDates();
  const now = useNow();
  if (!due) return <span className="text-ink-soft">—</span>;
  const left = new Date(due.at).getTime() - now.getTime();
  const late = left < 0;
  const soon = left < 24 * 3_600_000;
  const look = late ? 'font-bold text-error-2' : soon ? 'font-bold text-orange-1000' : '';
  return (
    <span title={dates.dayTime(due.at)}>
      <span className={`inline-flex items-center gap-1 whitespace-nowrap ${look}`}>
        {late ? <Icon name="alert" className="size-4" /> : null}
        {dates.until(due.at, now)}
      </span>
      {kind ? <span className="block text-dns-14N-120 text-ink-soft">{words.due[due.kind]}</span> : null}
    </span>
  );
}

const words = texts(
  { places: (used: number, limit: number) => `${limit}回のうち${used}回使用` },
  { places: (used: number, limit: number) => `${used} of ${limit} sessions used` },
);

/** ●●○: the sessions of a case as places. */
export function Places({ count }: { count: SessionCount }) {
  const t = useTexts(words);
  return (
    <span role="img" aria-label={t.places(count.used, count.limit)} className="inline-flex gap-1">
      {Array.from({ length: count.limit }, (_, place) => (
        <span
          key={place}
          className={`size-3.5 rounded-full border-2 ${place < count.used ? 'border-blue-900 bg-blue-900' : 'border-solid-gray-500 bg-white'}`}
        />
      ))}
    </span>
  );
}
