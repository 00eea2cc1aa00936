/** A case from the call to its closing without a mouse: the operator's call, the desk, the expert, and the desk again. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fresh, person } from './api';
import { focusedLabel, launch, PASSWORD, tabTo, visit, type Visit } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

it('takes a case from the call to its closing', async () => {
  const name = fresh('株式会社鍵盤試験');
  const operator = await keyboardOnly('operator');
  const number = await receive(operator.page, name);

  const desk = await keyboardOnly('desk');
  await find(desk.page, number, name);
  const expert = await acceptAndOffer(desk.page);

  const manager = await keyboardOnly(await accountOf(expert));
  await holdAndReport(manager.page, name);

  await approveAndClose(desk.page);
  const found = await (await person('desk'))(`/cases/by-number/${number}`);
  expect(found).toMatchObject({ status: 'closed', outcome: 'completed' });
  expect([...operator.complaints, ...desk.complaints, ...manager.complaints]).toEqual([]);
});

/** A visitor who signs in with the keys; a pointer is a complaint. */
async function keyboardOnly(account: string): Promise<Visit> {
  const visitor = await visit(browser);
  const { page } = visitor;
  await page.addInitScript(() => addEventListener('pointerdown', () => console.error('a pointer was used'), true));
  await page.goto('/sign-in');
  await focusOn(page, 'メールアドレス');
  await page.keyboard.type(`${account}@demo.example.jp`);
  await tabTo(page, 'パスワード');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  // The heading of the first page.
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
  return visitor;
}

/** Waits for the focus where somebody goes on, so that the next keys are not lost. */
function focusOn(page: Page, text: string) {
  return expect.poll(() => focusedLabel(page)).toContain(text);
}

async function press(page: Page, button: string, key: 'Enter' | 'Space' = 'Enter') {
  await tabTo(page, button);
  await page.keyboard.press(key);
}

/** Takes the call, after a try that forgot half of it, and gives the number of the case. */
async function receive(page: Page, name: string): Promise<string> {
  await tabTo(page, '新規受付', 'Shift+Tab');
  await page.keyboard.press('Enter');
  await focusOn(page, '電話番号');
  await page.keyboard.type(`035${String(Date.now()).slice(-7)}`);
  await tabTo(page, '氏名');
  await page.keyboard.type('鍵山 恵');
  await tabTo(page, '都道府県');
  await page.keyboard.type('とうきょう');
  await page.keyboard.press('Enter');
  await page.getByText(/東京窓口\(東京都を担当\)/).waitFor({ state: 'attached' });
  await page.keyboard.press('Control+Enter');
  // All that is missing at once, and the first of it has the focus.
  await focusOn(page, '名称');
  expect(await page.getByText('入力してください').count()).toBe(1);
  expect(await page.getByText('1つ以上選んでください').count()).toBe(1);
  await page.keyboard.type(name);
  await tabTo(page, '内容');
  await page.keyboard.type('在宅勤務の規程を作りたい');
  await press(page, '就業規則・規程', 'Space');
  await page.keyboard.press('Control+Enter');
  await focusOn(page, '次の受付へ');
  const said = await page.getByText(/^TW-\S+ を受け付けました/).innerText();
  return /TW-\d{4}-\d+/.exec(said)?.[0] ?? '';
}

/** By the search, which a key leads to from everywhere. */
async function find(page: Page, number: string, name: string) {
  await page.keyboard.press('/');
  await focusOn(page, '番号・電話・企業名');
  await page.keyboard.type(number);
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name }).first().waitFor();
  await press(page, name);
  await focusOn(page, name);
}

/** The desk's part before the support; gives the name of the expert. */
async function acceptAndOffer(page: Page): Promise<string> {
  await press(page, '受理');
  await focusOn(page, '相談者へ初回の連絡をする');
  await press(page, '連絡を記録');
  await focusOn(page, '内容');
  await page.keyboard.type('進め方を説明した');
  await press(page, '記録する');
  await focusOn(page, '専門家を選んで打診する');
  await press(page, '専門家に打診');
  await focusOn(page, '専門家に打診');
  // Without a choice nothing is sent, and the focus leads to it.
  await page.getByRole('dialog').getByRole('radio').nth(2).waitFor();
  await press(page, '打診する');
  await page.getByText('専門家を選んでください').waitFor();
  await focusOn(page, '氏名・所属・資格で絞り込み');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  const [expert = ''] = /^\S+ \S+/.exec(await focusedLabel(page)) ?? [];
  await press(page, '打診する');
  await focusOn(page, '専門家の回答を待つ');
  return expert;
}

/** What stands before the @ of an expert's address. */
async function accountOf(expert: string): Promise<string> {
  const admin = await person('admin');
  const found = await admin<{ items: { email: string }[] }>(`/users?q=${encodeURIComponent(expert)}`);
  return found.items[0]?.email.split('@')[0] ?? '';
}

/** The expert's part: the answer, a session of some nights ago that is entered afterwards, and its report. */
async function holdAndReport(page: Page, name: string) {
  await tabToIn(page, name, '承諾する');
  await page.keyboard.press('Enter');
  await focusOn(page, name);
  await tabToIn(page, name, '日程を予約');
  await page.keyboard.press('Enter');
  await focusOn(page, '第1回の日程を予約');
  const { date, time } = someNight();
  await tabTo(page, '日付');
  await typeDate(page, date);
  await tabTo(page, '開始時刻');
  // The half of the day is asked for by browsers in English only.
  await page.keyboard.type(`${time}AM`);
  await tabTo(page, '事後入力の理由');
  await page.keyboard.type('予約簿から後日入力');
  await press(page, '予約する');
  // The dialog opened with the page, and gives the focus back to its heading.
  await page.getByText('実施の結果を記録する').waitFor();
  await focusOn(page, name);
  await press(page, '実施を記録');
  await focusOn(page, '実施を記録');
  await press(page, '実施済として記録');
  await focusOn(page, '実施報告書を提出する');
  await press(page, '報告書を書く');
  await focusOn(page, '支援実施報告書');
  for (const [label, text] of [
    ['現状・課題', '規程がない'],
    ['助言の内容', 'ひな型を示した'],
    ['今後の進め方', '案を作る'],
  ] as const) {
    await tabTo(page, label);
    await page.keyboard.type(text);
  }
  await press(page, '提出する');
  await focusOn(page, name);
}

async function approveAndClose(page: Page) {
  // It comes in while the desk looks at the case.
  await page.getByText('実施報告書を確かめて承認する').waitFor({ timeout: 45_000 });
  await press(page, '報告書を確認');
  await focusOn(page, '支援実施報告書');
  await press(page, '承認する');
  await page.getByText('次の回の日程を決める').waitFor();
  await press(page, '終了');
  await focusOn(page, '案件を終了');
  await press(page, '終了する');
  await focusOn(page, '終了済み');
}

/** Tab until this stands in the entry of that enterprise: an expert may have several. */
async function tabToIn(page: Page, name: string, label: string) {
  await page.getByRole('article').filter({ hasText: name }).first().waitFor();
  for (let tries = 0; tries < 30; tries += 1) {
    await tabTo(page, label);
    const entry = await page.evaluate(() => document.activeElement?.closest('article')?.textContent ?? '');
    if (entry.includes(name)) return;
  }
  throw new Error(`Tab does not lead to ${label} of ${name}`);
}

/** Types a date into its field, whose parts stand in the order of the browser's own language. */
async function typeDate(page: Page, date: string) {
  const [year, month, day] = date.split('-');
  const typed = () => page.evaluate(() => (document.activeElement as HTMLInputElement).value);
  await page.keyboard.type(`${month}${day}${year}`);
  if ((await typed()) !== date) {
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.type(`${year}${month}${day}`);
  }
  expect(await typed()).toBe(date);
}

/** A day of the last weeks in Japan, and a time early in its morning: others for every minute of an hour. */
function someNight(): { date: string; time: string } {
  const minute = Math.floor(Date.now() / 60_000);
  const day = new Date((minute + 9 * 60 - (2 + (minute % 20)) * 24 * 60) * 60_000);
  const after = 60 + (minute % 60) * 5;
  const two = (n: number) => String(n).padStart(2, '0');
  return { date: day.toISOString().slice(0, 10), time: `${two(Math.floor(after / 60))}${two(after % 60)}` };
}
