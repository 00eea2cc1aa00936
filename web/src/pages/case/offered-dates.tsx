import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { CaseView, DateProposal, ProposalState } from '@/api/schema';
import { dateProposals } from '@/data/answers';
import { settings } from '@/data/directory';
import { TakeBack } from '@/pages/admin/take-back';
import { useMe } from '@/shell/use-me';
import { answerWords } from '@/text/answer-words';
import { useDates } from '@/text/dates';
import { useNow } from '@/text/now';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { Chip, type Tone } from '@/ui/chip';
import { Icon } from '@/ui/icon';
import { Section } from '@/ui/page';
import { Loaded } from '@/ui/states';
import { say } from '@/ui/toast';
import type { Opened } from './dialogs/dialogs';

const words = texts(
  {
    title: '日程の候補の案内',
    why: '担当の専門家の空きから候補を選んで送ると、企業・団体が専用のページで一つを選び、そのまま予約になります。',
    offer: '候補を選んで送る',
    noAddress: 'メールアドレスのある相談者がいないため、候補を送れません。',
    held: (when: string, left: string) => `${when} まで仮に押さえています(${left})`,
    sent: (when: string, who: string) => `${when} に${who}送信`,
    to: (name: string) => `${name}さん宛てに`,
    slots: '送った候補',
    gone: '埋まりました',
    revoke: '案内を取り下げる',
    revokeWhat: '送ったリンクは使えなくなり、仮に押さえた時間は空きに戻ります。企業・団体には、別に連絡してください。',
    revoked: '案内を取り下げました。',
    wish: '希望',
    past: 'これまでの案内',
  },
  {
    title: 'Dates offered',
    why: 'Choose free times of the experts: the enterprise picks one on a page of its own, which books it.',
    offer: 'Choose dates and send',
    noAddress: 'No contact has an e-mail address: nothing can be sent.',
    held: (when: string, left: string) => `Held until ${when} (${left})`,
    sent: (when: string, who: string) => `Sent ${when} ${who}`,
    to: (name: string) => `to ${name}`,
    slots: 'Dates sent',
    gone: 'taken meanwhile',
    revoke: 'Take it back',
    revokeWhat: 'The link stops working and the times are free again. Tell the enterprise yourself.',
    revoked: 'The dates were taken back.',
    wish: 'Their wish',
    past: 'Earlier ones',
  },
);

const TONES: Record<ProposalState, Tone> = {
  open: 'yellow',
  chosen: 'green',
  other_wanted: 'orange',
  revoked: 'gray',
  expired: 'gray',
};

interface OfferedDatesProps {
  seen: CaseView;
  onOpen: (opened: Opened) => void;
}

/** Dates that the enterprise may choose from, and what became of them; nothing where there are none and none can be sent. */
export function OfferedDates({ seen, onOpen }: OfferedDatesProps) {
  const t = useTexts(words);
  const me = useMe();
  const query = useQuery(dateProposals(seen.id));
  const canOffer =
    useQuery(settings).data?.date_choice === true &&
    me.permissions.includes('book_consultations') &&
    seen.allowed_moves.includes('book');
  if (query.data?.length === 0 && !canOffer) return null;
  return (
    <Section title={t.title}>
      <Loaded query={query} lines={1}>
        {(proposals) => {
          // What was answered last is what counts now; the rest is history.
          const [latest, ...older] = proposals;
          const isOpen = latest?.state === 'open';
          return (
            <div className="space-y-3">
              {latest ? <Proposal proposal={latest} canRevoke={me.permissions.includes('book_consultations')} /> : null}
              {canOffer && !isOpen ? <Offer seen={seen} onOpen={onOpen} /> : null}
              <Past proposals={older} />
            </div>
          );
        }}
      </Loaded>
    </Section>
  );
}

function Offer({ seen, onOpen }: OfferedDatesProps) {
  const t = useTexts(words);
  if (!seen.contacts.some(({ email }) => email)) {
    return <p className="text-dns-16N-130 text-ink-soft">{t.noAddress}</p>;
  }
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
      <p className="max-w-xl text-dns-14N-130 text-ink-soft">{t.why}</p>
      <Button onClick={() => onOpen({ dialog: 'offer_dates' })}>
        <Icon name="mail" />
        {t.offer}
      </Button>
    </div>
  );
}

function Proposal({ proposal, canRevoke }: { proposal: DateProposal; canRevoke: boolean }) {
  const t = useTexts(words);
  const states = useTexts(answerWords).proposal;
  const names = useWords();
  const dates = useDates();
  const now = useNow();
  const [revoking, setRevoking] = useState(false);
  const { state, slots, mode, managers } = proposal;
  const isOpen = state === 'open';
  const ended = proposal.ended_at ?? proposal.created_at;
  return (
    <div
      className={`space-y-2 rounded-8 border p-3 text-dns-16N-130 ${isOpen ? 'border-dashed border-line-strong' : 'border-line bg-ground'}`}
    >
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Chip tone={TONES[state]}>{states[state]}</Chip>
        {isOpen ? (
          <strong>{t.held(dates.dayTime(proposal.answer_by), dates.until(proposal.answer_by, now))}</strong>
        ) : (
          <span>{dates.dayTime(ended)}</span>
        )}
        <span className="text-dns-14N-130 text-ink-soft">
          {t.sent(dates.dayTime(proposal.created_at), proposal.contact_name ? t.to(proposal.contact_name) : '')}
        </span>
      </p>
      <p>
        {names.mode[mode]} {managers.map(({ name }) => name).join('、')}
      </p>
      <ul aria-label={t.slots} className="flex flex-wrap gap-2">
        {slots.map((slot) => (
          <li key={slot.starts_at} className="rounded-4 border border-line bg-white px-2 py-1 tabular-nums">
            {dates.span(slot.starts_at, slot.ends_at)}
            {isOpen && !slot.is_free ? <span className="text-error-2"> {t.gone}</span> : null}
          </li>
        ))}
      </ul>
      {proposal.wish ? (
        <p className="whitespace-pre-wrap">
          <strong>{t.wish}:</strong> {proposal.wish}
        </p>
      ) : null}
      {isOpen && canRevoke ? (
        <Button size="sm" onClick={() => setRevoking(true)}>
          {t.revoke}
        </Button>
      ) : null}
      {revoking ? <Revoke proposal={proposal} onClose={() => setRevoking(false)} /> : null}
    </div>
  );
}

function Revoke({ proposal: { id, version }, onClose }: { proposal: DateProposal; onClose: () => void }) {
  const t = useTexts(words);
  const revoke = async () => {
    await body(api.POST('/api/v1/date-proposals/{id}/revoke', { params: { path: { id } }, headers: ifMatch(version) }));
    say(t.revoked);
  };
  return <TakeBack act={t.revoke} what={t.revokeWhat} remove={revoke} onClose={onClose} />;
}

function Past({ proposals }: { proposals: readonly DateProposal[] }) {
  const t = useTexts(words);
  const states = useTexts(answerWords).proposal;
  const dates = useDates();
  if (proposals.length === 0) return null;
  return (
    <details className="text-dns-14N-130">
      <summary className="min-h-8 text-ink-soft hover:underline">
        {t.past}({proposals.length})
      </summary>
      <ul className="space-y-1">
        {proposals.map((one) => (
          <li key={one.id} className="flex flex-wrap gap-x-3">
            <Chip tone={TONES[one.state]}>{states[one.state]}</Chip>
            <span>{dates.dayTime(one.created_at)}</span>
            <span className="text-ink-soft">
              {one.slots.map(({ starts_at }) => dates.dayTime(starts_at)).join('、')}
            </span>
            {one.wish ? <span>{one.wish}</span> : null}
          </li>
        ))}
      </ul>
    </details>
  );
}
