import { expect, it } from 'vitest';
import { requestOf } from '@/pages/intake/inquiry';
import { firstSheet, inquiryOf, nextSheet } from './sitting';

const withReceiver = (reason: string, name: string) => `${reason}(受付者: ${name})`;
const sheet = {
  ...firstSheet({ role: 'operator' }, '2026-11-21', '紙の相談票から入力', '2026-04'),
  receivedTime: '10:30',
  receivedBy: ' 村瀬 ',
  channel: 'visit' as const,
  enterpriseName: '株式会社みどり',
  postalCode: '100-0001',
  description: '在宅勤務の規程',
  topics: ['rules' as const],
};

it('sends the time on the paper, and who received it in the reason', () => {
  const request = requestOf(inquiryOf(sheet, withReceiver).typed, '書面');
  expect(request.received_at).toBe('2026-11-21T10:30:00+09:00');
  expect(request.late_reason).toBe('紙の相談票から入力(受付者: 村瀬)');
  expect(request.enterprise).toEqual({ kind: 'company', name: '株式会社みどり', postal_code: '100-0001' });
});

it('leaves the reason alone where nobody is named', () => {
  expect(inquiryOf({ ...sheet, receivedBy: '' }, withReceiver).typed.lateReason).toBe('紙の相談票から入力');
});

it('keeps what a stack has in common, and nothing of the last sheet', () => {
  const next = nextSheet({ ...sheet, end: 'close', desk: 'd', consent: true });
  expect(next).toMatchObject({
    channel: 'visit',
    receivedDate: '2026-11-21',
    receivedBy: ' 村瀬 ',
    lateReason: '紙の相談票から入力',
    end: 'close',
    notice: '2026-04',
    isLate: true,
  });
  expect(next).toMatchObject({ receivedTime: '', enterpriseName: '', description: '', desk: '', consent: false });
  expect(next.topics).toEqual([]);
});
