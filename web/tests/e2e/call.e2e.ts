/** The operator's call: one screen, the keyboard only. */
import type { Browser } from 'playwright-core';
import type { PageCaseView } from '../../src/api/schema';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptedCase, fresh, person } from './api';
import { launch, signIn, tabTo, visit } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

it('of a new caller goes to the desk of the place in one act', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'operator');
  await page.goto('/intake');
  await page.getByRole('heading', { level: 1, name: '新規受付' }).waitFor();
  const begun = Date.now();
  const name = fresh('株式会社電話試験');
  await page.keyboard.type(`035${String(Date.now()).slice(-7)}`);
  await page.getByText('初めての相談者です').waitFor();
  await tabTo(page, '氏名');
  await page.keyboard.type('佐藤 恵');
  await tabTo(page, '名称');
  await page.keyboard.type(name);
  await tabTo(page, '都道府県');
  await page.keyboard.type('とうきょう');
  await page.keyboard.press('Enter');
  await tabTo(page, '内容');
  await page.keyboard.type('在宅勤務の規程を作りたい');
  await tabTo(page, '就業規則・規程');
  await page.keyboard.press('Space');
  await page.getByText(/東京窓口\(東京都を担当\)/).waitFor({ state: 'attached' });
  await page.keyboard.press('Control+Enter');
  await page.getByText('東京窓口へ振り分けました。').waitFor();
  expect(Date.now() - begun).toBeLessThan(60_000);
  // The next call is one key away.
  await page.keyboard.press('Enter');
  await page.getByLabel('電話番号', { exact: true }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.getAttribute('type'))).toBe('tel');
  expect(complaints).toEqual([]);
});

it('of a known caller shows what there was, and takes the enterprise with Alt+1', async () => {
  const name = fresh('有限会社再相談');
  const phone = `035${String(Date.now()).slice(-7)}`;
  const operator = await person('operator');
  await operator('/cases', {
    channel: 'phone',
    enterprise: { kind: 'company', name, prefecture_code: '13', phone },
    contacts: [{ role: 'primary', name: '再度 相談', phone }],
    description: '先月の相談',
    topics: ['ict'],
  });
  const { page, complaints } = await visit(browser);
  await signIn(page, 'operator');
  await page.goto(`/intake?phone=${phone}`);
  await page.getByText('今年度に使った無料コンサルティング').waitFor();
  await page.getByText('先月の相談').first().waitFor();
  await page.keyboard.press('Alt+Digit1');
  await page.getByText('登録済みの企業・団体').waitFor();
  await page.getByLabel('内容').fill('機器の選び方');
  await page.getByLabel('ツール・機器').check();
  await page.getByLabel('その場で回答して終了').check();
  await page.getByLabel('回答の内容').fill('資料を案内した');
  await page.getByRole('button', { name: '記録して終了する' }).click();
  await page.getByText('回答で終了しました。').waitFor();
  // What was entered is found within a second.
  const outcome = async () =>
    (await operator<PageCaseView>(`/cases?q=${encodeURIComponent(name)}&status=closed`)).items[0]?.outcome;
  await expect.poll(outcome, { timeout: 10_000 }).toBe('answered');
  expect(complaints).toEqual([]);
});

it('shows every faulty field where it is', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'operator');
  await page.goto('/intake');
  await page.getByLabel('電話番号', { exact: true }).fill('12');
  await page.getByLabel('法人番号').fill('1234567890123');
  await page.getByLabel('受付だけ行う').check();
  await page.getByRole('button', { name: '保存する' }).click();
  await page.getByText('入力内容を確かめてください').waitFor();
  await page.getByText('法人番号の検査数字が合いません', { exact: false }).waitFor();
  expect(await page.getByLabel('電話番号', { exact: true }).getAttribute('aria-invalid')).toBe('true');
  expect(await page.getByLabel('内容').getAttribute('aria-invalid')).toBe('true');
  expect(complaints).toEqual([]);
});

it('can be opened by the list with j and Enter', async () => {
  await acceptedCase(fresh('株式会社鍵盤'));
  const { page, complaints } = await visit(browser);
  await signIn(page, 'desk');
  await page.locator('[data-row]').first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  const first = await page.locator('[data-row]').first().innerText();
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(first);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: first }).waitFor();
  // The focus is on the heading, so that a screen reader says where one is.
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
  expect(complaints).toEqual([]);
});
