import { Link } from '@tanstack/react-router';
import { useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { StatusChip } from '@/ui/case-bits';
import { Icon } from '@/ui/icon';
import { Section } from '@/ui/page';
import type { Entered } from './sitting';
import { lateWords } from './text';

/** What was entered in this sitting, the last first, so that a slip is found and mended at once. */
export function EnteredList({ entered, onFinish }: { entered: readonly Entered[]; onFinish: () => void }) {
  const t = useTexts(lateWords);
  return (
    <Section
      title={t.entered(entered.length)}
      className="mt-8"
      beside={
        entered.length > 0 ? (
          <Button size="sm" look="text" onClick={onFinish}>
            {t.finish}
          </Button>
        ) : null
      }
    >
      {entered.length === 0 ? (
        <p className="text-dns-16N-130 text-ink-soft">{t.none}</p>
      ) : (
        <ul className="divide-y divide-line text-dns-16N-130">
          {entered.map((one) => (
            <Line key={one.id} one={one} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Line({ one }: { one: Entered }) {
  const t = useTexts(lateWords);
  const dates = useDates();
  const name = one.name ?? t.anonymous;
  return (
    <li className="grid gap-x-4 gap-y-1 py-2 sm:grid-cols-[9rem_11rem_minmax(0,1fr)_auto] sm:items-center">
      <Link to="/cases/$id" params={{ id: one.id }} className="link inline-flex min-h-8 items-center text-dns-16B-130">
        {one.number}
      </Link>
      <span className="text-ink-soft">{dates.dayTime(one.received_at)}</span>
      <span className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
        {name}
        <StatusChip status={one.desk ? 'routed' : one.status} />
        {one.desk ? <span className="text-dns-14N-130 text-ink-soft">{one.desk}</span> : null}
        {one.desk === null ? (
          <span className="inline-flex items-center gap-1 text-dns-14B-130 text-error-2">
            <Icon name="alert" className="size-4" />
            {t.notRouted}
          </span>
        ) : null}
      </span>
      <span className="flex gap-4">
        <Link
          to="/cases/$id"
          params={{ id: one.id }}
          search={{ do: 'edit' }}
          aria-label={`${t.correct}: ${one.number}`}
          className="link inline-flex min-h-8 items-center"
        >
          {t.correct}
        </Link>
        <Link
          to="/cases/$id"
          params={{ id: one.id }}
          search={{ do: 'close' }}
          aria-label={`${t.undo}: ${one.number}`}
          title={t.undoHint}
          className="link inline-flex min-h-8 items-center"
        >
          {t.undo}
        </Link>
      </span>
    </li>
  );
}
