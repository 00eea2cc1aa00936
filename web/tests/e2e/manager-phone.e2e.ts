/** The manager's phone between two visits: an offer, a report in three taps, and no connection in between. */
import type { Browser } from 'playwright-core';
import type { ConsultationView, ReportView } from '../../src/api/schema';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptedCase, caseToReport, demoManager, fresh, hold, person, visitNow } from './api';
import { axeFindings, launch, PHONE, shoot, sideways, signIn, visit } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const UNSENT = /^この端末に保存済み・未送信/;

it('answers an offer without learning who asks before', async () => {
  const made = await acceptedCase(fresh('株式会社打診'));
  const desk = await person('desk');
  await desk(`/cases/${made.id}/offers`, { manager_id: await demoManager(), line: 'labour', note: '年内に一回目を' });
  const { page, complaints } = await visit(browser, PHONE);
  await signIn(page, 'manager');
  const offer = page.getByRole('article').filter({ hasText: made.number });
  await offer.waitFor();
  expect(await offer.innerText()).not.toContain('試験 太郎');
  await offer.getByRole('button', { name: '承諾する' }).click();
  await page.getByText('承諾しました').waitFor();
  expect(complaints).toEqual([]);
});

it('starts a report in three taps, and hands it in', async () => {
  const { made, session } = await caseToReport(fresh('株式会社三回'));
  const { page, complaints } = await visit(browser, PHONE);
  await signIn(page, 'manager');
  const card = page.getByRole('article').filter({ hasText: made.enterprise.name ?? '' });
  await card.getByRole('button', { name: '実施を記録' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '実施済として記録' }).click();
  await card.getByRole('link', { name: '報告書を書く' }).click();
  await page.waitForURL(new RegExp(`/reports/${session.id}`));
  await page.getByLabel('現状・課題').fill('紙の申請が残る');
  await page.getByLabel('助言の内容').fill('電子化の順序を示した');
  await page.getByLabel('今後の進め方').fill('次回に案を見る');
  await page.getByText(UNSENT).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  expect(await sideways(page)).toBe(0);
  await page.getByRole('button', { name: '提出する' }).click();
  await page.getByText('窓口の報告書承認を待つ').waitFor();
  expect(complaints).toEqual([]);
});

it('arrives at a visit and leaves it without a connection, and the times are those of the session', async () => {
  const { made, session } = await visitNow(fresh('株式会社訪問'));
  const { page, context, complaints } = await visit(browser, PHONE);
  await signIn(page, 'manager');
  const card = page.getByRole('article').filter({ hasText: made.enterprise.name ?? '' });
  await card.getByRole('button', { name: '到着', exact: true }).waitFor();
  expect(await card.getByRole('link', { name: /地図/ }).getAttribute('rel')).toBe('noreferrer');
  expect(await card.locator('a[href^="tel:"]').count()).toBe(1);
  await shoot(page, `visit-${PHONE.width}`);
  expect(await axeFindings(page)).toEqual([]);

  await context.setOffline(true);
  await card.getByRole('button', { name: '到着', exact: true }).click();
  await card.getByText('未送信', { exact: true }).waitFor();
  await card.getByRole('button', { name: '退出', exact: true }).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  expect(await sideways(page)).toBe(0);
  await page.close();

  // A new page of the same phone, back in the open.
  await context.setOffline(false);
  const later = await context.newPage();
  await later.goto('/today');
  const manager = await person('manager');
  const stored = () => manager<ConsultationView>(`/consultations/${session.id}`);
  await expect.poll(async () => (await stored()).checked_in_at ?? null, { timeout: 20_000 }).not.toBeNull();
  const visited = later.getByRole('article').filter({ hasText: made.enterprise.name ?? '' });
  await visited.getByText('未送信', { exact: true }).waitFor({ state: 'detached' });

  // It was two minutes earlier.
  const arrived = new Date(Date.parse((await stored()).checked_in_at ?? '') - 120_000);
  const clock = new Date(arrived.getTime() + 9 * 3_600_000).toISOString().slice(11, 16);
  await visited.getByRole('button', { name: '到着の時刻を直す' }).click();
  await visited.getByRole('textbox', { name: '到着の時刻' }).fill(clock);
  await visited.getByRole('button', { name: '時刻を保存' }).click();
  await expect
    .poll(async () => Date.parse((await stored()).checked_in_at ?? ''), { timeout: 20_000 })
    .toBe(arrived.getTime() - (arrived.getTime() % 60_000));

  await visited.getByRole('button', { name: '退出', exact: true }).click();
  await expect.poll(async () => (await stored()).checked_out_at ?? null, { timeout: 20_000 }).not.toBeNull();
  await visited.getByRole('button', { name: '実施を記録' }).click();
  const dialog = later.getByRole('dialog');
  expect(await dialog.getByLabel('開始').inputValue()).toBe(clock);
  await dialog.getByRole('button', { name: '実施済として記録' }).click();
  await visited.getByRole('link', { name: '報告書を書く' }).waitFor();
  const held = await stored();
  expect([held.started_at, held.ended_at]).toEqual([held.checked_in_at, held.checked_out_at]);
  expect(complaints).toEqual([]);
});

it('records the time of leaving to the second, though it reaches the server while the record is being written', async () => {
  const { made, session } = await visitNow(fresh('株式会社途中'));
  const { page, complaints } = await visit(browser, PHONE);
  await signIn(page, 'manager');
  const card = page.getByRole('article').filter({ hasText: made.enterprise.name ?? '' });
  await card.getByRole('button', { name: '到着', exact: true }).click();
  await card.getByText('未送信', { exact: true }).waitFor({ state: 'detached' });
  let letThrough: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (letThrough = resolve));
  await page.route('**/check-out', async (route) => {
    await opened;
    await route.continue();
  });
  await card.getByRole('button', { name: '退出', exact: true }).click();
  await card.getByText('未送信', { exact: true }).waitFor();
  await card.getByRole('button', { name: '実施を記録' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: '実施済として記録' }).waitFor();
  letThrough();
  const isWaiting = () => page.evaluate(() => Object.keys(localStorage).some((key) => key.includes('tap')));
  await expect.poll(isWaiting).toBe(false);
  await dialog.getByRole('button', { name: '実施済として記録' }).click();
  await card.getByRole('link', { name: '報告書を書く' }).waitFor();
  const held = await (await person('manager'))<ConsultationView>(`/consultations/${session.id}`);
  expect([held.started_at, held.ended_at]).toEqual([held.checked_in_at, held.checked_out_at]);
  expect(complaints).toEqual([]);
});

it('sends an arrival again by itself that the server could not take, and says so', async () => {
  const { made, session } = await visitNow(fresh('株式会社混雑'));
  const { page, complaints } = await visit(browser, PHONE);
  await signIn(page, 'manager');
  const answers = [
    { status: 429, headers: { 'retry-after': '2' }, json: { type: '/problems/rate-limited', status: 429, detail: '' } },
    { status: 500, json: { type: '/problems/internal', status: 500, detail: '' } },
  ];
  const keys: (string | undefined)[] = [];
  await page.route('**/check-in', async (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    const answer = answers[keys.length - 1];
    if (answer) await route.fulfill(answer);
    else await route.continue();
  });
  const card = page.getByRole('article').filter({ hasText: made.enterprise.name ?? '' });
  await card.getByRole('button', { name: '到着', exact: true }).click();
  await card.getByText('サーバーが受け取れませんでした', { exact: false }).waitFor();
  expect(await card.getByText('記録できませんでした', { exact: false }).count()).toBe(0);
  expect(await axeFindings(page)).toEqual([]);
  expect(await sideways(page)).toBe(0);
  await shoot(page, `visit-again-${PHONE.width}`);
  await expect.poll(() => keys.length, { timeout: 15_000 }).toBe(2);
  await card.getByRole('button', { name: 'いま送信する' }).click();
  await card.getByText('未送信', { exact: true }).waitFor({ state: 'detached' });
  const manager = await person('manager');
  expect((await manager<ConsultationView>(`/consultations/${session.id}`)).checked_in_at).toBeTruthy();
  expect(new Set(keys).size).toBe(1);
  expect(complaints).toEqual([]);
});

it('keeps a report without a connection, over a closed page, and sends it by itself', async () => {
  const { session } = await caseToReport(fresh('株式会社圏外'));
  await hold(await person('desk'), session);
  const { page, context, complaints } = await visit(browser, PHONE);
  await signIn(page, 'manager');
  await page.goto(`/reports/${session.id}`);
  await page.getByLabel('現状・課題').fill('紙の申請が残る');
  await context.setOffline(true);
  await page.getByText('オフラインです', { exact: false }).waitFor();
  await page.getByLabel('助言の内容').fill('電子化の順序を示した');
  await page.getByLabel('今後の進め方').fill('次回に案を見る');
  await page.getByRole('button', { name: '提出する' }).click();
  await page.getByText('接続が戻ると、自動で提出します', { exact: false }).waitFor();
  await page.getByText(UNSENT).waitFor();
  await shoot(page, `report-offline-${PHONE.width}`);
  expect(await axeFindings(page)).toEqual([]);
  expect(await sideways(page)).toBe(0);
  await page.close();

  // A new page of the same phone, back in the open.
  await context.setOffline(false);
  const later = await context.newPage();
  await later.goto('/today');
  const manager = await person('manager');
  await expect
    .poll(async () => (await manager<ReportView>(`/consultations/${session.id}/report`)).state, { timeout: 20_000 })
    .toBe('submitted');
  await later.goto(`/reports/${session.id}`);
  await later.getByText('電子化の順序を示した').waitFor();
  await expect
    .poll(() => later.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('draft'))))
    .toEqual([]);
  expect(complaints).toEqual([]);
});

it('shows both values where the desk wrote the same meanwhile, and loses none', async () => {
  const { session } = await caseToReport(fresh('株式会社両方'));
  const desk = await person('desk');
  await hold(desk, session);
  const { page, context, complaints } = await visit(browser, PHONE);
  await signIn(page, 'manager');
  await page.goto(`/reports/${session.id}`);
  await page.getByLabel('現状・課題').fill('現場の現状');
  await page.getByLabel('助言の内容').fill('現場の助言');
  await page.getByLabel('今後の進め方').fill('現場の進め方');
  await page.getByRole('button', { name: '下書きを保存' }).click();
  await page.getByText('サーバーに保存済み').waitFor();
  await context.setOffline(true);
  await page.getByLabel('助言の内容').fill('現場の新しい助言');
  await page.getByRole('button', { name: '下書きを保存' }).click();
  await page.getByText('接続が戻ると、自動で送信します', { exact: false }).waitFor();
  const stored = await desk<ReportView>(`/consultations/${session.id}/report`);
  const theirs = { situation: '窓口の現状', advice: '窓口の助言', next_steps: '現場の進め方' };
  await desk(`/consultations/${session.id}/report`, theirs, 'PUT', stored.version);
  await context.setOffline(false);

  const choice = page.getByRole('region', { name: '助言の内容' });
  await choice.getByText('窓口の助言').waitFor();
  await choice.getByText('現場の新しい助言').waitFor();
  expect(await page.getByRole('button', { name: '提出する' }).isDisabled()).toBe(true);
  await shoot(page, `report-conflict-${PHONE.width}`);
  expect(await axeFindings(page)).toEqual([]);
  await choice.getByRole('button', { name: '両方をつなげる' }).click();
  await page.getByRole('button', { name: '下書きを保存' }).click();
  await page.getByText('サーバーに保存済み').waitFor();
  const after = await desk<ReportView>(`/consultations/${session.id}/report`);
  expect(after).toMatchObject({ situation: '窓口の現状', advice: '窓口の助言\n現場の新しい助言' });
  expect(complaints).toEqual([]);
});

it('asks before signing out while something was not sent', async () => {
  const { made, session } = await caseToReport(fresh('株式会社退出'));
  await hold(await person('desk'), session);
  const { page, complaints } = await visit(browser, PHONE);
  await signIn(page, 'manager');
  await page.goto(`/reports/${session.id}`);
  await page.getByLabel('現状・課題').fill('途中');
  await page.getByText(UNSENT).waitFor();
  await page.getByRole('button', { name: /利用者メニュー/ }).click();
  await page.getByRole('button', { name: 'サインアウト', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('link', { name: made.number }).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await dialog.getByRole('button', { name: '破棄してサインアウト' }).click();
  await page.waitForURL(/\/sign-in/);
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('draft')))).toEqual([]);
  expect(complaints).toEqual([]);
});

it('says on every page that there is no connection, and goes on by itself', async () => {
  const { page, context, complaints } = await visit(browser, PHONE);
  await signIn(page, 'manager');
  await page.getByRole('heading', { level: 1, name: 'きょうの予定と依頼' }).waitFor();
  await context.setOffline(true);
  await page.getByText('オフラインです', { exact: false }).waitFor();
  await page.getByRole('link', { name: '案件一覧' }).click();
  await page.getByText('オフラインのため読み込めません').first().waitFor();
  await shoot(page, `offline-${PHONE.width}`);
  expect(await axeFindings(page)).toEqual([]);
  await context.setOffline(false);
  await page.locator('[data-row]').first().waitFor();
  await page.getByText('オフラインです', { exact: false }).waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
});
