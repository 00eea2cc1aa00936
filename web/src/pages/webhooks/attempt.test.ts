import { expect, it } from 'vitest';
import { caseOf, failureOf, indented } from './attempt';

it('says why a try failed', () => {
  const dns = 'error sending request: client error (Connect): dns error';
  expect(failureOf(`${dns}: the address 127.0.0.1 is not public: it is not called`)).toBe('private');
  expect(failureOf(`${dns}: failed to lookup address information`)).toBe('name');
  expect(failureOf('error sending request: operation timed out')).toBe('late');
  expect(failureOf('invalid peer certificate: Expired')).toBe('certificate');
  expect(failureOf('connection reset by peer')).toBe('other');
});

it('finds the case of a delivery', () => {
  expect(caseOf('{"data":{"case_id":"a","case_number":"TW-2026-000001"}}')).toEqual({
    id: 'a',
    number: 'TW-2026-000001',
  });
  expect(caseOf('{"type":"webhook.test","data":{}}')).toBeUndefined();
  expect(caseOf('no json')).toBeUndefined();
  expect(indented('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(indented('no json')).toBe('no json');
});
