import { describe, expect, it, vi } from 'vitest';
import type { ReportView } from '@/api/schema';
import { localProblem } from '@/api/problem';
import { deliver, settled, typed, valuesOf, type Draft, type Server } from './drafts';

const stored: ReportView = {
  consultation_id: 's',
  state: 'draft',
  version: 3,
  situation: '紙',
  advice: '順序',
  next_steps: '案',
};
const origin = { person: 'p', session: 's', number: 'TW-2026-000001' };
const stale = () => localProblem('stale', 412, 'stale');
const offline = () => localProblem('offline', 0, 'offline');

function draft(part: Partial<Draft> = {}): Draft {
  return { ...typed(undefined, origin, stored, { advice: '順序を示した' }), ...part };
}

/** A server that has `report` and answers as the API does. */
function serverWith(report: ReportView): Server & { report: ReportView; keys: string[] } {
  const server = {
    report,
    keys: [] as string[],
    read: () => Promise.resolve(server.report),
    save: (_: string, version: number, values: Draft['values']) => {
      if (version !== server.report.version) return Promise.reject(stale());
      server.report = {
        ...server.report,
        ...values,
        telework_status: values.telework_status || null,
        version: version + 1,
      };
      return Promise.resolve(server.report);
    },
    submit: (_: string, version: number, key: string) => {
      server.keys.push(key);
      if (version !== server.report.version) return Promise.reject(stale());
      server.report = { ...server.report, state: 'submitted', version: version + 1 };
      return Promise.resolve(server.report);
    },
  };
  return server;
}

describe('a draft on the device', () => {
  it('is typed over what the server had', () => {
    const first = draft();
    expect(first.base).toEqual({ version: 3, values: valuesOf(stored) });
    const second = typed(first, origin, { ...stored, version: 9 }, { situation: '紙の申請' });
    expect(second.base.version).toBe(3);
    expect(second.values).toMatchObject({ situation: '紙の申請', advice: '順序を示した' });
    expect(second.key).not.toBe(first.key);
  });

  it('is saved, or saved and submitted', async () => {
    const server = serverWith(stored);
    expect(await deliver(draft({ wanted: 'save' }), server, vi.fn())).toMatchObject({ done: 'save' });
    expect(server.report).toMatchObject({ state: 'draft', advice: '順序を示した', version: 4 });
    const again = serverWith(stored);
    expect(await deliver(draft({ wanted: 'submit' }), again, vi.fn())).toMatchObject({ done: 'submit' });
    expect(again.report.state).toBe('submitted');
  });

  it('takes up where a lost connection ended, with the same key', async () => {
    const server = serverWith(stored);
    const kept = vi.fn<(draft: Draft) => void>();
    const first = draft({ wanted: 'submit' });
    const lost = vi.fn<Server['submit']>().mockRejectedValueOnce(offline());
    await expect(deliver(first, { ...server, submit: lost }, kept)).rejects.toMatchObject({ slug: 'offline' });
    const after = kept.mock.calls.at(-1)?.[0];
    expect(after?.isSaved).toBe(true);
    expect(await deliver(after ?? first, server, vi.fn())).toMatchObject({ done: 'submit' });
    expect(server.keys).toEqual([first.key]);
    expect(lost.mock.calls[0]?.[2]).toBe(first.key);
  });

  it('knows its own save again whose answer was lost', async () => {
    const server = serverWith(stored);
    const first = draft({ wanted: 'submit' });
    await server.save('s', 3, first.values);
    expect(await deliver(first, server, vi.fn())).toMatchObject({ done: 'submit' });
    const both = serverWith({ ...server.report });
    expect(await deliver(first, both, vi.fn())).toMatchObject({ done: 'submit' });
  });

  it('takes over what only somebody else changed', async () => {
    const server = serverWith({ ...stored, situation: '紙とFAX', version: 4 });
    await deliver(draft({ wanted: 'save' }), server, vi.fn());
    expect(server.report).toMatchObject({ situation: '紙とFAX', advice: '順序を示した', version: 5 });
  });

  it('comes back where both changed the same, and loses neither', async () => {
    const server = serverWith({ ...stored, advice: '別の助言', version: 4 });
    const answer = await deliver(draft({ wanted: 'submit' }), server, vi.fn());
    if (!('draft' in answer)) throw new Error('it was sent');
    expect(answer.draft.conflicts).toEqual(['advice']);
    expect(answer.draft.base.values.advice).toBe('別の助言');
    expect(answer.draft.values.advice).toBe('順序を示した');
    expect(answer.draft.wanted).toBeUndefined();
    const chosen = settled(answer.draft, 'advice', '別の助言\n順序を示した');
    expect(chosen.conflicts).toEqual([]);
    await deliver({ ...chosen, wanted: 'save' }, server, vi.fn());
    expect(server.report.advice).toBe('別の助言\n順序を示した');
  });

  it('comes back where it was submitted by somebody else', async () => {
    const server = serverWith({ ...stored, state: 'submitted', version: 5 });
    const answer = await deliver(draft({ wanted: 'submit' }), server, vi.fn());
    expect(answer).toMatchObject({ draft: { values: { advice: '順序を示した' }, wanted: undefined } });
    expect(server.report.advice).toBe('順序');
  });
});
