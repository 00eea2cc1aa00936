/**
 * Reports that are on this device and not, or not all, on the server. They outlive a lost connection, a closed browser and
 * a flat battery; each belongs to one person and one session.
 */
import { useSyncExternalStore } from 'react';
import type { ReportView, TeleworkStatus } from '@/api/schema';
import { mergeEdits } from '@/pages/case/merge-edits';
import { isProblemOf } from '@/api/problem';
import { DRAFTS } from './unsent';

export interface ReportValues {
  situation: string;
  advice: string;
  next_steps: string;
  enterprise_tasks: string;
  telework_status: TeleworkStatus | '';
}

export type Wanted = 'save' | 'submit';

export interface Draft {
  person: string;
  session: string;
  /** The case's number, for lists. */
  number: string;
  /** What the server had when it was typed, or when both were put together last. */
  base: { version: number; values: ReportValues };
  values: ReportValues;
  /** When something was typed last. */
  at: string;
  /** What is to become of it as soon as the server can be reached; nothing while one is still typing. */
  wanted?: Wanted | undefined;
  /** The server has these values, and only the submission is left. */
  isSaved: boolean;
  /** The Idempotency-Key of the submission: the same for every attempt with the same content. */
  key: string;
  /** What two people wrote differently: `base` has theirs, `values` has mine. */
  conflicts: (keyof ReportValues)[];
  /** The server refused it; the form says why when it is sent from there. */
  isRefused: boolean;
}

export function valuesOf(report: ReportView): ReportValues {
  return {
    situation: report.situation ?? '',
    advice: report.advice ?? '',
    next_steps: report.next_steps ?? '',
    enterprise_tasks: report.enterprise_tasks ?? '',
    telework_status: (report.telework_status ?? '') as TeleworkStatus | '',
  };
}

/** A draft after something was typed. What is typed belongs to another attempt, which one starts oneself. */
export function typed(
  before: Draft | undefined,
  origin: Pick<Draft, 'person' | 'session' | 'number'>,
  report: ReportView,
  part: Partial<ReportValues>,
  now = new Date(),
): Draft {
  const base = before?.base ?? { version: report.version, values: valuesOf(report) };
  return {
    ...origin,
    base,
    values: { ...(before?.values ?? base.values), ...part },
    at: now.toISOString(),
    isSaved: false,
    key: crypto.randomUUID(),
    conflicts: before?.conflicts ?? [],
    isRefused: false,
  };
}

/** What a person chose where two wrote differently. */
export function settled(draft: Draft, field: keyof ReportValues, value: string): Draft {
  return {
    ...draft,
    values: { ...draft.values, [field]: value },
    conflicts: draft.conflicts.filter((one) => one !== field),
    key: crypto.randomUUID(),
  };
}

/** The requests that a draft needs. */
export interface Server {
  read: (session: string) => Promise<ReportView>;
  save: (session: string, version: number, values: ReportValues) => Promise<ReportView>;
  submit: (session: string, version: number, key: string) => Promise<ReportView>;
}

/** What became of a delivery: gone, or a draft that needs a person. */
export type Delivered = { done: Wanted; report: ReportView } | { draft: Draft };

const MOST_ROUNDS = 5;

/**
 * Brings a draft to the server as it wants. What somebody else changed in between is put together with it; where both
 * changed the same, it comes back with the conflicts. A lost connection or a refusal is thrown, and a second delivery
 * takes up where the first ended: `keep` is told how far it is.
 */
export async function deliver(draft: Draft, server: Server, keep: (draft: Draft) => void): Promise<Delivered> {
  let now = draft;
  const wanted = draft.wanted ?? 'save';
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    try {
      if (!now.isSaved) {
        const report = await server.save(now.session, now.base.version, now.values);
        now = { ...now, base: { version: report.version, values: now.values }, isSaved: true };
        keep(now);
        if (wanted === 'save') return { done: 'save', report };
      }
      return { done: 'submit', report: await server.submit(now.session, now.base.version, now.key) };
    } catch (error) {
      if (!isProblemOf(error, 'stale')) throw error;
      const theirs = await server.read(now.session);
      const values = valuesOf(theirs);
      const { values: merged, conflicts } = mergeEdits(now.base.values, now.values, values);
      const isOver = theirs.state !== 'none' && theirs.state !== 'draft';
      // The answer to an earlier attempt was lost on its way.
      if (isOver && same(merged, values)) return { done: 'submit', report: theirs };
      now = {
        ...now,
        base: { version: theirs.version, values },
        values: merged,
        isSaved: same(merged, values),
        conflicts,
      };
      if (conflicts.length > 0 || isOver) return { draft: { ...now, wanted: undefined } };
    }
  }
  throw new Error('the report changes faster than it can be saved');
}

function same(a: ReportValues, b: ReportValues): boolean {
  return (Object.keys(a) as (keyof ReportValues)[]).every((key) => a[key] === b[key]);
}

const listeners = new Set<() => void>();
/** By the text in the storage, so that an unchanged draft stays the same object. */
const parsed = new Map<string, { text: string; draft: Draft }>();

function keyOf(person: string, session: string): string {
  return `${DRAFTS}${person}-${session}`;
}

function tell() {
  for (const listener of listeners) listener();
}

export function readDraft(person: string, session: string): Draft | undefined {
  const key = keyOf(person, session);
  const text = localStorage.getItem(key);
  if (text === null) return undefined;
  const known = parsed.get(key);
  if (known?.text === text) return known.draft;
  const draft = JSON.parse(text) as Draft;
  parsed.set(key, { text, draft });
  return draft;
}

export function keepDraft(draft: Draft): void {
  localStorage.setItem(keyOf(draft.person, draft.session), JSON.stringify(draft));
  tell();
}

export function dropDraft(person: string, session: string): void {
  localStorage.removeItem(keyOf(person, session));
  tell();
}

export function dropDrafts(person: string): void {
  for (const { session } of draftsOf(person)) dropDraft(person, session);
}

/** All drafts of a person on this device, the oldest first. */
export function draftsOf(person: string): Draft[] {
  return Object.keys(localStorage)
    .filter((key) => key.startsWith(keyOf(person, '')))
    .flatMap((key) => readDraft(person, key.slice(keyOf(person, '').length)) ?? [])
    .toSorted((a, b) => a.at.localeCompare(b.at));
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  // Another tab of the same person.
  addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    removeEventListener('storage', listener);
  };
}

export function useDraft(person: string, session: string): Draft | undefined {
  return useSyncExternalStore(subscribe, () => readDraft(person, session));
}

let list: Draft[] = [];

export function useDrafts(person: string): readonly Draft[] {
  return useSyncExternalStore(subscribe, () => {
    const now = draftsOf(person);
    // The same list while its drafts are the same.
    if (now.length !== list.length || now.some((draft, index) => draft !== list[index])) list = now;
    return list;
  });
}
