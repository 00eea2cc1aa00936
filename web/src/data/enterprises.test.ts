import { expect, it } from 'vitest';
import { lookUpOf } from './enterprises';

it('knows a number from a name', () => {
  expect(lookUpOf('５９９０００１０００９６９')).toEqual({ corporate_number: '5990001000969' });
  expect(lookUpOf('03-1234-5678')).toEqual({ phone: '03-1234-5678' });
  expect(lookUpOf('みどり製作所')).toEqual({ q: 'みどり製作所' });
  expect(lookUpOf('7-24ストア')).toEqual({ q: '7-24ストア' });
  expect(lookUpOf('  ')).toEqual({});
});
