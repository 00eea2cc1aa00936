/** Sending what was typed: a case, and where it goes. */
import { api, body, ifMatch } from '@/api/client';
import type { CaseView } from '@/api/schema';
import type { Once } from '@/api/send';
import { requestOf, type Typed } from './inquiry';

/** What became of an inquiry. */
export interface Received {
  made: CaseView;
  /** The name of the desk it went to; `null` where routing failed. */
  desk: string | null | undefined;
}

export interface Inquiry {
  typed: Typed;
  desk: string;
  routeNote: string;
}

/** `how` says by what the consent was given. */
export async function receive({ typed, desk, routeNote }: Inquiry, how: string, once: Once): Promise<Received> {
  const made = await body(api.POST('/api/v1/cases', { params: { header: once }, body: requestOf(typed, how) }));
  if (typed.end !== 'route') return { made, desk: undefined };
  return { made, desk: await route(made, desk, routeNote, once) };
}

/** Routes what was just received. A failure does not undo the receipt, so it is told and not thrown. */
async function route(made: CaseView, desk_id: string, note: string, once: Once): Promise<string | null> {
  try {
    const routed = await body(
      api.POST('/api/v1/cases/{id}/route', {
        params: { path: { id: made.id }, header: once },
        headers: ifMatch(made.version),
        body: { desk_id, ...(note ? { note } : {}) },
      }),
    );
    return routed.desk?.name ?? '';
  } catch {
    return null;
  }
}
