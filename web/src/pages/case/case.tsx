import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useRef, useState } from 'react';
import { isProblemOf } from '@/api/problem';
import type { CaseView, ConsultationView, TimelineMail } from '@/api/schema';
import { caseSessions, oneCase } from '@/data/cases';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { shortDesk } from '@/text/format';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { DueText, FlagChip, StatusChip } from '@/ui/case-bits';
import { useFollow } from '@/ui/follow';
import { Icon } from '@/ui/icon';
import { Notice } from '@/ui/notice';
import { Page, Section } from '@/ui/page';
import { LoadedPage } from '@/ui/states';
import { Answers } from './answers';
import type { Opened } from './dialogs/dialogs';
import { Experts } from './experts';
import { CaseFiles } from './files';
import { Links } from './links';
import { Moves } from './moves';
import { News } from './news';
import { OfferedDates } from './offered-dates';
import { Inquiry, People } from './people';
import { Record, type RecordTab } from './record';
import { NEXT_ID, RECORD_ID, REPLY_ID } from './record-id';
import { CaseRecords, HoldMark } from './records';
import { Sessions } from './sessions';
import { caseWords } from './text';
import { Timeline } from './timeline';

const Dialogs = lazy(() => import('./dialogs/dialogs'));

/** Everything for the next step of one case. */
export function CasePage() {
  const { id } = useParams({ from: '/app/cases/$id' });
  const query = useQuery(oneCase(id));
  // What was read stays, and what is typed with it, also when the case goes to somebody else meanwhile.
  const isGone = isProblemOf(query.error, 'not-found');
  return (
    <LoadedPage query={query}>
      {(seen) => (
        <Case key={seen.id} seen={isGone ? { ...seen, allowed_moves: [], refused_moves: [] } : seen} isGone={isGone} />
      )}
    </LoadedPage>
  );
}

const TIMELINE_ID = 'timeline';

function Case({ seen, isGone }: { seen: CaseView; isGone: boolean }) {
  const t = useTexts(caseWords);
  const { do: step } = useSearch({ from: '/app/cases/$id' });
  const navigate = useNavigate({ from: '/cases/$id' });
  const [opened, setOpened] = useState<Opened | undefined>(() =>
    step && seen.allowed_moves.includes(step) ? { dialog: step } : undefined,
  );
  const sessions = useQuery(caseSessions(seen.id));
  const follow = useFollow(seen, sessions.data, opened);
  const close = () => {
    follow(NEXT_ID);
    setOpened(undefined);
    if (step) void navigate({ search: {}, replace: true });
  };
  const [tab, setTab] = useState<RecordTab>('call');
  const [answered, setAnswered] = useState<TimelineMail>();
  const answer = (mail: TimelineMail) => {
    setAnswered(mail);
    setTab('mail');
    // Once the form is there.
    requestAnimationFrame(() => document.getElementById(REPLY_ID)?.querySelector('select')?.focus());
  };
  // Whoever comes from the next step to write down a call goes back to what is next then.
  const isNextStep = useRef(false);
  const record = () => {
    isNextStep.current = true;
    setTab('call');
    // Once the form is there.
    requestAnimationFrame(() => document.getElementById(RECORD_ID)?.querySelector('textarea')?.focus());
  };
  const recorded = () => {
    if (isNextStep.current) document.getElementById(NEXT_ID)?.focus();
    isNextStep.current = false;
  };
  const items: readonly ConsultationView[] = sessions.data?.items ?? [];
  return (
    <Page title={seen.enterprise.name ?? t.anonymous} over={<Head seen={seen} />}>
      {seen.subject ? <p className="-mt-2 mb-3 text-std-18N-160">{seen.subject}</p> : null}
      <div role="status">
        {isGone ? (
          <div className="mb-4">
            <Notice kind="warning" title={t.hasGone}>
              <p>{t.hasGoneWhy}</p>
            </Notice>
          </div>
        ) : null}
      </div>
      <News id={seen.id} timelineId={TIMELINE_ID} />
      <HoldMark seen={seen} />
      <Warnings seen={seen} onOpen={setOpened} />
      <Moves seen={seen} sessions={items} onOpen={setOpened} onAccept={() => follow(NEXT_ID)} onRecord={record} />
      <div className="mt-5 grid gap-x-10 gap-y-7 wide:grid-cols-[minmax(0,1fr)_26rem]">
        <div className="min-w-0 space-y-7">
          <Sessions seen={seen} query={sessions} onOpen={setOpened} />
          <OfferedDates seen={seen} onOpen={setOpened} />
          <Answers seen={seen} />
          <div className="grid gap-x-8 gap-y-7 md:grid-cols-2">
            <Inquiry seen={seen} />
            <People seen={seen} />
          </div>
          <Experts seen={seen} onOpen={setOpened} />
          <CaseFiles seen={seen} />
          <Links seen={seen} />
        </div>
        <div className="min-w-0 space-y-7">
          <Section title={t.record}>
            <Record seen={seen} tab={tab} onTab={setTab} answered={answered} onRecorded={recorded} />
          </Section>
          <Section title={t.timeline}>
            <div id={TIMELINE_ID} tabIndex={-1} className="scroll-mt-32 outline-none">
              <Timeline seen={seen} onAnswer={answer} />
            </div>
          </Section>
        </div>
      </div>
      <Suspense>{opened ? <Dialogs opened={opened} seen={seen} onClose={close} /> : null}</Suspense>
    </Page>
  );
}

function Head({ seen }: { seen: CaseView }) {
  const t = useTexts(caseWords);
  const words = useWords();
  const dates = useDates();
  const { role } = useMe();
  return (
    <div className="mb-1 flex flex-wrap items-center gap-x-4 gap-y-1 text-dns-14N-130">
      <Link to="/cases" className="link inline-flex min-h-8 items-center">
        <Icon name="back" className="size-4" />
        {t.back}
      </Link>
      <span className="text-dns-16B-130">{seen.number}</span>
      <StatusChip status={seen.status} />
      {seen.outcome ? <span>{words.outcome[seen.outcome]}</span> : null}
      <span className="text-ink-soft">
        {t.received} {dates.dayTime(seen.received_at)}({words.channel[seen.channel]})
      </span>
      {seen.desk && role !== 'desk' ? (
        <span className="text-ink-soft">
          {t.desk} <strong className="text-ink">{shortDesk(seen.desk.name)}</strong>
        </span>
      ) : null}
      {seen.status === 'closed' ? null : (
        <span className="text-ink-soft">
          {t.waiting} <strong className="text-ink">{words.waiting[seen.waiting_on]}</strong>
          {seen.waiting_until ? ` (${t.until(dates.day(seen.waiting_until))})` : ''}
        </span>
      )}
      <div className="no-print order-last ml-auto flex items-center gap-x-4">
        <CaseRecords seen={seen} />
        <Link
          to="/cases/$id/print"
          params={{ id: seen.id }}
          className="link inline-flex min-h-8 items-center gap-1 whitespace-nowrap"
        >
          <Icon name="print" className="size-4" />
          {t.print}
        </Link>
      </div>
      {seen.due ? (
        <span className="inline-flex items-baseline gap-1.5">
          <span className="text-ink-soft">
            {t.due} {words.due[seen.due.kind]}
          </span>
          {dates.dayTime(seen.due.at)}
          <DueText due={seen.due} kind={false} />
        </span>
      ) : null}
    </div>
  );
}

/** What staff must notice before they do anything. */
function Warnings({ seen, onOpen }: { seen: CaseView; onOpen: (opened: Opened) => void }) {
  const t = useTexts(caseWords);
  if (seen.merged_into) {
    return (
      <div className="mb-4">
        <Notice kind="warning" title={t.merged}>
          <Link to="/cases/$id" params={{ id: seen.merged_into }} className="link">
            {t.toSurvivor}
          </Link>
        </Notice>
      </div>
    );
  }
  if (seen.flags.length === 0) return null;
  return (
    <ul className="mb-3 flex flex-wrap gap-2">
      {seen.flags.map((flag) => (
        <li key={flag}>
          <button
            type="button"
            className="min-h-9 rounded-4 hover:underline"
            onClick={() => onOpen({ dialog: 'flag', flag })}
          >
            <FlagChip flag={flag} />
          </button>
        </li>
      ))}
    </ul>
  );
}
