import type { CaseView, ConsultationView } from '@/api/schema';
import { stepsNow, type SessionStep } from '@/data/steps';
import { useTaps, visitTimes } from '@/data/taps';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { useNow } from '@/text/now';
import { texts, useTexts } from '@/text/preferences';
import { useWords, type ReportState } from '@/text/words';
import { Button, LinkButton } from '@/ui/button';
import { Chip, type Tone } from '@/ui/chip';
import { Icon } from '@/ui/icon';
import { Section } from '@/ui/page';
import { Loaded } from '@/ui/states';
import type { Opened } from './dialogs/dialogs';
import { mapOf } from './people';
import { caseWords } from './text';
import { isToldOf, LOOKED_FOR, whyNotWords } from './why-not';

export const sessionWords = texts(
  {
    nth: (n: number) => `第${n}回`,
    free: '空き',
    freeWhy: 'まだ予約されていません',
    notUsed: '使いませんでした',
    book: '日程を予約',
    week: '週の予定表から選ぶ',
    reschedule: '日程を変更',
    cancel: '取消',
    hold: '実施を記録',
    noShow: '当日不在を記録',
    void: '無効にする',
    write: '報告書を書く',
    continue: '報告書の続きを書く',
    review: '報告書を確認して承認',
    read: '報告書を読む',
    join: '会議に参加',
    begun: '開始時刻を過ぎています。実施の結果を記録してください。',
    late: '事後入力',
    attendees: '参加者',
    deskAttended: '窓口も同席',
    unused: '回数に数えない予約',
    by: (who: string) => `${who}の都合`,
    arrived: (at: string) => `到着 ${at}`,
    left: (at: string) => `退出 ${at}`,
    notNow: 'できない操作',
  },
  {
    nth: (n: number) => `Session ${n}`,
    free: 'Free',
    freeWhy: 'Not booked yet',
    notUsed: 'Not used',
    book: 'Book',
    week: 'Choose in the week',
    reschedule: 'Move',
    cancel: 'Cancel',
    hold: 'Record as held',
    noShow: 'Record a no-show',
    void: 'Void',
    write: 'Write the report',
    continue: 'Go on with the report',
    review: 'Review the report',
    read: 'Read the report',
    join: 'Join the meeting',
    begun: 'It has begun: record how it went.',
    late: 'Entered late',
    attendees: 'Attendees',
    deskAttended: 'The desk attended',
    unused: 'Bookings that do not count',
    by: (who: string) => `because of ${who}`,
    arrived: (at: string) => `Arrived ${at}`,
    left: (at: string) => `Left ${at}`,
    notNow: 'Not possible now',
  },
);

export const stepNames = texts<Record<SessionStep, string>>(
  {
    reschedule: '日程を変更',
    cancel: '取消',
    check_in: '到着',
    check_out: '退出',
    hold: '実施を記録',
    no_show: '当日不在を記録',
    void: '無効にする',
    write_report: '報告書を書く',
    submit_report: '報告書を提出',
    return_report: '報告書を差し戻す',
    approve_report: '報告書を承認',
  },
  {
    reschedule: 'Move',
    cancel: 'Cancel',
    check_in: 'Arrive',
    check_out: 'Leave',
    hold: 'Record as held',
    no_show: 'Record a no-show',
    void: 'Void',
    write_report: 'Write the report',
    submit_report: 'Hand in the report',
    return_report: 'Send the report back',
    approve_report: 'Approve the report',
  },
);

interface SessionsProps {
  seen: CaseView;
  query: { data: { items: ConsultationView[] } | undefined; error: unknown; refetch: () => unknown };
  onOpen: (opened: Opened) => void;
}

/** The N free sessions as N places that one sees. */
export function Sessions({ seen, query, onOpen }: SessionsProps) {
  const t = useTexts(caseWords);
  const { limit, used } = seen.consultations;
  return (
    <Section title={t.sessions} beside={<span className="text-dns-16N-130 text-ink-soft">{t.left(used, limit)}</span>}>
      <Loaded query={query} lines={3}>
        {({ items }) => (
          <>
            <ol className="grid gap-3 md:grid-cols-3">
              {Array.from({ length: limit }, (_, index) => {
                const place = index + 1;
                const session = items.find((item) => item.session === place);
                return (
                  <li key={place} className="flex min-w-0">
                    {session ? (
                      <Session place={place} session={session} onOpen={onOpen} />
                    ) : (
                      <Free
                        place={place}
                        caseId={seen.id}
                        isOver={seen.status === 'closed'}
                        canBook={place === used + 1 && seen.allowed_moves.includes('book')}
                        onOpen={onOpen}
                      />
                    )}
                  </li>
                );
              })}
            </ol>
            <Unused items={items.filter(({ session }) => session === null || session === undefined)} />
          </>
        )}
      </Loaded>
    </Section>
  );
}

interface FreeProps {
  place: number;
  caseId: string;
  /** The case is closed. */
  isOver: boolean;
  canBook: boolean;
  onOpen: (opened: Opened) => void;
}

function Free({ place, caseId, isOver, canBook, onOpen }: FreeProps) {
  const t = useTexts(sessionWords);
  return (
    <div className="flex flex-1 flex-col md:min-h-32 rounded-8 border border-dashed border-line-strong p-3">
      <p className="text-dns-16B-130">{t.nth(place)}</p>
      <p className="text-dns-16N-130 text-ink-soft">{isOver ? t.notUsed : `${t.free}(${t.freeWhy})`}</p>
      {canBook ? (
        <p className="mt-auto flex flex-wrap gap-2 pt-3">
          <Button size="sm" onClick={() => onOpen({ dialog: 'book' })}>
            {t.book}
          </Button>
          <LinkButton size="sm" look="text" to="/schedule" search={{ case_id: caseId }}>
            {t.week}
          </LinkButton>
        </p>
      ) : null}
    </div>
  );
}

const TONES: Record<ConsultationView['state'], Tone> = {
  booked: 'blue',
  held: 'green',
  no_show: 'orange',
  cancelled: 'gray',
  voided: 'gray',
};

interface SessionProps {
  place: number;
  session: ConsultationView;
  onOpen: (opened: Opened) => void;
}

function Session({ place, session, onOpen }: SessionProps) {
  const t = useTexts(sessionWords);
  const words = useWords();
  const dates = useDates();
  const begun = new Date(session.starts_at) <= useNow();
  const { state, mode } = session;
  return (
    <div
      className={`flex min-w-0 flex-1 flex-col gap-1.5 rounded-8 border p-3 text-dns-16N-130 ${state === 'booked' ? 'border-blue-900' : 'border-line-strong bg-ground'}`}
    >
      <p className="flex flex-wrap items-center gap-2">
        <span className="text-dns-16B-130">{t.nth(place)}</span>
        <Chip tone={TONES[state]}>{words.session[state]}</Chip>
        <span className="text-dns-14N-130 text-ink-soft">{words.stage[session.stage]}</span>
      </p>
      <p className="text-dns-16B-130">
        {dates.span(session.started_at ?? session.starts_at, session.ended_at ?? session.ends_at)}
      </p>
      <p className="flex flex-wrap items-center gap-x-2">
        <span>{words.mode[mode]}</span>
        <span>{session.managers.map(({ name }) => name).join('、')}</span>
      </p>
      <Where session={session} />
      <VisitTimes session={session} />
      {session.note ? <p className="text-dns-14N-130 whitespace-pre-wrap">{session.note}</p> : null}
      {session.attendees ? (
        <p className="text-dns-14N-130 text-ink-soft">
          {t.attendees}: {session.attendees.join('、')}
          {session.desk_attended ? `(${t.deskAttended})` : ''}
        </p>
      ) : null}
      {state === 'no_show' && session.no_show_by ? (
        <p className="text-dns-14N-130">{t.by(words.noShow[session.no_show_by])}</p>
      ) : null}
      {session.late_reason ? (
        <p className="text-dns-14N-130 text-ink-soft">
          {t.late}: {session.late_reason}
        </p>
      ) : null}
      {state === 'booked' && begun ? <p className="text-dns-14B-130 text-error-2">{t.begun}</p> : null}
      <SessionActions session={session} onOpen={onOpen} />
    </div>
  );
}

function Where({ session }: { session: ConsultationView }) {
  const t = useTexts(sessionWords);
  const names = useTexts(caseWords);
  if (session.mode === 'visit' && session.place) {
    return (
      <p>
        {session.place}{' '}
        <a className="link whitespace-nowrap" href={mapOf(session.place)} target="_blank" rel="noreferrer">
          {names.map}
        </a>
      </p>
    );
  }
  if (session.state === 'booked' && session.meeting_url) {
    return (
      <p>
        <a
          className="link inline-flex items-center gap-1"
          href={session.meeting_url}
          target="_blank"
          rel="noreferrer noopener"
        >
          <Icon name="video" className="size-4" />
          {t.join}
        </a>
      </p>
    );
  }
  return null;
}

interface ActionsProps {
  session: ConsultationView;
  onOpen: (opened: Opened) => void;
}

export function SessionActions({ session, onOpen }: ActionsProps) {
  const t = useTexts(sessionWords);
  const { can } = stepsNow(session, useNow());
  const button = (dialog: 'reschedule' | 'cancel' | 'hold' | 'no_show' | 'void', text: string, solid = false) => (
    <Button key={dialog} size="sm" look={solid ? 'solid' : 'outline'} onClick={() => onOpen({ dialog, session })}>
      {text}
    </Button>
  );
  const actions = [
    ...(can('reschedule') ? [button('reschedule', t.reschedule)] : []),
    ...(can('cancel') ? [button('cancel', t.cancel)] : []),
    ...(can('hold') ? [button('hold', t.hold, true)] : []),
    ...(can('no_show') ? [button('no_show', t.noShow)] : []),
    ...(session.state === 'held' ? [<ReportLink key="report" session={session} />] : []),
    ...(can('void') ? [button('void', t.void)] : []),
  ];
  return (
    <>
      {actions.length > 0 ? <p className="mt-auto flex flex-wrap gap-2 pt-2">{actions}</p> : null}
      <NotNow session={session} />
    </>
  );
}

/** The steps that one may look for, and why they are not there. */
function NotNow({ session }: { session: ConsultationView }) {
  const t = useTexts(sessionWords);
  const names = useTexts(stepNames);
  const reasons = useTexts(whyNotWords).step;
  const { whyNot } = stepsNow(session, useNow());
  const missing = LOOKED_FOR.flatMap((step) => {
    const reason = whyNot(step);
    return reason && isToldOf(step, reason) ? [[step, reason] as const] : [];
  });
  if (missing.length === 0) return null;
  return (
    <details className="text-dns-14N-130">
      <summary className="min-h-8 py-1.5 text-ink-soft hover:underline">{t.notNow}</summary>
      <dl className="space-y-1 pb-1">
        {missing.map(([step, reason]) => (
          <div key={step}>
            <dt className="font-bold">{names[step]}</dt>
            <dd>{reasons[reason]}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** When somebody was there, as tapped at the visit. */
export function VisitTimes({ session }: { session: ConsultationView }) {
  const t = useTexts(sessionWords);
  const dates = useDates();
  const { in: arrived, out: left } = visitTimes(session, useTaps(useMe().id));
  if (!arrived && !left) return null;
  return (
    <p className="flex flex-wrap items-center gap-x-3 text-dns-14N-130">
      <Icon name="clock" className="size-4" />
      {arrived ? <span>{t.arrived(dates.time(arrived))}</span> : null}
      {left ? <span>{t.left(dates.time(left))}</span> : null}
    </p>
  );
}

/** Where the report stands, and the way to it. */
export function ReportLink({ session }: { session: ConsultationView }) {
  const t = useTexts(sessionWords);
  const words = useWords();
  const { permissions, role } = useMe();
  const state = session.report as ReportState;
  const reviews = state === 'submitted' && permissions.includes('review_reports');
  const writes = (state === 'none' || state === 'draft') && permissions.includes('write_reports');
  if (state === 'none' && !writes) return <span className="text-dns-14N-130 text-ink-soft">{words.report.none}</span>;
  return (
    <span className="flex flex-wrap items-center gap-2">
      <Chip tone={state === 'approved' ? 'green' : state === 'submitted' ? 'yellow' : 'gray'}>
        {words.report[state]}
      </Chip>
      <LinkButton
        to="/reports/$id"
        params={{ id: session.id }}
        size="sm"
        look={reviews || (writes && role === 'manager') ? 'solid' : 'outline'}
      >
        {reviews ? t.review : writes ? (state === 'draft' ? t.continue : t.write) : t.read}
      </LinkButton>
    </span>
  );
}

function Unused({ items }: { items: readonly ConsultationView[] }) {
  const t = useTexts(sessionWords);
  const words = useWords();
  const dates = useDates();
  if (items.length === 0) return null;
  return (
    <details className="mt-3 text-dns-14N-130">
      <summary className="min-h-8 text-ink-soft hover:underline">
        {t.unused}({items.length})
      </summary>
      <ul className="space-y-1 pt-1">
        {items.map((item) => (
          <li key={item.id} className="flex flex-wrap items-baseline gap-x-3">
            <Chip>{words.session[item.state]}</Chip>
            <span>{dates.span(item.starts_at, item.ends_at)}</span>
            <span>{item.managers.map(({ name }) => name).join('、')}</span>
            {item.no_show_by ? <span>{t.by(words.noShow[item.no_show_by])}</span> : null}
            <span className="text-ink-soft">{item.void_reason ?? item.reason}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
