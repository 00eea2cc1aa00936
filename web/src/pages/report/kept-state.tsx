import type { Draft } from '@/data/drafts';
import { useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Icon } from '@/ui/icon';
import { reportWords } from './text';

interface KeptProps {
  draft: Draft | undefined;
  /** Whether the server has a draft. */
  isStored: boolean;
  isSending: boolean;
  /** The reason why it was not taken stands on the page. */
  isExplained: boolean;
  onDrop: () => void;
}

/** Where the text is: on this device only, on its way, or on the server. */
export function KeptState({ draft, isStored, isSending, isExplained, onDrop }: KeptProps) {
  const t = useTexts(reportWords);
  const dates = useDates();
  if (!draft) {
    return isStored ? (
      <p className="flex items-center gap-1.5 text-dns-14N-130 text-success-2">
        <Icon name="check" />
        {t.stored}
      </p>
    ) : null;
  }
  if (isSending) {
    return (
      <p role="status" className="text-dns-14N-130 text-ink-soft">
        {t.sending}
      </p>
    );
  }
  return (
    <div className="rounded-8 border-2 border-yellow-700 bg-yellow-50 px-3 py-2 text-dns-16N-130">
      <p role="status">
        <strong className="flex items-center gap-1.5">
          <Icon name="alert" />
          {t.unsent(dates.time(draft.at))}
        </strong>
        {draft.wanted ? <span className="block">{draft.wanted === 'submit' ? t.waitingSubmit : t.waiting}</span> : null}
        {draft.isRefused && !isExplained ? <span className="block">{t.refused}</span> : null}
      </p>
      <Button size="sm" look="text" className="-ml-3" onClick={onDrop}>
        {t.drop}
      </Button>
    </div>
  );
}
