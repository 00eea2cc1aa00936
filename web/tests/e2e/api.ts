/** The API as people of the demonstration: what a test needs before it looks at a page. */
import type { CaseView, ConsultationView, MailView, MeView, Role } from '../../src/api/schema';
import { PASSWORD } from './browser';

const SERVER = process.env['MADOGUCHI_URL'] ?? 'http://127.0.0.1:8080';

/** Asks the API; most answers are cases. */
export type Person = <Answer = CaseView>(
  path: string,
  body?: unknown,
  method?: string,
  version?: number,
) => Promise<Answer>;

export async function person(role: string): Promise<Person> {
  const signIn = await fetch(`${SERVER}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: `${role}@demo.example.jp`, password: PASSWORD }),
  });
  const { access_token } = (await signIn.json()) as { access_token: string };
  return async <Answer>(
    path: string,
    body?: unknown,
    method = body === undefined ? 'GET' : 'POST',
    version?: number,
  ) => {
    const response = await fetch(`${SERVER}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${access_token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  };
}

/** A new colleague with the password of the demonstration, as what stands before the @: nobody else signs in as them. */
export async function colleague(role: Role, desk_id?: string): Promise<string> {
  const admin = await person('admin');
  const name = fresh(role).toLowerCase();
  const email = `${name}@demo.example.jp`;
  await admin('/users', { name: `試験 ${name}`, email, role, password: PASSWORD, ...(desk_id ? { desk_id } : {}) });
  return name;
}

/** Somebody at a new desk, where nothing happens that others do. */
export async function atQuietDesk(): Promise<string> {
  const admin = await person('admin');
  const name = fresh('静かな窓口');
  const { id } = await admin<{ id: string }>('/desks', { name, code: fresh('q').toLowerCase() });
  return colleague('desk', id);
}

/** A name that no other run used. */
export function fresh(name: string): string {
  return `${name}${Date.now().toString(36).toUpperCase()}`;
}

/** A case at the Tokyo desk, routed and accepted. */
export async function acceptedCase(name: string): Promise<CaseView> {
  const [operator, desk] = [await person('operator'), await person('desk')];
  const { desk_id } = await desk<MeView>('/me');
  const made = await operator('/cases', {
    channel: 'phone',
    enterprise: { kind: 'company', name, prefecture_code: '13' },
    contacts: [{ role: 'primary', name: '試験 太郎', phone: '03-5550-1234' }],
    subject: '在宅勤務の規程',
    description: '在宅勤務の規程を作りたい',
    topics: ['rules', 'labour'],
    desired_mode: 'online',
  });
  await operator(`/cases/${made.id}/route`, { desk_id });
  return desk(`/cases/${made.id}/accept`, undefined, 'POST');
}

/** The telework manager of the demonstration. */
export async function demoManager(): Promise<string> {
  const manager = await person('manager');
  return (await manager<MeView>('/me')).manager_id ?? '';
}

/** Hands in a mail as a mail server does, and waits until it was read. */
export async function receiveMail(raw: string): Promise<MailView> {
  const admin = await person('admin');
  const expires_at = new Date(Date.now() + 3_600_000).toISOString();
  const { token } = await admin<{ token: string }>('/api-tokens', {
    name: '試験',
    permissions: ['intake'],
    expires_at,
  });
  const response = await fetch(`${SERVER}/api/v1/intake/email`, {
    method: 'POST',
    headers: {
      'content-type': 'message/rfc822',
      authorization: `Bearer ${token}`,
      'x-envelope-from': 'someone@kigyo.example.jp',
      'x-envelope-to': 'sodan@madoguchi.example',
    },
    body: raw.replaceAll('\n', '\r\n'),
  });
  if (!response.ok) throw new Error(await response.text());
  const { id } = (await response.json()) as { id: string };
  for (let tries = 0; tries < 100; tries += 1) {
    const mail = await admin<MailView>(`/intake/emails/${id}`);
    if (mail.state !== 'pending') return mail;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the mail was not read');
}

/** A case with an expert, and a session of it that lies in the past and waits for its result. */
export async function caseToReport(name: string): Promise<{ made: CaseView; session: ConsultationView }> {
  const made = await acceptedCase(name);
  const desk = await person('desk');
  const manager_id = await demoManager();
  await desk(`/cases/${made.id}/offers`, { manager_id, line: 'labour', accepted_by_phone: true });
  return { made, session: await pastSession(desk, made.id) };
}

/** A session of an hour in a night of the last weeks in which the expert is free: earlier runs took others. */
export async function pastSession(desk: Person, id: string): Promise<ConsultationView> {
  const midnight = Date.now() - (Date.now() % 86_400_000) + 15 * 3_600_000 - 2 * 86_400_000;
  for (let slot = 0; slot < 50 * 5; slot += 1) {
    const begin = midnight - Math.floor(slot / 5) * 86_400_000 + (slot % 5) * 3_600_000;
    const at = (hours: number) => new Date(begin + hours * 3_600_000).toISOString();
    try {
      return await desk<ConsultationView>(`/cases/${id}/consultations`, {
        starts_at: at(0),
        ends_at: at(1),
        mode: 'online',
        late_reason: '試験',
      });
    } catch (error) {
      if (!String(error).includes('manager-double-booked')) throw error;
    }
  }
  throw new Error('no free night');
}

/** Says that a session was held as it was booked. */
export async function hold(desk: Person, { id, starts_at, ends_at }: ConsultationView): Promise<void> {
  await desk(`/consultations/${id}/hold`, {
    started_at: starts_at,
    ended_at: ends_at,
    mode: 'online',
    attendees: ['試験 太郎'],
    desk_attended: false,
  });
}

/** A visit of some minutes that has just begun or is over: of the last hour and a half, where the expert is free. */
export async function visitNow(name: string): Promise<{ made: CaseView; session: ConsultationView }> {
  const made = await acceptedCase(name);
  const desk = await person('desk');
  const manager_id = await demoManager();
  await desk(`/cases/${made.id}/offers`, { manager_id, line: 'labour', accepted_by_phone: true });
  const now = Date.now() - (Date.now() % 60_000);
  for (let minutes = 5; minutes < 90; minutes += 5) {
    const at = (later: number) => new Date(now + (later - minutes) * 60_000).toISOString();
    try {
      const session = await desk<ConsultationView>(`/cases/${made.id}/consultations`, {
        starts_at: at(0),
        ends_at: at(5),
        mode: 'visit',
        place: '東京都千代田区丸の内一丁目',
        late_reason: '試験',
      });
      return { made, session };
    } catch (error) {
      if (!String(error).includes('manager-double-booked')) throw error;
    }
  }
  throw new Error('the expert has had no time');
}
