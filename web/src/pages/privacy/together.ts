/** Opening one page asks for many things at once: what belongs together is one line. Pure. */
import type { ViewEntry } from '@/api/schema';

export interface Look {
  id: string;
  /** The newest of it. */
  entry: ViewEntry;
  /** What was seen, each once. */
  what: string[];
}

/** Looks that are further apart are two. */
const APART_MS = 60_000;

/** Views as they come, the newest first. */
export function together(entries: readonly ViewEntry[]): Look[] {
  const looks: Look[] = [];
  for (const entry of entries) {
    const last = looks.at(-1);
    if (last && belongs(last.entry, entry)) {
      if (!last.what.includes(entry.what)) last.what.push(entry.what);
    } else {
      looks.push({ id: String(entry.id), entry, what: [entry.what] });
    }
  }
  return looks;
}

function belongs(newer: ViewEntry, older: ViewEntry): boolean {
  return (
    newer.user?.id === older.user?.id &&
    newer.by_token === older.by_token &&
    newer.case_id === older.case_id &&
    newer.enterprise_id === older.enterprise_id &&
    Date.parse(newer.seen_at) - Date.parse(older.seen_at) < APART_MS
  );
}
