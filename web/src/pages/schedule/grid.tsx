import { Link } from '@tanstack/react-router';
import { useEffect, useId, useRef, useState } from 'react';
import type { ConsultationView, DayView } from '@/api/schema';
import { closedParts, hoursOf, partOfDay, sideBySide, type Minutes, type Placed, type Span } from '@/data/week';
import { dateOf, useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { Icon } from '@/ui/icon';
import { DayHeading } from './agenda';
import { useConflicts, useConflictText } from './conflicts';
import { useEntry } from './entry';
import type { Chosen, Week } from './schedule';
import { columns, heightOf, LEAST_MINUTES, LEAST_PX, rows } from './shape';
import { scheduleWords } from './text';
import { useMove, type Move } from './use-move';

interface GridProps {
  week: Week;
  /** The session whose handle takes the focus: it was moved, or not. */
  returning: string | undefined;
  onGo: (date: string) => void;
  onChoose: (chosen: Chosen) => void;
  onReturn: (session: string) => void;
}

/** Days side by side, hours below each other, and sessions that can be moved. */
export function Grid({ week, returning, onGo, onChoose, onReturn }: GridProps) {
  const t = useTexts(scheduleWords);
  const help = useId();
  const [said, setSaid] = useState('');
  const spans: Span[] = [...week.sessions, ...week.starts];
  const hours = hoursOf(week.days, week.shown, spans);
  const moving = useMove({
    monday: week.monday,
    shown: week.shown,
    hours,
    onGo,
    onConfirm: (session, to) => onChoose({ session, to }),
    onGiveUp: (session) => {
      onReturn(session.id);
      setSaid(t.gaveUp);
    },
  });
  const { move } = moving;
  const day = (date: string) => (
    <Day
      key={date}
      date={date}
      day={week.days.find((one) => one.date === date)}
      week={week}
      hours={hours}
      moving={moving}
      help={help}
      returning={returning}
      onChoose={onChoose}
      onSay={setSaid}
    />
  );
  return (
    <>
      <p id={help} className="mb-2 text-dns-14N-130 text-ink-soft">
        {move?.by === 'keys' ? t.howTo : t.dragHint}
      </p>
      <p role="status" className="sr-only">
        {said}
      </p>
      <ol
        data-grid
        className={`grid grid-rows-[auto_auto] gap-x-1 ${move ? 'select-none' : ''}`}
        style={{ gridTemplateColumns: `3rem repeat(${week.shown.length}, minmax(0, 1fr))` }}
      >
        <Axis hours={hours} />
        {week.shown.map(day)}
      </ol>
    </>
  );
}

function Axis({ hours: [first, last] }: { hours: Minutes }) {
  const count = (last - first) / 60;
  return (
    <li aria-hidden className="row-span-2 grid grid-rows-subgrid text-dns-14N-120 text-ink-soft">
      <span />
      <div className="relative" style={{ height: heightOf([first, last]) }}>
        {Array.from({ length: count }, (_, hour) => (
          <span
            key={hour}
            className="absolute right-2 -translate-y-1/2 tabular-nums first:translate-y-0"
            style={{ top: heightOf([first, first + hour * 60]) }}
          >
            {first / 60 + hour}:00
          </span>
        ))}
      </div>
    </li>
  );
}

interface DayProps {
  date: string;
  day: DayView | undefined;
  week: Week;
  hours: Minutes;
  moving: ReturnType<typeof useMove>;
  help: string;
  returning: string | undefined;
  onChoose: (chosen: Chosen) => void;
  onSay: (text: string) => void;
}

function Day({ date, day, week, hours, moving, help, returning, onChoose, onSay }: DayProps) {
  const t = useTexts(scheduleWords);
  const { move } = moving;
  const inDay = <T extends Span>(items: readonly T[]) => items.filter((item) => partOfDay(item, date));
  const placed = sideBySide(inDay(week.sessions), LEAST_MINUTES);
  return (
    <li className="row-span-2 grid min-w-0 grid-rows-subgrid">
      <DayHeading date={date} closed={day && !day.open ? (day.reason ?? t.closed) : undefined} />
      <div data-day={date} className="relative border-x border-line bg-white" style={{ height: heightOf(hours) }}>
        <Ground day={day} hours={hours} />
        {inDay(week.free).map((span) => (
          <Area key={span.starts_at} span={span} date={date} hours={hours} look="free" text={t.free} />
        ))}
        {inDay(week.held).map((span) => (
          <Area key={span.starts_at} span={span} date={date} hours={hours} look="held" text={t.held} />
        ))}
        {inDay(week.absences).map((absence) => (
          <Area key={absence.id} span={absence} date={date} hours={hours} look="absent" text={t.absent} />
        ))}
        {/* Free times stand beside the sessions, not over them. */}
        <ul className={`absolute inset-y-0 left-0 ${week.starts.length > 0 ? 'right-17' : 'right-0'}`}>
          {placed.map((one) => (
            <Block
              key={one.item.id}
              placed={one}
              part={partOfDay(one.item, date) ?? hours}
              week={week}
              hours={hours}
              moving={moving}
              help={help}
              returns={returning === one.item.id}
            />
          ))}
        </ul>
        <ul>
          {week.starts
            .filter(({ starts_at }) => dateOf(starts_at) === date)
            .map(({ starts_at, is_held }) => (
              <Start key={starts_at} start={starts_at} isHeld={is_held} date={date} hours={hours} onChoose={onChoose} />
            ))}
        </ul>
        {move && dateOf(move.to.starts_at) === date ? (
          <Ghost move={move} date={date} hours={hours} week={week} moving={moving} help={help} onSay={onSay} />
        ) : null}
      </div>
    </li>
  );
}

/** The lines of the hours, and what is closed. */
function Ground({ day, hours }: { day: DayView | undefined; hours: Minutes }) {
  const [first, last] = hours;
  return (
    <div aria-hidden>
      {day
        ? closedParts(day, hours).map((part) => (
            <div key={part[0]} className="closed-hours absolute inset-x-0" style={rows(part, hours)} />
          ))
        : null}
      {Array.from({ length: (last - first) / 60 }, (_, hour) => (
        <div
          key={hour}
          className="absolute inset-x-0 border-t border-line"
          style={{ top: heightOf([first, first + hour * 60]) }}
        />
      ))}
    </div>
  );
}

const AREAS = {
  free: 'border-l-4 border-green-700 bg-green-50/80 text-green-1000',
  held: 'border border-l-4 border-dashed border-yellow-1000 bg-yellow-50/90 text-yellow-1200',
  absent: 'absence border-l-4 border-solid-gray-700 text-ink',
};

interface AreaProps {
  span: Span;
  date: string;
  hours: Minutes;
  look: keyof typeof AREAS;
  text: string;
}

/** A time that has a meaning of its own behind the sessions. */
function Area({ span, date, hours, look, text }: AreaProps) {
  const dates = useDates();
  const part = partOfDay(span, date);
  if (!part) return null;
  const shown: Minutes = [Math.max(part[0], hours[0]), Math.min(part[1], hours[1])];
  if (shown[0] >= shown[1]) return null;
  return (
    <p
      className={`absolute inset-x-0 overflow-hidden px-1 text-right text-dns-14N-120 ${AREAS[look]}`}
      style={rows(shown, hours)}
    >
      {text}
      <span className="sr-only"> {dates.span(span.starts_at, span.ends_at)}</span>
    </p>
  );
}

interface StartProps {
  start: string;
  /** It was offered to an enterprise that has not answered yet. */
  isHeld: boolean;
  date: string;
  hours: Minutes;
  onChoose: (chosen: Chosen) => void;
}

/** A time at which the case one comes from could be seen. */
function Start({ start, isHeld, date, hours, onChoose }: StartProps) {
  const t = useTexts(scheduleWords);
  const dates = useDates();
  const part = partOfDay({ starts_at: start, ends_at: `${date}T24:00:00+09:00` }, date);
  if (!part) return null;
  const { top, height } = rows([part[0], part[0] + 30], hours);
  return (
    <li className="absolute right-1 w-15" style={{ top: top + 2, height: height - 4 }}>
      <button
        type="button"
        aria-label={t.book(dates.dayTime(start)) + (isHeld ? ` (${t.held})` : '')}
        className={`focus-inside h-full w-full rounded-4 border bg-white text-dns-14N-120 tabular-nums hover:bg-green-100 hover:underline ${isHeld ? 'border-dashed border-yellow-1000 text-yellow-1200' : 'border-green-700 text-green-1000'}`}
        onClick={() => onChoose({ start })}
      >
        {dates.time(start)}
      </button>
    </li>
  );
}

interface BlockProps {
  placed: Placed<ConsultationView>;
  part: Minutes;
  week: Week;
  hours: Minutes;
  moving: ReturnType<typeof useMove>;
  help: string;
  /** The focus comes back here after a move. */
  returns: boolean;
}

const STATES: Record<ConsultationView['state'], string> = {
  booked: 'border-blue-900 bg-blue-50',
  held: 'border-green-800 bg-green-50',
  no_show: 'border-orange-800 bg-orange-50',
  cancelled: 'border-line bg-ground',
  voided: 'border-line bg-ground',
};

function Block({ placed, part, week, hours, moving, help, returns }: BlockProps) {
  const t = useTexts(scheduleWords);
  const session = placed.item;
  const entry = useEntry(session, week.names);
  const handle = useRef<HTMLButtonElement>(null);
  const isMoving = moving.move?.session.id === session.id;
  useEffect(() => {
    if (returns) handle.current?.focus();
  }, [returns]);
  const { top, height } = rows(part, hours);
  const drawn = Math.max(height, LEAST_PX);
  return (
    <li
      {...(entry.movable ? moving.pointer(session) : {})}
      // What does not fit is seen in full while the pointer or the focus is on it.
      className={`absolute overflow-hidden rounded-6 border border-l-4 px-1.5 py-0.5 text-dns-14N-120 shadow-1 focus-within:z-10 focus-within:!h-auto hover:z-10 hover:!h-auto ${STATES[session.state]} ${entry.movable ? 'cursor-grab' : ''} ${isMoving ? 'border-dashed !bg-white' : ''}`}
      style={{ top, height: drawn, minHeight: drawn, ...columns(placed) }}
    >
      <Link
        to="/cases/$id"
        params={{ id: session.case_id }}
        draggable={false}
        aria-label={entry.text}
        className="focus-inside block rounded-4 text-blue-900 hover:underline"
      >
        <span className="block text-dns-14B-120 text-ink tabular-nums">
          {entry.time}
          {entry.unrecorded ? <span className="text-error-2"> {t.record}</span> : null}
          {entry.state ? ` ${entry.state}` : null}
        </span>
        <span className="block underline">{entry.who}</span>
        <span className="block text-ink">
          {entry.what}・{entry.managers}
        </span>
      </Link>
      {entry.movable ? (
        <button
          ref={handle}
          type="button"
          data-handle
          aria-label={t.moveWhat(entry.text)}
          aria-describedby={help}
          title={t.move}
          className="focus-inside absolute top-0 right-0 flex size-6 touch-none items-center justify-center rounded-4 bg-white/80 text-blue-900 hover:bg-blue-200"
          onClick={() => moving.start(session)}
        >
          <Icon name="move" className="size-4" />
        </button>
      ) : null}
    </li>
  );
}

interface GhostProps {
  move: Move;
  date: string;
  hours: Minutes;
  week: Week;
  moving: ReturnType<typeof useMove>;
  help: string;
  onSay: (text: string) => void;
}

/** Where the session would be, and what speaks against it. With the keys it has the focus, also over another week. */
function Ghost({ move, date, hours, week, moving, help, onSay }: GhostProps) {
  const t = useTexts(scheduleWords);
  const dates = useDates();
  const text = useConflictText();
  const entry = useEntry(move.session, week.names);
  const ghost = useRef<HTMLDivElement>(null);
  const { case_id, managers, stage } = move.session;
  const conflicts = useConflicts({ ...move.to, case_id, managers, stage, moved: move.session });
  const isHome = Date.parse(move.to.starts_at) === Date.parse(move.session.starts_at);
  const against = isHome ? '' : conflicts.map(text).join(' ');
  const spoken = `${dates.span(move.to.starts_at, move.to.ends_at)}。${against}`;
  useEffect(() => {
    if (move.by === 'keys') ghost.current?.focus();
  }, [move.by]);
  useEffect(() => onSay(spoken), [onSay, spoken]);
  const part = partOfDay(move.to, date) ?? hours;
  const { top, height } = rows(part, hours);
  return (
    // An application: only so do screen readers hand the arrow keys on.
    <div
      ref={ghost}
      role="application"
      tabIndex={move.by === 'keys' ? 0 : -1}
      aria-label={t.moving(entry.text)}
      aria-describedby={help}
      className={`absolute inset-x-0 z-20 rounded-6 border-2 border-dashed bg-white/95 px-1.5 py-0.5 text-dns-14N-120 shadow-3 ${against ? 'border-error-2' : 'border-blue-900'} ${move.by === 'pointer' ? 'pointer-events-none' : ''}`}
      style={{ top, minHeight: height }}
      onKeyDown={moving.onKeyDown}
    >
      <p className="text-dns-14B-120 tabular-nums">
        {dates.time(move.to.starts_at)}–{dates.time(move.to.ends_at)}
      </p>
      <p>{entry.who}</p>
      {against ? <p className="text-error-2">{against}</p> : null}
    </div>
  );
}
