import { useQuery } from '@tanstack/react-query';
import type { CaseView, OfferView } from '@/api/schema';
import { caseOffers } from '@/data/cases';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { useNow } from '@/text/now';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { Chip } from '@/ui/chip';
import { Section } from '@/ui/page';
import { Loaded } from '@/ui/states';
import type { Opened } from './dialogs/dialogs';
import { caseWords } from './text';

const words = texts(
  {
    none: '担当の専門家は決まっていません。',
    release: '担当を解除',
    revoke: '打診を取り下げ',
    replyBy: '回答期限',
    offered: '打診',
    byPhone: '電話で承諾',
    past: 'これまでの打診',
    override: '例外の理由',
  },
  {
    none: 'No expert is assigned yet.',
    release: 'Release',
    revoke: 'Revoke the offer',
    replyBy: 'Answer by',
    offered: 'Offered',
    byPhone: 'accepted by phone',
    past: 'Earlier offers',
    override: 'Reason for the exception',
  },
);

/** Who has the case, who was asked, and what they said. */
export function Experts({ seen, onOpen }: { seen: CaseView; onOpen: (opened: Opened) => void }) {
  const t = useTexts(words);
  const names = useWords();
  const title = useTexts(caseWords).experts;
  const me = useMe();
  const offers = useQuery(caseOffers(seen.id));
  const releases = (managerId: string) =>
    me.permissions.includes('release_assignments') && (me.role !== 'manager' || me.manager_id === managerId);
  return (
    <Section title={title}>
      {seen.managers.length === 0 ? <p className="text-dns-16N-130 text-ink-soft">{t.none}</p> : null}
      <ul className="space-y-2">
        {seen.managers.map((manager) => (
          <li key={manager.assignment_id} className="flex flex-wrap items-center gap-x-3 gap-y-1 text-dns-16N-130">
            <Chip tone="blue">{names.line[manager.line]}</Chip>
            <span className="text-dns-16B-130">{manager.name}</span>
            {releases(manager.id) ? (
              <Button size="sm" look="text" onClick={() => onOpen({ dialog: 'release', manager })}>
                {t.release}
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      <Loaded query={offers} lines={1}>
        {({ items }) => (
          <>
            {items
              .filter(({ state }) => state === 'open')
              .map((offer) => (
                <Offer key={offer.id} offer={offer} onOpen={onOpen} />
              ))}
            <PastOffers offers={items.filter(({ state }) => state !== 'open' && state !== 'accepted')} />
          </>
        )}
      </Loaded>
    </Section>
  );
}

function Offer({ offer, onOpen }: { offer: OfferView; onOpen: (opened: Opened) => void }) {
  const t = useTexts(words);
  const names = useWords();
  const dates = useDates();
  const me = useMe();
  const now = useNow();
  const late = new Date(offer.reply_by) < now;
  return (
    <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 rounded-8 border border-dashed border-line-strong px-3 py-2 text-dns-16N-130">
      <Chip tone="yellow">{names.offer.open}</Chip>
      <span>
        {offer.manager.name}({names.line[offer.line]})
      </span>
      <span className={late ? 'font-bold text-error-2' : 'text-ink-soft'}>
        {t.replyBy} {dates.dayTime(offer.reply_by)}({dates.until(offer.reply_by, now)})
      </span>
      {me.permissions.includes('offer_cases') ? (
        <Button size="sm" look="text" onClick={() => onOpen({ dialog: 'revoke', offer })}>
          {t.revoke}
        </Button>
      ) : null}
      {offer.note ? <span className="w-full text-dns-14N-130">{offer.note}</span> : null}
    </div>
  );
}

function PastOffers({ offers }: { offers: readonly OfferView[] }) {
  const t = useTexts(words);
  const names = useWords();
  const dates = useDates();
  if (offers.length === 0) return null;
  return (
    <details className="mt-2 text-dns-14N-130">
      <summary className="min-h-8 text-ink-soft hover:underline">
        {t.past}({offers.length})
      </summary>
      <ul className="space-y-1">
        {offers.map((offer) => (
          <li key={offer.id} className="flex flex-wrap gap-x-3">
            <Chip>{names.offer[offer.state]}</Chip>
            <span>
              {offer.manager.name}({names.line[offer.line]})
            </span>
            <span className="text-ink-soft">
              {t.offered} {dates.day(offer.offered_at)}
            </span>
            {offer.decline_reason ? <span>{offer.decline_reason}</span> : null}
          </li>
        ))}
      </ul>
    </details>
  );
}
