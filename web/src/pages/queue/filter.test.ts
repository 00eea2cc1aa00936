import { expect, it } from 'vitest';
import { filterOf, readSearch, without } from './filter';

it('shows open cases by what is due unless told otherwise', () => {
  expect(filterOf({})).toEqual({ status: 'open', sort: 'due_at' });
  expect(filterOf({ status: 'all', q: '山田', sort: '-received_at' })).toEqual({ q: '山田', sort: '-received_at' });
});

it('takes what it knows from an address and drops the rest', () => {
  expect(readSearch({ status: 'routed', overdue: 'true', flag: 'nonsense', q: '  0312 ', page: '7' })).toEqual({
    status: 'routed',
    overdue: 'true',
    q: '0312',
  });
});

it('counts choices without the choice itself', () => {
  expect(without({ status: 'routed', due: 'accept', q: 'x' }, 'due', 'overdue')).toEqual({ status: 'routed', q: 'x' });
});
