/** The audit trail: for the office everything that was done, for the auditor the proof. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditHead, Coverage, Desk, MeView } from '../../src/api/schema';
import { acceptedCase, fresh, person } from './api';
import { axeFindings, DESKTOP, launch, PHONE, settled, shoot, signIn, sideways, visit } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

it('shows the office what was done on a case, by an address that can be kept', async () => {
  const made = await acceptedCase(fresh('株式会社証跡'));
  const admin = await person('admin');
  await admin('/users?limit=1');
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await page.goto('/audit');
  const filter = page.getByRole('form', { name: '記録を絞り込む' });
  await filter.getByLabel('案件番号').fill(made.number);
  await filter.getByRole('button', { name: '絞り込む' }).click();
  await page.waitForURL((url) => url.searchParams.get('case') === made.number);
  const table = page.getByRole('table', { name: '操作の記録' });
  await table.getByRole('cell', { name: '案件の受付', exact: true }).waitFor();
  expect(await table.getByRole('cell', { name: '案件の状態の変更', exact: true }).count()).toBe(2);
  expect(await table.getByRole('link', { name: made.number }).count()).toBeGreaterThan(2);

  // One kind of them, of today.
  await filter.getByLabel('操作の種類').selectOption('case_created');
  const today = new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 10);
  await filter.getByLabel('開始日').fill(today);
  await filter.getByLabel('終了日').fill(today);
  await filter.getByRole('button', { name: '絞り込む' }).click();
  await page.waitForURL((url) => url.searchParams.get('what') === 'case_created');
  await expect.poll(() => table.locator('tbody tr').count()).toBe(1);
  await page.reload();
  await expect.poll(() => table.locator('tbody tr').count()).toBe(1);
  await table.getByText('内訳', { exact: true }).last().click();
  await table.getByText('ハッシュ値').waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, `audit-case-${DESKTOP.width}`);
  await table.getByRole('link', { name: made.number }).click();
  await page.waitForURL(new RegExp(`/cases/${made.id}`));

  // By who did it.
  const operator = await (await person('operator'))<MeView>('/me');
  await page.goto(`/audit?who=${operator.id}`);
  await table.waitFor();
  const names = await table.locator('tbody tr td:nth-child(3)').allInnerTexts();
  expect(new Set(names.map((text) => text.split('\n')[0]))).toEqual(new Set([operator.name]));

  // A number that is none is told at its field.
  await page.goto('/audit?case=R0-000000');
  await filter.getByText('案件が見つかりません', { exact: false }).waitFor();
  expect(complaints).toEqual([]);
});

it('has room on a phone', async () => {
  const { page, complaints } = await visit(browser, PHONE);
  await signIn(page, 'admin');
  await page.goto('/audit');
  await page.getByRole('list', { name: '操作の記録' }).waitFor();
  await settled(page);
  expect(await axeFindings(page)).toEqual([]);
  expect(await sideways(page)).toBeLessThanOrEqual(0);
  await shoot(page, `audit-${PHONE.width}`);
  expect(complaints).toEqual([]);
});

it('leads an auditor to the proof, and gives them what to keep outside', async () => {
  const { page, context, complaints } = await visit(browser);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await signIn(page, 'auditor');
  await page.getByRole('navigation').getByRole('link', { name: '監査証跡' }).first().click();
  await page.waitForURL(/\/audit$/);
  await page.getByRole('button', { name: '控えをコピー' }).click();
  await page.getByText('控えをコピーしました。').waitFor();
  const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as AuditHead;
  expect(copied.events).toBeGreaterThan(0);
  expect(copied.office?.hash).toMatch(/^[0-9a-f]{64}$/);
  expect(await page.getByRole('table').count()).toBe(0);
  expect(asked).not.toContain('/api/v1/audit');

  await page.getByRole('button', { name: 'いま全体を検証する' }).click();
  await page.getByText('改変は見つかりませんでした').waitFor({ timeout: 120_000 });
  await settled(page);
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, `audit-auditor-${DESKTOP.width}`);
  expect(complaints).toEqual([]);
});

it('says that copying failed, as a failure', async () => {
  const { page, complaints } = await visit(browser, PHONE);
  await signIn(page, 'auditor');
  await page.addInitScript(() => {
    navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'));
  });
  await page.goto('/audit');
  await page.getByRole('button', { name: '控えをコピー' }).click();
  const failure = page.getByRole('alert').filter({ hasText: 'コピーできませんでした' });
  await failure.waitFor();
  expect(await page.getByRole('status').filter({ hasText: 'コピーできませんでした' }).count()).toBe(0);
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, `toast-failure-${PHONE.width}`);
  await failure.getByRole('button', { name: '閉じる' }).click();
  await failure.waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
});

it('names the municipalities that a desk covers', async () => {
  const admin = await person('admin');
  const desk = await admin<Desk>('/desks', { name: fresh('試験窓口'), code: fresh('t').slice(-8).toLowerCase() });
  const area = await admin<Coverage>(`/desks/${desk.id}/coverage`, { municipality_code: '141046', from: '2026-04-01' });
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await page.goto('/admin?part=desks');
  await page
    .getByRole('row')
    .filter({ hasText: desk.name })
    .getByRole('button', { name: /担当地域/ })
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('神奈川県横浜市中区').waitFor();
  expect(await dialog.getByText(area.municipality_code ?? '').count()).toBe(0);
  expect(complaints).toEqual([]);
});
