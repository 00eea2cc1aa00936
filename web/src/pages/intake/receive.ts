/** Sending what was typed: a case, and where it goes. */
import { api, body, ifMatch } from '@/api/client';
import { faultyFields, isProblemOf } from '@/api/problem';
import type { CaseView } from '@/api/schema';
import type { Once } from '@/api/send';
import { missing, requestOf, type Typed } from './inquiry';

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
  const made = await create(typed, how, once);
  if (typed.end !== 'route') return { made, desk: undefined };
  return { made, desk: await route(made, desk, routeNote, once) };
}

async function create(typed: Typed, how: string, once: Once): Promise<CaseView> {
  try {
    return await body(api.POST('/api/v1/cases', { params: { header: once }, body: requestOf(typed, how) }));
  } catch (error) {
    if (!isProblemOf(error, 'validation')) throw error;
    const told = error.body.errors ?? [];
    throw faultyFields([...told, ...missing(typed).filter(({ pointer }) => error.at(pointer) === undefined)]);
  }
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
