import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ChangeKind } from '@/api/schema';
import { concerned } from './concerned';
import { eventReader, type StreamEvent } from './event-stream';

/** The words that the API has for a type. */
function wordsOf(type: string): string[] {
  const file = readFileSync(new URL('../../../openapi/openapi.json', import.meta.url), 'utf8');
  const { components } = JSON.parse(file) as { components: { schemas: Record<string, { enum: string[] }> } };
  return components.schemas[type]?.enum ?? [];
}

function readAll(...pieces: string[]): StreamEvent[] {
  const events: StreamEvent[] = [];
  const read = eventReader((event) => events.push(event));
  pieces.forEach(read);
  return events;
}

describe('an event stream', () => {
  const text = ': beat\n\nevent: ready\nid: a:1\ndata: {}\n\nevent: change\nid: a:2\ndata: {"kind":"case"}\n\n';
  const events = [
    { name: 'ready', id: 'a:1', data: '{}' },
    { name: 'change', id: 'a:2', data: '{"kind":"case"}' },
  ];

  it('is read however it is cut into pieces', () => {
    expect(readAll(text)).toEqual(events);
    expect(readAll(...Array.from(text))).toEqual(events);
  });

  it('is read with any line break, and without spaces', () => {
    expect(readAll(...Array.from(text.replaceAll('\n', '\r\n')))).toEqual(events);
    expect(readAll(text.replaceAll(': ', ':'))).toEqual(events);
  });

  it('has lines of data, and no event before it is whole', () => {
    expect(readAll('data: a\ndata: b\n')).toEqual([]);
    expect(readAll('data: a\ndata: b\n\n')).toEqual([{ name: 'message', id: undefined, data: 'a\nb' }]);
  });
});

describe('a change', () => {
  it('of every kind is known', () => {
    const kinds = wordsOf('ChangeKind') as ChangeKind[];
    expect(kinds).toContain('case');
    for (const kind of kinds) {
      expect(concerned({ kind, case_id: 'c', id: 'i', gone: false }), kind).not.toEqual([]);
    }
  });

  it('asks for the parts of the case that it concerns, and the lists', () => {
    expect(concerned({ kind: 'message', case_id: 'c', id: 'm', gone: false })).toEqual([
      { key: ['case', 'c'], exact: true },
      { key: ['case', 'c', 'timeline'] },
      { key: ['case', 'c', 'messages'] },
      { key: ['cases'] },
    ]);
  });

  it('without a case leaves the cases alone', () => {
    expect(concerned({ kind: 'mail', id: 'm', gone: false })).toEqual([{ key: ['mails'] }, { key: ['mail', 'm'] }]);
  });

  it('that takes a case away asks for the case, to learn it', () => {
    expect(concerned({ kind: 'case', case_id: 'c', gone: true })).toContainEqual({ key: ['case', 'c'] });
  });
});
