import { describe, expect, it } from 'vitest';
import { blank, missing, requestOf, undecided } from './inquiry';

describe('a call becomes a request', () => {
  const call = blank({
    phone: '03-1234-5678',
    name: '佐藤 恵',
    enterpriseName: '株式会社みどり',
    prefecture: '13',
    employees: '４２',
    description: '在宅勤務の規程',
    topics: ['rules'],
  });

  it('with what is known and nothing else', () => {
    expect(requestOf(call, '電話で口頭')).toEqual({
      channel: 'phone',
      enterprise: {
        kind: 'company',
        name: '株式会社みどり',
        prefecture_code: '13',
        phone: '03-1234-5678',
        employees: 42,
      },
      contacts: [{ role: 'primary', name: '佐藤 恵', phone: '03-1234-5678' }],
      description: '在宅勤務の規程',
      topics: ['rules'],
    });
  });

  it('of an enterprise on record by its id alone', () => {
    const known = { ...call, enterprise: { id: 'e', name: 'みどり', prefecture: '東京都' } };
    expect(requestOf(known, '').enterprise).toEqual({ id: 'e' });
  });

  it('answered at once, by an agent, from paper', () => {
    const request = requestOf(
      {
        ...call,
        isAgent: true,
        organisation: '田中会計',
        end: 'close',
        answer: '相談窓口を案内',
        isLate: true,
        receivedDate: '2026-11-20',
        receivedTime: '10:00',
        lateReason: '相談会の紙',
        consent: true,
        notice: '2026-04',
      },
      '電話で口頭',
    );
    expect(request.contacts).toEqual([
      { role: 'agent', name: '佐藤 恵', phone: '03-1234-5678', organisation: '田中会計' },
    ]);
    expect(request.close_as).toEqual({ outcome: 'answered', note: '相談窓口を案内' });
    expect(request.received_at).toBe('2026-11-20T10:00:00+09:00');
    expect(request.consents).toEqual([{ kind: 'privacy', notice_version: '2026-04', how: '電話で口頭' }]);
  });

  it('of somebody without a name for the enterprise', () => {
    expect(requestOf(blank({ kind: 'anonymous', description: 'x', topics: ['other'] }), '').enterprise).toEqual({
      kind: 'anonymous',
    });
  });
});

describe('what is missing is told at once', () => {
  const words = { chooseDesk: '窓口', chooseTime: '時刻' };
  const pointers = (found: readonly { pointer: string }[]) => found.map(({ pointer }) => pointer);

  it('before anything is sent, where it cannot go anywhere', () => {
    const call = blank({ end: 'route', isLate: true, description: ' ' });
    expect(pointers(undecided(call, '', words))).toEqual([
      '/enterprise/name',
      '/description',
      '/topics',
      '/received_at',
      '/desk_id',
    ]);
  });

  it('and not, where nothing keeps it from being sent: the API finds more', () => {
    expect(undecided(blank({ end: 'route' }), 'desk', words)).toEqual([]);
    expect(pointers(missing(blank({ kind: 'worker' })))).toEqual(['/description', '/topics']);
  });

  it('except the name of an enterprise on record', () => {
    const enterprise = { id: '1', name: '株式会社みどり', prefecture: null };
    expect(missing(blank({ enterprise, description: '規程', topics: ['rules'] }))).toEqual([]);
  });
});
