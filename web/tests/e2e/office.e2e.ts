/** The programme office: the map of coverage, closures, tokens, and enterprises that turn out to be one. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EnterpriseView } from '../../src/api/schema';
import { fresh, person } from './api';
import { axeFindings, launch, shoot, signIn, visit } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

it('the map says who covers a prefecture, by keyboard too, and takes another area', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await page.goto('/admin?part=map');
  await page.getByRole('button', { name: /^東京 全域/ }).focus();
  await page.keyboard.press('ArrowLeft');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('data-code'))).toBe('11');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: '埼玉県の担当' });
  await dialog.getByLabel('市区町村', { exact: false }).first().fill('川越市');
  await dialog.getByLabel('該当する市区町村').selectOption({ label: '川越市' });
  await dialog.getByLabel('開始日').fill('2030-04-01');
  await dialog.getByRole('button', { name: '地域を追加' }).click();
  const remove = dialog.getByRole('button', { name: /^削除: .*川越市/ });
  await remove.waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, 'dialog-coverage-1440');
  await remove.click();
  await remove.waitFor({ state: 'hidden' });
  expect(complaints).toEqual([]);
});

it('a closure is entered, refused in words where it is wrong, and taken back', async () => {
  const { page, complaints } = await visit(browser);
  const reason = fresh('点検');
  await signIn(page, 'admin');
  await page.goto('/admin?part=calendar');
  await page.getByRole('button', { name: '休業・臨時開所を登録' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('最初の日').fill('2027-02-03');
  await dialog.getByRole('button', { name: '保存する' }).click();
  await dialog.getByLabel('理由').and(page.locator('[aria-invalid=true]')).waitFor();
  await dialog.getByLabel('理由').fill(reason);
  await dialog.getByRole('button', { name: '保存する' }).click();
  await dialog.waitFor({ state: 'hidden' });
  const row = page.getByRole('row').filter({ hasText: reason });
  await row.getByRole('button').click();
  await dialog.getByRole('button', { name: '取り消す' }).click();
  await row.waitFor({ state: 'hidden' });
  expect(complaints).toEqual([]);
});

it('a manager is away for a day, and the office takes it back', async () => {
  const reason = fresh('研修');
  const manager = await visit(browser);
  await signIn(manager.page, 'manager');
  await manager.page.getByRole('button', { name: /利用者メニュー/ }).click();
  await manager.page.getByRole('link', { name: '不在・利害関係' }).click();
  await manager.page.getByRole('button', { name: '不在を登録' }).click();
  const dialog = manager.page.getByRole('dialog');
  await dialog.getByLabel('最初の日').fill('2028-02-03');
  await dialog.getByLabel('理由').fill(reason);
  await dialog.getByRole('button', { name: '保存する' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await manager.page.getByRole('row').filter({ hasText: reason }).waitFor();
  expect(await axeFindings(manager.page)).toEqual([]);
  await shoot(manager.page, 'availability-1440');
  const address = manager.page.url();
  expect(manager.complaints).toEqual([]);

  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await page.goto(address);
  await page.getByRole('heading', { level: 1, name: /さんの不在と利害関係/ }).waitFor();
  const row = page.getByRole('row').filter({ hasText: reason });
  await row.getByRole('button').click();
  await page.getByRole('dialog').getByRole('button', { name: '取り消す' }).click();
  await row.waitFor({ state: 'hidden' });
  expect(complaints).toEqual([]);
});

it('a token is shown once, works, and is revoked', async () => {
  const { page, complaints } = await visit(browser);
  const name = fresh('集計');
  await signIn(page, 'desk');
  await page.goto('/tokens');
  await page.getByRole('button', { name: 'トークンを発行' }).click();
  await page.getByLabel('用途').fill(name);
  await page.getByLabel('read_cases').check();
  await page.getByRole('button', { name: '発行する' }).click();
  const secret = page.getByRole('alertdialog').getByLabel('トークン');
  expect((await secret.inputValue()).length).toBeGreaterThan(20);
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole('button', { name: '控えたので閉じる' }).click();
  expect(await page.content()).not.toContain('alertdialog');
  await page.getByRole('button', { name: `失効させる: ${name}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: '失効させる' }).click();
  await page.getByText(name).first().waitFor({ state: 'hidden' });
  expect(complaints).toEqual([]);
});

it('two enterprises that are one are merged, and the one chosen stays', async () => {
  const supervisor = await person('supervisor');
  const name = fresh('株式会社統合');
  const make = (phone: string) =>
    supervisor<EnterpriseView>('/enterprises', { kind: 'company', name, prefecture_code: '13', phone });
  const [first, second] = [await make('03-5551-0001'), await make('03-5551-0002')];
  const { page, complaints } = await visit(browser);
  await signIn(page, 'supervisor');
  await page.goto(`/enterprises/${first.id}`);
  await page.getByRole('button', { name: '統合する' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: /^相手/ }).or(dialog.getByRole('radio').nth(1)).first().check();
  await dialog.getByLabel('同じ企業・団体と分かった理由').fill('電話で確認した');
  expect(await axeFindings(page)).toEqual([]);
  await dialog.getByRole('button', { name: '統合する' }).click();
  await page.waitForURL((url) => url.pathname === `/enterprises/${second.id}`);
  const gone = await supervisor<EnterpriseView>(`/enterprises/${first.id}`);
  expect(gone.merged_into).toBe(second.id);
  expect(complaints).toEqual([]);
});
