import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { api, body } from '@/api/client';
import type { ConsultationView } from '@/api/schema';
import { oneCase, report } from '@/data/cases';
import { useDrafts } from '@/data/drafts';
import { oneSession, sessionList } from '@/data/sessions';
import { mapOf, PhoneLink } from '@/pages/case/people';
import type { Opened } from '@/pages/case/dialogs/dialogs';
import { ReportLink, SessionActions, sessionWords } from '@/pages/case/sessions';
import { useMe } from '@/shell/use-me';
import { midnight, useDates } from '@/text/dates';
import { useNow } from '@/text/now';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Chip } from '@/ui/chip';
import { useFollow } from '@/ui/follow';
import { Icon } from '@/ui/icon';
import { Notice } from '@/ui/notice';
import { Page, Section } from '@/ui/page';
import { Empty, Loaded } from '@/ui/states';
import { OfferCard } from './offer-card';
import { running, TO_BOOK_ID, ToBook } from './to-book';
import { Visit } from './visit';

const Dialogs = lazy(() => import('@/pages/case/dialogs/dialogs'));

const words = texts(
  {
    title: 'きょうの予定と依頼',
    offers: '回答を待っている打診',
    noOffers: '回答を待っている打診はありません。',
    ahead: 'これからの予定',
    noneAhead: '2か月以内の予定はありません。',
    record: '結果を記録する回',
    reports: '報告書を書く回',
    map: '地図',
    unsent: 'この端末に保存済み・未送信の報告書',
    unsentWhy: '接続が戻ると、送信を押したものは自動で送信します。',
    open: '案件を開く',
    today: 'きょう',
  },
  {
    title: 'Today',
    offers: 'Offers to answer',
    noOffers: 'No offer waits for your answer.',
    ahead: 'Appointments',
    noneAhead: 'Nothing within two months.',
    record: 'Sessions to record',
    reports: 'Reports to write',
    map: 'Map',
    unsent: 'Reports kept on this device, not sent',
    unsentWhy: 'Those that you sent go out by themselves once you are back online.',
    open: 'Open the case',
    today: 'Today',
  },
);

const OFFERS_ID = 'offers';

/** The card of a session, which has the focus after a step whose button is gone. */
function cardOf({ id }: ConsultationView): string {
  return `session-${id}`;
}

/** A manager between two visits: what to answer, where to go, what to write. */
export function TodayPage() {
  const t = useTexts(words);
  const me = useMe();
  const now = useNow();
  const [opened, setOpened] = useState<{ session: ConsultationView; dialog: Opened }>();
  const offers = useQuery({
    queryKey: ['offers', 'open'],
    queryFn: ({ signal }) => body(api.GET('/api/v1/offers', { params: { query: { open: true, limit: 50 } }, signal })),
    refetchInterval: 60_000,
  });
  const mine = me.manager_id ? { manager_id: me.manager_id } : {};
  const sessions = useQuery(sessionList({ ...mine, from: midnight(-60), to: midnight(60) }));
  const follow = useFollow(offers.data, sessions.data, useInfiniteQuery(running).data, opened);
  const near = useMemo(() => sessions.data && nearby(sessions.data), [sessions.data]);
  useReportsAtHand(near);
  const close = () => {
    if (opened) follow(cardOf(opened.session));
    setOpened(undefined);
  };
  const card = (session: ConsultationView) => (
    <li key={session.id}>
      <Appointment session={session} onOpen={(dialog) => setOpened({ session, dialog })} />
    </li>
  );
  return (
    <Page title={t.title} width="text">
      <div className="space-y-7">
        <Unsent person={me.id} />
        <Section title={t.offers}>
          <div id={OFFERS_ID} tabIndex={-1}>
            <Loaded query={offers} lines={2}>
              {({ items }) =>
                items.length === 0 ? (
                  <p className="py-2 text-dns-16N-130 text-ink-soft">{t.noOffers}</p>
                ) : (
                  <ul className="space-y-3">
                    {items.map((offer) => (
                      <li key={offer.id}>
                        <OfferCard offer={offer} onAnswer={(accepted) => follow(accepted ? TO_BOOK_ID : OFFERS_ID)} />
                      </li>
                    ))}
                  </ul>
                )
              }
            </Loaded>
          </div>
        </Section>
        <ToBook />
        <Loaded query={sessions} lines={4}>
          {(all) => {
            const { ahead, begun, unwritten } = sorted(all, now);
            return (
              <>
                {begun.length > 0 ? (
                  <Section title={t.record}>
                    <ul className="space-y-3">{begun.map(card)}</ul>
                  </Section>
                ) : null}
                {unwritten.length > 0 ? (
                  <Section title={t.reports}>
                    <ul className="space-y-3">{unwritten.map(card)}</ul>
                  </Section>
                ) : null}
                <Section title={t.ahead}>
                  {ahead.length === 0 ? (
                    <Empty icon="calendar" title={t.noneAhead} />
                  ) : (
                    <ul className="space-y-3">{ahead.map(card)}</ul>
                  )}
                </Section>
              </>
            );
          }}
        </Loaded>
      </div>
      <Suspense>{opened ? <Over {...opened} onClose={close} /> : null}</Suspense>
    </Page>
  );
}

/** Reports that only this device has. */
function Unsent({ person }: { person: string }) {
  const t = useTexts(words);
  const drafts = useDrafts(person);
  if (drafts.length === 0) return null;
  return (
    <Notice kind="warning" title={t.unsent}>
      <p>{t.unsentWhy}</p>
      <ul>
        {drafts.map(({ session, number }) => (
          <li key={session}>
            <Link to="/reports/$id" params={{ id: session }} className="link inline-flex min-h-11 items-center">
              {number}
            </Link>
          </li>
        ))}
      </ul>
    </Notice>
  );
}

/** There may be no connection at the visit: what a report needs is fetched before. */
function useReportsAtHand(sessions: readonly ConsultationView[] | undefined) {
  const client = useQueryClient();
  useEffect(() => {
    void import('@/pages/report/report').catch(() => undefined);
    for (const { id, case_id } of sessions ?? []) {
      client.query(oneSession(id)).catch(() => undefined);
      client.query(report(id)).catch(() => undefined);
      client.query(oneCase(case_id)).catch(() => undefined);
    }
  }, [client, sessions]);
}

/** What is ahead, what has begun and is not recorded, and what was held and not reported. */
function sorted(sessions: readonly ConsultationView[], now: Date) {
  const booked = sessions.filter(({ state }) => state === 'booked');
  return {
    ahead: booked.filter(({ ends_at }) => new Date(ends_at) > now),
    begun: booked.filter(({ ends_at }) => new Date(ends_at) <= now),
    unwritten: sessions.filter(({ state, report }) => state === 'held' && (report === 'none' || report === 'draft')),
  };
}

const NEAR_MS = 24 * 3_600_000;

/** What one may write about in the next hours. */
function nearby(sessions: readonly ConsultationView[], now = Date.now()) {
  const { begun, unwritten, ahead } = sorted(sessions, new Date(now));
  return [...begun, ...unwritten, ...ahead.filter(({ starts_at }) => Date.parse(starts_at) - now < NEAR_MS)];
}

function Over({ session, dialog, onClose }: { session: ConsultationView; dialog: Opened; onClose: () => void }) {
  const { data } = useQuery(oneCase(session.case_id));
  return data ? <Dialogs opened={dialog} seen={data} onClose={onClose} /> : null;
}

interface AppointmentProps {
  session: ConsultationView;
  onOpen: (opened: Opened) => void;
}

function Appointment({ session, onOpen }: AppointmentProps) {
  const t = useTexts(words);
  const names = useWords();
  const nth = useTexts(sessionWords).nth;
  const dates = useDates();
  const { contact } = session;
  const place = session.place ?? (session.mode === 'visit' ? session.address : undefined);
  return (
    <article
      id={cardOf(session)}
      tabIndex={-1}
      className="space-y-2 rounded-8 border border-line-strong p-4 text-dns-16N-130"
    >
      <p className="text-std-18B-160">{dates.span(session.starts_at, session.ends_at)}</p>
      <p className="flex flex-wrap items-center gap-2">
        <Chip tone="blue">{names.mode[session.mode]}</Chip>
        {session.session ? nth(session.session) : ''} {names.stage[session.stage]}
      </p>
      <p>
        <Link to="/cases/$id" params={{ id: session.case_id }} className="link text-dns-17B-130">
          {session.enterprise_name ?? session.case_number}
        </Link>
        <span className="block text-ink-soft">
          {[contact?.department, contact?.name].filter((part) => part).join(' ')}
        </span>
      </p>
      {session.note ? <p className="whitespace-pre-wrap">{session.note}</p> : null}
      <p className="flex flex-wrap items-center gap-x-5 gap-y-1">
        {contact?.phone ? <PhoneLink number={contact.phone} /> : null}
        {place ? (
          <a className="link inline-flex items-center gap-1" href={mapOf(place)} target="_blank" rel="noreferrer">
            <Icon name="map" className="size-4" />
            {t.map}: {place}
          </a>
        ) : null}
        {session.meeting_url && session.state === 'booked' ? <LinkOut url={session.meeting_url} /> : null}
      </p>
      <Visit session={session} />
      {session.state === 'held' ? (
        <ReportLink session={session} />
      ) : (
        <SessionActions session={session} onOpen={onOpen} />
      )}
    </article>
  );
}

function LinkOut({ url }: { url: string }) {
  const t = useTexts(sessionWords);
  return (
    <a className="link inline-flex items-center gap-1" href={url} target="_blank" rel="noreferrer noopener">
      <Icon name="video" className="size-4" />
      {t.join}
    </a>
  );
}
