/** The API as people of the demonstration: what a test needs before it looks at a page. */
import type { CaseView, MailView, MeView } from '../../src/api/schema';
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
