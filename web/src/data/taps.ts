/**
 * When a manager arrived at a visit and left it, as tapped on this device. A tap counts from the moment it was made: it
 * is kept here until the server has it, over a lost connection and a closed browser.
 */
import { useSyncExternalStore } from 'react';
import type { ConsultationView } from '@/api/schema';
import { TAPS } from './unsent';

export type Side = 'in' | 'out';

export interface Tap {
  person: string;
  session: string;
  /** The case's number, for lists. */
  number: string;
  side: Side;
  at: string;
  /** Whether it corrects a time that the server has. */
  replace: boolean;
  /** The Idempotency-Key: the same for every attempt. */
  key: string;
  /** The server refused it, with these words; a person has to look. */
  refused?: string;
  /** The server could not take it: how often, and when it is sent again by itself. */
  again?: { tries: number; at: string };
}

const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 5 * 60_000;

/** A tap that the server could not take now: sent again later and later, and never before the server wants it. */
export function postponed(tap: Tap, retryAfterMs: number, now = Date.now(), random = Math.random()): Tap {
  const tries = (tap.again?.tries ?? 0) + 1;
  // Many phones that the same fault hit do not come back at the same moment.
  const wait = Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS) * (1 + random / 4);
  return { ...tap, again: { tries, at: new Date(now + Math.max(wait, retryAfterMs)).toISOString() } };
}

/** A postponed tap that somebody does not want to wait for. */
export function atOnce(tap: Tap): Tap {
  return { ...tap, again: { tries: tap.again?.tries ?? 0, at: new Date().toISOString() } };
}

/** What is to be sent now, or in how many milliseconds something is; nothing where nothing waits. One arrives before one leaves. */
export function nextTap(taps: readonly Tap[], now = Date.now()): { tap: Tap } | { wait: number } | undefined {
  const waiting = taps.filter(
    ({ refused, session }, index) =>
      refused === undefined &&
      !taps.slice(0, index).some((before) => before.session === session && before.refused === undefined),
  );
  const wait = (tap: Tap) => (tap.again ? Date.parse(tap.again.at) - now : 0);
  const tap = waiting.find((one) => wait(one) <= 0);
  if (tap) return { tap };
  return waiting.length > 0 ? { wait: Math.min(...waiting.map(wait)) } : undefined;
}

const listeners = new Set<() => void>();

function keyOf({ person, session, side }: Pick<Tap, 'person' | 'session' | 'side'>): string {
  return `${TAPS}${person}-${session}-${side}`;
}

function tell() {
  for (const listener of listeners) listener();
}

export function keepTap(tap: Tap): void {
  localStorage.setItem(keyOf(tap), JSON.stringify(tap));
  tell();
}

/** Forgets a tap, unless it was corrected while it was under way. */
export function dropTap(tap: Tap): void {
  const now = localStorage.getItem(keyOf(tap));
  if (now === null || (JSON.parse(now) as Tap).key !== tap.key) return;
  localStorage.removeItem(keyOf(tap));
  tell();
}

export function dropTaps(person: string): void {
  tapsOf(person).forEach(dropTap);
}

/** All taps of a person on this device, in the order in which they were made: one arrives before one leaves. */
export function tapsOf(person: string): Tap[] {
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(TAPS + person))
    .map((key) => JSON.parse(localStorage.getItem(key) ?? '') as Tap)
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

export function subscribeTaps(listener: () => void) {
  listeners.add(listener);
  // Another tab of the same person.
  addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    removeEventListener('storage', listener);
  };
}

let known: { text: string; taps: Tap[] } = { text: '[]', taps: [] };

export function useTaps(person: string): readonly Tap[] {
  return useSyncExternalStore(subscribeTaps, () => {
    const taps = tapsOf(person);
    const text = JSON.stringify(taps);
    // The same list while its taps are the same.
    if (text !== known.text) known = { text, taps };
    return known.taps;
  });
}

/** When somebody arrived and left: what this device knows better counts more than what the server has. */
export function visitTimes(
  { id, checked_in_at, checked_out_at }: Pick<ConsultationView, 'id' | 'checked_in_at' | 'checked_out_at'>,
  taps: readonly Tap[],
): Record<Side, string | undefined> {
  const tapped = (side: Side) =>
    taps.find((tap) => tap.session === id && tap.side === side && tap.refused === undefined)?.at;
  return { in: tapped('in') ?? checked_in_at ?? undefined, out: tapped('out') ?? checked_out_at ?? undefined };
}
