/** What others do appears by itself, and takes neither the place nor what is typed. */
import type { Browser, Page } from 'playwright-core';
import type { MeView } from '../../src/api/schema';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptedCase, fresh, person } from './api';
import { axeFindings, DESKTOP, launch, shoot, signIn, visit } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Far below the 20 seconds after which a list asks by itself. */
const SOON = { timeout: 8_000 };

/** Signs in, and waits until news arrives. */
async function follow(page: Page, role: string): Promise<void> {
  const stream = page.waitForResponse((response) => response.url().endsWith('/api/v1/events'));
  await signIn(page, role);
  await stream;
}

/** A case that waits for the Tokyo desk. */
async function routedCase(name: string) {
  const [operator, desk] = [await person('operator'), await person('desk')];
  const { desk_id } = await desk<MeView>('/me');
  const made = await operator('/cases', {
    channel: 'phone',
    enterprise: { kind: 'company', name, prefecture_code: '13' },
    contacts: [{ role: 'primary', name: '試験 太郎', phone: '03-5550-1234' }],
    description: '在宅勤務の規程を作りたい',
    topics: ['rules'],
  });
  return operator(`/cases/${made.id}/route`, { desk_id });
}

it('brings a new case into the queue while somebody types', async () => {
  const { page, complaints } = await visit(browser);
  await follow(page, 'desk');
  await page.goto('/cases?sort=-received_at');
  await page.locator('[data-row]').first().waitFor();
  await page.mouse.move(5, 5);
  const field = page.getByRole('searchbox', { name: '一覧の中を検索' });
  await field.pressSequentially('入力の途');
  const name = fresh('株式会社到着');
  await routedCase(name);
  await page.getByRole('link', { name }).waitFor(SOON);
  await field.pressSequentially('中');
  expect(await field.inputValue()).toBe('入力の途中');
  expect(complaints).toEqual([]);
});

it('does not move the row that has the focus, and offers what came', async () => {
  const { page, complaints } = await visit(browser);
  await follow(page, 'desk');
  await page.goto('/cases?sort=-received_at');
  const rows = page.locator('[data-row]');
  await rows.first().waitFor();
  await rows.nth(1).focus();
  const before = await rows.nth(1).innerText();
  const place = await rows.nth(1).boundingBox();
  const name = fresh('株式会社後着');
  await routedCase(name);
  const offer = page.getByText('新しい案件が1件');
  await offer.waitFor(SOON);
  expect(await rows.nth(1).innerText()).toBe(before);
  expect(await rows.nth(1).boundingBox()).toEqual(place);
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(before);
  await shoot(page, `queue-news-${DESKTOP.width}`);
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole('button', { name: '一覧を更新' }).click();
  await page.getByRole('link', { name }).waitFor();
  await offer.waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
});

it("shows somebody else's note while a reply is typed", async () => {
  const made = await acceptedCase(fresh('株式会社同時'));
  const { page, complaints } = await visit(browser);
  await follow(page, 'desk');
  await page.goto(`/cases/${made.id}`);
  await page.getByRole('button', { name: 'メール', exact: true }).click();
  const reply = page.getByLabel('本文');
  await reply.pressSequentially('お世話に');
  const note = fresh('電話で追記');
  const supervisor = await person('supervisor');
  await supervisor(`/cases/${made.id}/notes`, { body: note });
  await page.getByRole('listitem').getByText(note).waitFor(SOON);
  await page.getByText('この案件が更新されました').last().waitFor();
  await page.keyboard.type('なっております');
  expect(await reply.inputValue()).toBe('お世話になっております');
  await shoot(page, `case-news-${DESKTOP.width}`);
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole('button', { name: '対応履歴を見る' }).click();
  await page.getByRole('button', { name: '対応履歴を見る' }).waitFor({ state: 'detached' });
  expect(await reply.inputValue()).toBe('お世話になっております');
  expect(complaints).toEqual([]);
});

it('says that a case has gone, and keeps what was typed', async () => {
  const made = await acceptedCase(fresh('株式会社転出'));
  const { page, complaints } = await visit(browser);
  await follow(page, 'desk');
  await page.goto(`/cases/${made.id}`);
  await page.getByRole('button', { name: 'メール', exact: true }).click();
  const reply = page.getByLabel('本文');
  await reply.pressSequentially('書きかけ');
  const supervisor = await person('supervisor');
  await supervisor(`/cases/${made.id}/return`, { reason: '管轄が違うため' });
  await page.getByText('この案件は、あなたの担当を離れました').waitFor(SOON);
  expect(await reply.inputValue()).toBe('書きかけ');
  expect(await page.getByRole('button', { name: '差し戻す' }).count()).toBe(0);
  expect(await axeFindings(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

it('opens no stream for who reads no cases, and ends it at the sign-out', async () => {
  const auditor = await visit(browser);
  const asked: string[] = [];
  auditor.page.on('request', (request) => asked.push(request.url()));
  await signIn(auditor.page, 'auditor');
  await auditor.page.locator('h1').first().waitFor();
  await auditor.page.reload();
  await auditor.page.locator('h1').first().waitFor();
  expect(asked.filter((url) => url.endsWith('/events'))).toEqual([]);

  const { page, complaints } = await visit(browser);
  await follow(page, 'desk');
  await page.getByRole('button', { name: /利用者メニュー/ }).click();
  await page.getByRole('button', { name: 'サインアウト', exact: true }).click();
  await page.waitForURL(/\/sign-in/);
  expect(complaints).toEqual([]);
});
