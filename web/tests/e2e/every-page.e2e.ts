/** Every page: axe finds nothing, nothing is pushed sideways, in both widths; and what the queue weighs. */
import type { Browser, Page } from 'playwright-core';
import { gzipSync } from 'node:zlib';
import type { PageConsultationView } from '../../src/api/schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptedCase, fresh, person, receiveMail } from './api';
import { DESKTOP, PHONE, axeFindings, launch, settled, shoot, sideways, signIn, visit } from './browser';

let browser: Browser;
let consulting: { id: string; enterprise: { id: string } };
let accepted: { id: string };
let report: string;
let written: { id: string };
let mail: { id: string };
let webhook: { id: string };

beforeAll(async () => {
  browser = await launch();
  const desk = await person('desk');
  accepted = await acceptedCase(fresh('株式会社全画面'));
  const { items } = await desk<PageConsultationView>('/consultations?state=held&limit=1');
  const [session] = items;
  if (!session) throw new Error('the demonstration has no session that was held');
  report = session.id;
  consulting = await desk(`/cases/${session.case_id}`);
  // A case with mail in both directions, and a mail that is to be checked.
  const known = await acceptedCase(fresh('株式会社往復'));
  written = known;
  const sender = `${fresh('kanri').toLowerCase()}@kigyo.example.jp`;
  const placed = await receiveMail(plainMail(sender, `[${known.number}] 日程について`));
  await (
    await person('supervisor')
  )(`/intake/emails/${placed.id}/attach`, { case_id: known.id, add_contact: true });
  await desk(`/cases/${known.id}/messages`, { to: sender, body: '日程の候補をお送りします。' });
  await desk(`/cases/${known.id}/messages`, { to: 'nobody@kigyo.example.jp', confirmed: true, body: '資料です。' });
  mail = await receiveMail(plainMail(`other.${sender}`, `[${known.number}] 資料の件`));
  await desk('/exports', { kind: 'cases', filter: { status: 'open' }, format: 'csv', encoding: 'cp932' });
  const admin = await person('admin');
  // A name that leads nowhere: its deliveries have failed tries.
  webhook = await admin('/webhooks', { url: 'https://uketori.invalid/hook' });
  await admin(`/webhooks/${webhook.id}/test`, undefined, 'POST');
});
afterAll(async () => {
  await browser.close();
  await (
    await person('admin')
  )(`/webhooks/${webhook.id}`, undefined, 'DELETE');
});

function plainMail(from: string, subject: string): string {
  const encoded = Buffer.from(subject).toString('base64');
  return `From: ${from}
To: sodan@madoguchi.example
Subject: =?UTF-8?B?${encoded}?=
Message-ID: <${fresh('page')}.${from}>
Date: ${new Date().toUTCString().replace('GMT', '+0000')}
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

お世話になっております。来週火曜の午後を希望します。

2026年11月20日 10:00 相談センター <sodan@madoguchi.example>:
> 次回の日程をお知らせください。
`;
}

async function look(page: Page, name: string, width: number) {
  await settled(page);
  await page.locator('h1').first().waitFor();
  await shoot(page, `${name}-${width}`);
  return [...(await axeFindings(page)), ...((await sideways(page)) > 0 ? ['it can be pushed sideways'] : [])];
}

const VIEWS: Record<string, Record<string, () => string>> = {
  desk: {
    queue: () => '/cases',
    'queue-empty': () => '/cases?q=zzzz',
    case: () => `/cases/${consulting.id}`,
    'case-accepted': () => `/cases/${accepted.id}`,
    'not-found': () => '/cases/01a20000-0000-7000-8000-000000000000',
    report: () => `/reports/${report}`,
    schedule: () => '/schedule',
    'schedule-booking': () => `/schedule?case_id=${consulting.id}`,
    enterprises: () => '/enterprises?q=株式会社あ',
    enterprise: () => `/enterprises/${consulting.enterprise.id}`,
    exports: () => '/exports',
    account: () => '/account',
    'second-factor': () => '/account/second-factor',
    forbidden: () => '/admin',
    search: () => '/search?q=就業規則',
    'search-nothing': () => '/search?q=zzzzzz',
    'search-empty': () => '/search',
    'print-case': () => `/cases/${consulting.id}/print?paper=both`,
    'print-report': () => `/reports/${report}/print`,
    'case-mail': () => `/cases/${written.id}`,
    'figures-desk': () => '/figures',
    'figures-desk-rows': () => '/figures/rows?report=cases',
    'figures-desk-periods': () => '/figures/periods',
    'survey-desk': () => '/figures/survey',
    'free-texts-forbidden': () => '/figures/texts',
  },
  operator: {
    intake: () => '/intake',
    'late-entry': () => '/late-entry',
    'intake-known': () => '/intake?phone=0310009680',
    'print-blank': () => '/print/intake-form',
    mails: () => '/mails',
    'mails-done': () => '/mails?show=done',
    'mails-empty': () => '/mails?q=zzzz',
    mail: () => `/mails/${mail.id}`,
  },
  supervisor: {
    'schedule-supervisor': () => '/schedule',
    'queue-supervisor': () => '/cases',
    'case-supervisor': () => `/cases/${written.id}`,
    'figures-supervisor': () => '/figures',
    survey: () => '/figures/survey',
    'survey-month': () => '/figures/survey?from=2026-11-01&to=2026-11-30&prefecture_code=13',
    'survey-rows': () => '/figures/survey/rows?state=answered',
    'survey-evaluations': () => '/figures/survey/rows?list=evaluations&score=5',
    'free-texts': () => '/figures/texts',
    'free-texts-all': () => '/figures/texts?state=all&source=survey',
  },
  manager: {
    'schedule-manager': () => '/schedule',
    today: () => '/today',
    'queue-manager': () => '/cases',
    'figures-manager': () => '/figures',
    'figures-manager-rows': () => '/figures/rows?report=sessions',
  },
  admin: {
    users: () => '/admin',
    desks: () => '/admin?part=desks',
    managers: () => '/admin?part=managers',
    templates: () => '/admin?part=templates',
    mailboxes: () => '/admin?part=mailboxes',
    webhooks: () => '/admin?part=webhooks',
    webhook: () => `/admin/webhooks/${webhook.id}`,
    settings: () => '/admin?part=settings',
    'coverage-map': () => '/admin?part=map',
    calendar: () => '/admin?part=calendar',
    tokens: () => '/tokens',
    'enterprise-merge': () => `/enterprises/${consulting.enterprise.id}`,
    'queue-admin': () => '/cases?status=all',
    figures: () => '/figures',
    'figures-months': () => '/figures/tables',
    'figures-map': () => '/figures/tables?by=prefecture',
    'figures-bars': () => '/figures/tables?report=enterprises&by=industry',
    'figures-lines': () => '/figures/tables?by=month%2Cdesk',
    'figures-two': () => '/figures/tables?report=interactions&by=desk%2Ckind',
    'figures-as-of': () => '/figures/tables?by=status&topic=ict&as_of=2026-10-31',
    'figures-nothing': () => '/figures/tables?from=2020-04-01&to=2021-03-31',
    'figures-times': () => '/figures/tables?report=times&by=desk',
    'figures-lateness': () => '/figures/tables?report=lateness',
    'figures-capacity': () => '/figures/tables?report=capacity',
    'figures-rows': () => '/figures/rows?report=cases&reached=first_answer',
    'figures-rows-sessions': () => '/figures/rows?report=sessions',
    'figures-rows-enterprises': () => '/figures/rows?report=enterprises',
    'figures-periods': () => '/figures/periods',
    'figures-targets': () => '/figures/targets',
    'case-records': () => `/cases/${consulting.id}`,
    retention: () => '/privacy',
    'retention-ahead': () => '/privacy?day=2040-04-01',
    'retention-items': () => '/privacy?day=2040-04-01&class=case',
    'disposal-log': () => '/privacy?part=log',
    holds: () => '/privacy?part=holds',
    'holds-lifted': () => '/privacy?part=holds&state=lifted',
    erasures: () => '/privacy?part=erasures',
    disclosures: () => '/privacy?part=disclosures',
    views: () => '/privacy?part=views',
  },
  auditor: {
    audit: () => '/audit',
    'figures-auditor': () => '/figures',
    'figures-auditor-rows': () => '/figures/rows?report=interactions',
    'figures-auditor-enterprises': () => '/figures/rows?report=enterprises',
    'survey-auditor': () => '/figures/survey',
    'free-texts-auditor': () => '/figures/texts',
    samples: () => '/audit/samples',
    'samples-drawn': () => '/audit/samples?size=25&seed=1',
    'exports-auditor': () => '/exports',
  },
};

describe.each([DESKTOP, PHONE])('at $width pixels', (viewport) => {
  it('the sign-in is clean', async () => {
    const { page, complaints } = await visit(browser, viewport);
    await page.goto('/sign-in');
    expect(await look(page, 'sign-in', viewport.width)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('the forgotten password is clean', async () => {
    const { page, complaints } = await visit(browser, viewport);
    await page.goto('/password-reset');
    expect(await look(page, 'password-reset', viewport.width)).toEqual([]);
    await page.goto('/sign-in');
    await page.goto('/password-reset#token=none');
    expect(await look(page, 'password-reset-choose', viewport.width)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it.each(Object.keys(VIEWS))('the pages of the %s are clean', async (role) => {
    const { page, complaints } = await visit(browser, viewport);
    await signIn(page, role);
    const found: Record<string, string[]> = {};
    for (const [name, path] of Object.entries(VIEWS[role] ?? {})) {
      await page.goto(path());
      const findings = await look(page, name, viewport.width);
      if (findings.length > 0) found[name] = findings;
    }
    expect(found).toEqual({});
    expect(complaints).toEqual([]);
  });

  it('the dialogs of a case are clean', async () => {
    const { page, complaints } = await visit(browser, viewport);
    await signIn(page, 'desk');
    const found: Record<string, string[]> = {};
    for (const [dialog, id] of [
      ['専門家に打診', accepted.id],
      ['案件を訂正', accepted.id],
      ['待ち先を設定', accepted.id],
      ['終了', accepted.id],
      ['差し戻し', accepted.id],
    ] as const) {
      await page.goto(`/cases/${id}`);
      const more = page.getByText('その他の操作');
      await more.waitFor();
      const button = page.getByRole('button', { name: dialog, exact: true }).first();
      // A phone has the less frequent ones in a menu.
      const isFolded = (await button.count()) === 0;
      if (isFolded) await more.click();
      await button.click();
      await page.getByRole('dialog').waitFor();
      const findings = await look(page, `dialog-${dialog}`, viewport.width);
      if (findings.length > 0) found[dialog] = findings;
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      // The focus returns to where one was.
      await expect
        .poll(() => page.evaluate(() => document.activeElement?.textContent))
        .toBe(isFolded ? 'その他の操作' : dialog);
    }
    expect(found).toEqual({});
    expect(complaints).toEqual([]);
  });
});

it.each([DESKTOP, PHONE])('the form of a mail is clean at $width pixels', async (viewport) => {
  const { page, complaints } = await visit(browser, viewport);
  await signIn(page, 'desk');
  await page.goto(`/cases/${written.id}`);
  await page.getByRole('button', { name: '返信', exact: true }).click();
  await page.getByText(/への返信/).waitFor();
  expect(await look(page, 'reply', viewport.width)).toEqual([]);
  await page.getByLabel('宛先').selectOption('other');
  expect(await look(page, 'reply-outside', viewport.width)).toEqual([]);
  expect(complaints).toEqual([]);
});

it.each([DESKTOP, PHONE])('the dialog of a template is clean at $width pixels', async (viewport) => {
  const { page, complaints } = await visit(browser, viewport);
  await signIn(page, 'admin');
  await page.goto('/admin?part=templates');
  await page.getByRole('button', { name: /^編集/ }).first().click();
  await page.getByText('使える差し込み項目').click();
  expect(await look(page, 'dialog-template', viewport.width)).toEqual([]);
  expect(complaints).toEqual([]);
});

it('reads at 200 % zoom: a window of half the width', async () => {
  const { page } = await visit(browser, { width: 640, height: 450 });
  await signIn(page, 'desk');
  await page.goto(`/cases/${consulting.id}`);
  expect(await look(page, 'case-zoomed', 640)).toEqual([]);
});

it('speaks English by a switch', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'desk');
  await page.getByRole('button', { name: /利用者メニュー/ }).click();
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { level: 1, name: 'Cases' }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('en');
  expect(await look(page, 'queue-english', 1440)).toEqual([]);
  expect(complaints).toEqual([]);
});

it('counts agree with the list', async () => {
  const { page } = await visit(browser);
  await signIn(page, 'desk');
  await page.getByRole('link', { name: /^受理待ち/ }).click();
  await page.waitForURL(/status=routed/);
  await settled(page);
  const tab = await page.getByRole('link', { name: /^受理待ち/ }).innerText();
  const rows = await page.locator('[data-row]').count();
  expect(Number(/\d+/.exec(tab)?.[0])).toBe(rows);
});

it('the first load of the queue stays below 150 kB of compressed script', async () => {
  const { page } = await visit(browser);
  await signIn(page, 'desk');
  // What goes on behind the page is fetched after it, however slow this machine is.
  await page.route('**/assets/background-*.js', (route) => route.abort());
  const begun = Date.now();
  await page.goto('/cases', { waitUntil: 'commit' });
  await page.locator('[data-row]').first().waitFor();
  const drawn = Date.now() - begun;
  // What the rows waited for, whether it came over the wire or from the cache of the sign-in.
  const fetched = await page.evaluate(() =>
    performance.getEntriesByType('resource').flatMap(({ name }) => (/\.js$/.test(name) ? [name] : [])),
  );
  // On a slow machine that begins before the rows are there, and what it needs comes right after it.
  const behind = fetched.findIndex((name) => name.includes('/background-'));
  const scripts = behind < 0 ? fetched : fetched.slice(0, behind);
  let bytes = 0;
  for (const script of scripts) {
    const response = await fetch(script);
    bytes += gzipSync(Buffer.from(await response.arrayBuffer()), { level: 9 }).length;
  }
  console.log(`queue: ${Math.round(bytes / 102.4) / 10} kB of compressed script, rows after ${drawn} ms`);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(150_000);
  // Only long lists need it.
  expect(scripts.filter((name) => name.includes('list-window'))).toEqual([]);
});
