import { useTexts } from '@/text/preferences';
import { Button, LinkButton } from '@/ui/button';
import { Notice } from '@/ui/notice';
import type { Received } from './receive';
import { intakeWords } from './text';

/** What was done, and the next call under the finger. */
export function Done({ received: { made, desk }, onNext }: { received: Received; onNext: () => void }) {
  const t = useTexts(intakeWords);
  const failed = desk === null;
  return (
    <div className="max-w-2xl space-y-5">
      <Notice kind={failed ? 'warning' : 'success'} live title={t.done(made.number)}>
        <p>{made.enterprise.name}</p>
        {failed ? <p>{t.notRouted}</p> : null}
        {desk ? <p>{t.routedTo(desk)}</p> : null}
        {made.status === 'closed' ? <p>{t.closedNow}</p> : null}
      </Notice>
      <div className="flex flex-wrap gap-3">
        <Button look={failed ? 'outline' : 'solid'} size="lg" autoFocus onClick={onNext}>
          {t.next}
        </Button>
        <LinkButton to="/cases/$id" params={{ id: made.id }} size="lg" look={failed ? 'solid' : 'outline'}>
          {t.open}
        </LinkButton>
      </div>
    </div>
  );
}
