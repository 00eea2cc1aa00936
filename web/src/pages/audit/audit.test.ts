import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { auditFilter, readAuditSearch } from './search';
import { kindIn, kindWords } from './kinds';

/** The catalogue of events as the server has it; the API has no list of it. */
function catalogue(): string[] {
  const source = readFileSync(new URL('../../../../src/audit.rs', import.meta.url), 'utf8');
  const [, variants = ''] = /pub enum Event \{(.*?)\n\}\n/s.exec(source) ?? [];
  return [...variants.matchAll(/^ {4}([A-Z]\w+) \{/gm)].map(([, name = '']) =>
    name.replaceAll(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase(),
  );
}

describe('an event of the trail', () => {
  const known = catalogue();

  it('has words in both languages, whatever its kind', () => {
    expect(known.length).toBeGreaterThan(80);
    expect(known).toContain('case_created');
    for (const language of ['ja', 'en'] as const) {
      expect(known.filter((kind) => kindIn(kindWords[language], kind) === kind)).toEqual([]);
    }
  });

  it('that is named can happen, and has a name of its own', () => {
    for (const groups of Object.values(kindWords)) {
      const kinds = Object.values(groups).flatMap(Object.keys);
      expect(kinds.filter((kind) => !known.includes(kind))).toEqual([]);
      const names = Object.values(groups).flatMap((group) => Object.values(group));
      expect(new Set(names).size).toBe(names.length);
    }
  });
});

describe('what of the trail is asked for', () => {
  it('stands in the address, and nothing else does', () => {
    const search = {
      who: '01890000-0000-7000-8000-000000000000',
      what: 'case_moved',
      case: ' R8-1 ',
      from: '2026-11-01',
    };
    expect(readAuditSearch({ ...search, to: 'yesterday', page: '3' })).toEqual({ ...search, case: 'R8-1' });
    expect(readAuditSearch({ who: 'me', what: 'DROP TABLE', case: ' ' })).toEqual({});
  });

  it('has days of Japan, the last one whole', () => {
    const { from, to } = auditFilter({ from: '2026-11-01', to: '2026-11-30' }, undefined);
    expect(new Date(from ?? '').toISOString()).toBe('2026-10-31T15:00:00.000Z');
    expect(new Date(to ?? '').toISOString()).toBe('2026-11-30T15:00:00.000Z');
  });

  it('asks for the case by its id', () => {
    expect(auditFilter({ case: 'R8-1', what: 'case_moved' }, 'c')).toEqual({ case_id: 'c', kind: 'case_moved' });
  });
});
