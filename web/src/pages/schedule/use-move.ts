/** Moving a session over the grid, with the pointer or with the arrow keys, until it is confirmed or given up. */
import { useEffect, useEffectEvent, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import type { ConsultationView } from '@/api/schema';
import { dayBeside, minutesOfTime, movedTo, snapped, STEP, type Minutes, type Span } from '@/data/week';
import { dateOf, mondayOf, timeOf } from '@/text/dates';
import { HOUR_PX } from './shape';

export interface Move {
  session: ConsultationView;
  to: Span;
  by: 'keys' | 'pointer';
}

interface Grid {
  monday: string;
  shown: readonly string[];
  hours: Minutes;
  onGo: (date: string) => void;
  onConfirm: (session: ConsultationView, to: Span) => void;
  onGiveUp: (session: ConsultationView) => void;
}

/** The pointer has to be moved so far before it moves a session: less is a click. */
const THRESHOLD_PX = 5;

interface Grip {
  session: ConsultationView;
  x: number;
  y: number;
  /** From the beginning of the session to where it was taken. */
  offset: number;
}

export function useMove({ monday, shown, hours, onGo, onConfirm, onGiveUp }: Grid) {
  const [move, setMove] = useState<Move>();
  const grip = useRef<Grip>(undefined);
  const dragged = useRef(false);

  const giveUp = () => {
    grip.current = undefined;
    if (!move) return;
    setMove(undefined);
    if (mondayOf(dateOf(move.session.starts_at)) !== monday) onGo(dateOf(move.session.starts_at));
    onGiveUp(move.session);
  };
  const confirm = () => {
    if (!move) return;
    if (Date.parse(move.to.starts_at) === Date.parse(move.session.starts_at)) giveUp();
    else {
      setMove(undefined);
      onConfirm(move.session, move.to);
    }
  };

  const onEscape = useEffectEvent((event: globalThis.KeyboardEvent) => {
    if (event.key === 'Escape' && move?.by === 'pointer' && grip.current) giveUp();
  });
  useEffect(() => {
    document.addEventListener('keydown', onEscape);
    return () => document.removeEventListener('keydown', onEscape);
  }, []);

  return {
    move,
    /** With the keys: it starts where it is. */
    start: (session: ConsultationView) => setMove({ session, to: session, by: 'keys' }),
    onKeyDown: (event: KeyboardEvent) => {
      if (!move) return;
      const { key, shiftKey } = event;
      if (key === 'Escape') giveUp();
      else if (key === 'Enter' || key === ' ') confirm();
      else {
        const to = steered(move.to, key, shiftKey ? 60 : STEP, shown);
        if (!to) return;
        setMove({ ...move, to });
        const date = dateOf(to.starts_at);
        if (mondayOf(date) !== monday) onGo(date);
      }
      event.preventDefault();
    },
    /** What a block hands on, so that it can be dragged. A finger scrolls, unless it holds the handle. */
    pointer: (session: ConsultationView) => ({
      onPointerDown: (event: PointerEvent<HTMLElement>) => {
        const held = event.target instanceof Element && event.target.closest('[data-handle]') !== null;
        if (event.button !== 0 || (event.pointerType === 'touch' && !held)) return;
        const offset = event.clientY - event.currentTarget.getBoundingClientRect().top;
        grip.current = { session, x: event.clientX, y: event.clientY, offset };
        dragged.current = false;
      },
      onPointerMove: (event: PointerEvent<HTMLElement>) => {
        const held = grip.current;
        if (held?.session.id !== session.id) return;
        if (!dragged.current) {
          if (Math.hypot(event.clientX - held.x, event.clientY - held.y) < THRESHOLD_PX) return;
          dragged.current = true;
          event.currentTarget.setPointerCapture(event.pointerId);
        }
        const to = pointedAt(event, held, hours);
        if (to) setMove({ session, to, by: 'pointer' });
      },
      onPointerUp: () => {
        if (grip.current && dragged.current) confirm();
        grip.current = undefined;
        // After the click that follows, where one follows.
        setTimeout(() => (dragged.current = false));
      },
      onPointerCancel: () => {
        if (grip.current && dragged.current) giveUp();
        grip.current = undefined;
      },
      // The link of the block is not followed by letting go.
      onClickCapture: (event: { preventDefault: () => void; stopPropagation: () => void }) => {
        if (!dragged.current) return;
        event.preventDefault();
        event.stopPropagation();
      },
      onDragStart: (event: { preventDefault: () => void }) => event.preventDefault(),
    }),
  };
}

/** Where a key moves it; nothing where the key means nothing. */
function steered(to: Span, key: string, minutes: number, shown: readonly string[]): Span | undefined {
  const date = dateOf(to.starts_at);
  const at = minutesOfTime(timeOf(to.starts_at));
  switch (key) {
    case 'ArrowUp':
      return movedTo(to, date, at - minutes);
    case 'ArrowDown':
      return movedTo(to, date, at + minutes);
    case 'ArrowLeft':
      return movedTo(to, dayBeside(date, -1, shown), at);
    case 'ArrowRight':
      return movedTo(to, dayBeside(date, 1, shown), at);
    default:
      return undefined;
  }
}

/** Where the pointer is: the day below it, and the time of its height. */
function pointedAt(event: PointerEvent<HTMLElement>, { session, offset }: Grip, [first]: Minutes): Span | undefined {
  const columns = event.currentTarget.closest('[data-grid]')?.querySelectorAll<HTMLElement>('[data-day]') ?? [];
  for (const column of columns) {
    const { left, right, top } = column.getBoundingClientRect();
    const date = column.dataset['day'];
    if (!date || event.clientX < left || event.clientX >= right) continue;
    const minutes = first + ((event.clientY - offset - top) / HOUR_PX) * 60;
    return movedTo(session, date, snapped(minutes));
  }
  return undefined;
}
