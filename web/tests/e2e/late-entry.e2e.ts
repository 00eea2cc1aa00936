/** A stack of papers typed in one after the other, by keyboard. */
import type { Browser, Page } from 'playwright-core';
import type { PageCaseView } from '../../src/api/schema';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fresh, person } from './api';
import { axeFindings, focusedLabel, launch, signIn, tabTo, visit } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Types one sheet from the time on. */
async function typeSheet(page: Page, name: string) {
  // The half of the day is asked for by browsers in English only.
  await page.keyboard.type('1030AM');
  await tabTo(page, '氏名');
  await page.keyboard.type('紙野 一枚');
  await tabTo(page, '名称');
  await page.keyboard.type(name);
  await tabTo(page, '郵便番号');
  await page.keyboard.type('１００−０００１');
  await expect.poll(() => page.getByLabel('住所', { exact: false }).inputValue()).toBe('千代田区');
  await tabTo(page, '内容');
  await page.keyboard.type('在宅勤務の規程を作りたい');
  await tabTo(page, '就業規則・規程');
  await page.keyboard.press('Space');
  await page.getByText(/東京窓口\(東京都を担当\)/).waitFor({ state: 'attached' });
}

it('keeps what the sheets have in common, lists what was entered, and loses nothing', async () => {
  const [first, second] = [fresh('株式会社一枚目'), fresh('株式会社二枚目')];
  const { page, complaints } = await visit(browser);
  await signIn(page, 'operator');
  await page.goto('/intake');
  await page.getByRole('link', { name: '紙の相談票をまとめて入力' }).click();
  await page.getByRole('heading', { level: 1, name: '紙の相談票の入力' }).waitFor();
  // The day of the event, once for the whole stack.
  await expect.poll(() => focusedLabel(page)).toBe('受付日');
  // In what order the parts of a day are typed is up to the language of the browser.
  await page.getByLabel('受付日').fill('2026-10-20');
  await tabTo(page, '受付者');
  await page.keyboard.type('村瀬');
  await page.getByLabel('受付時刻').focus();
  await typeSheet(page, first);
  await page.keyboard.press('Control+Enter');
  await page.getByText('今回入力した相談票(1枚)').waitFor();
  await expect.poll(() => focusedLabel(page)).toBe('受付時刻');
  expect(await page.getByLabel('受付日').inputValue()).toBe('2026-10-20');
  expect(await page.getByLabel('受付者').inputValue()).toBe('村瀬');
  expect(await page.getByLabel('名称').inputValue()).toBe('');
  expect(await page.getByLabel('受付の方法').inputValue()).toBe('event');

  // A reload in the middle of the second, and a sign-in that is over.
  await typeSheet(page, second);
  await page.reload();
  await page.getByText('保存していない1枚の続きです。').waitFor();
  expect(await page.getByLabel('名称').inputValue()).toBe(second);
  await page.getByRole('link', { name: /^TW-/ }).first().waitFor();
  // A reload scrolls back to where one was: what lies half under the head of the page is too small a target to axe.
  await page.evaluate(() => scrollTo(0, 0));
  expect(await axeFindings(page)).toEqual([]);
  await page.getByLabel('内容').press('Control+Enter');
  await page.getByText('今回入力した相談票(2枚)').waitFor();

  // The case has the time on the paper, and who received it.
  const operator = await person('operator');
  const { items } = await operator<PageCaseView>(`/cases?q=${encodeURIComponent(second)}`);
  expect(items.map(({ received_at, flags }) => [Date.parse(received_at), flags])).toEqual([
    [Date.parse('2026-10-20T10:30:00+09:00'), ['late_entry']],
  ]);
  const flags = await operator<{ items: { reason: string }[] }>(`/cases/${items[0]?.id ?? ''}/flags`);
  expect(flags.items[0]?.reason).toBe('紙の相談票から入力(受付者: 村瀬)');
  // And stands on its sheet.
  await page.getByRole('link', { name: items[0]?.number ?? '', exact: true }).click();
  await page.getByRole('link', { name: '印刷', exact: true }).click();
  await page.getByText('紙の相談票から入力(受付者: 村瀬)', { exact: false }).waitFor();
  expect(complaints).toEqual([]);
});

it('leads to correcting and to closing what was entered by mistake', async () => {
  const name = fresh('株式会社書き損じ');
  const { page, complaints } = await visit(browser);
  await signIn(page, 'desk');
  await page.goto('/late-entry');
  await page.getByLabel('受付時刻').fill('09:15');
  await page.getByLabel('受付日').fill('2026-10-21');
  await page.getByLabel('名称').fill(name);
  await page.getByRole('button', { name: '保存して次の1枚へ' }).click();
  await page.getByText('入力内容を確かめてください').waitFor();
  await expect.poll(() => page.getByLabel('内容').getAttribute('aria-invalid')).toBe('true');
  await page.getByLabel('内容').fill('規程について');
  await page.getByLabel('その他').check();
  await page.getByRole('button', { name: '保存して次の1枚へ' }).click();
  await page.getByRole('link', { name: /^訂正: TW-/ }).click();
  await page.getByRole('dialog', { name: '案件を訂正' }).waitFor();
  await page.keyboard.press('Escape');
  await page.goBack();
  await page.getByRole('link', { name: /^取り消す: TW-/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('取下げ').check();
  await dialog.getByRole('button', { name: '終了する' }).click();
  await page.getByText('終了済み').waitFor();
  expect(complaints).toEqual([]);
});
