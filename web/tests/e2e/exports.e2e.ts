/** Lists as files, from the list that one looks at to the file on the disk; and other systems that are told what happens. */
import type { Browser, Locator, Page } from 'playwright-core';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CreatedWebhook } from '../../src/api/schema';
import { acceptedCase, colleague, fresh, person } from './api';
import { axeFindings, DESKTOP, launch, PHONE, shoot, sideways, signIn, visit } from './browser';
import { partsOf } from './xlsx';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** The newest of the own files with these words in it, once it can be saved. */
async function ready(page: Page, words: string): Promise<Locator> {
  const row = page.getByRole('row').filter({ hasText: words }).first();
  await row.getByText('保存できます').waitFor();
  return row;
}

/** Saves the file of a row. */
async function saved(page: Page, row: Locator): Promise<{ name: string; bytes: Buffer }> {
  const download = page.waitForEvent('download');
  await row.getByRole('button', { name: /^保存/ }).click();
  const file = await download;
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
}

it('a queue as it is filtered becomes a CSV file and a workbook', async () => {
  const { page, complaints } = await visit(browser);
  const name = fresh('株式会社書出');
  const made = await acceptedCase(name);
  await signIn(page, 'desk');
  await page.goto(`/cases?status=accepted&topic=rules&q=${encodeURIComponent(name)}`);
  await page.getByRole('link', { name }).waitFor();

  await page.getByRole('link', { name: '書き出す' }).click();
  const dialog = page.getByRole('dialog');
  for (const part of ['案件', '状態: 受理(専門家調整中)', '相談分野: 就業規則・規程', `検索: ${name}`]) {
    await dialog.getByText(part, { exact: true }).waitFor();
  }
  await dialog.getByRole('radio', { name: 'CSV' }).check();
  expect(await dialog.getByRole('radio', { name: 'UTF-8' }).isChecked()).toBe(true);
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, 'dialog-export-1440');
  await dialog.getByRole('button', { name: '書き出す' }).click();
  await page.waitForURL(/\/exports$/);
  const csv = await saved(page, await ready(page, name));
  expect(csv.name).toMatch(/^案件一覧_\d{8}\.csv$/);
  expect([...csv.bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  const [heading = '', row = '', ...more] = csv.bytes.toString('utf8').trim().split('\r\n');
  expect(heading).toContain('案件番号');
  expect(row).toContain(made.number);
  expect(row).toContain(name);
  expect(more).toEqual([]);

  await page.goBack();
  await page.getByRole('link', { name: '書き出す' }).click();
  await dialog.getByRole('button', { name: '書き出す' }).click();
  await page.waitForURL(/\/exports$/);
  const workbook = page.getByRole('row').filter({ hasText: name }).filter({ hasText: 'XLSX' });
  await workbook.getByText('保存できます').waitFor();
  await workbook.getByText(/^1件・/).waitFor();
  const xlsx = await saved(page, workbook);
  expect(xlsx.name).toMatch(/\.xlsx$/);
  expect([...partsOf(xlsx.bytes).values()].join('')).toContain(name);
  expect(await axeFindings(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

it('CP932 says which characters it does not have', async () => {
  const { page, complaints } = await visit(browser);
  const name = fresh('株式会社𠮷野');
  await acceptedCase(name);
  await signIn(page, 'desk');
  await page.goto('/exports');
  await page.getByRole('button', { name: '書き出す' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('検索').fill(name);
  await dialog.getByLabel('状態').selectOption('進行中');
  await dialog.getByRole('radio', { name: 'CSV' }).check();
  await dialog.getByRole('radio', { name: /CP932/ }).check();
  await dialog.getByRole('button', { name: '書き出す' }).click();
  const row = await ready(page, name);
  await row.getByText('状態: 進行中').waitFor();
  await row.getByText('CP932にない文字が1種類あり').click();
  await row.getByText('𠮷 1回').waitFor();
  const { bytes } = await saved(page, row);
  expect(new TextDecoder('shift_jis').decode(bytes)).toContain(name.replace('𠮷', '〓'));
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, 'exports-1440');
  await page.setViewportSize(PHONE);
  await page.getByRole('list', { name: '一覧の書き出し' }).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  expect(await sideways(page)).toBeLessThanOrEqual(0);
  await shoot(page, 'exports-390');
  expect(complaints).toEqual([]);
});

it('enterprises and a week of sessions are files too, the form has other lists', async () => {
  const { page, complaints } = await visit(browser, PHONE);
  const name = fresh('有限会社一覧');
  await acceptedCase(name);
  // Somebody new has no files yet.
  await signIn(page, await colleague('supervisor'));
  await page.goto(`/enterprises?q=${encodeURIComponent(name)}`);
  await page.getByRole('link', { name: '書き出す' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(`検索: ${name}`).waitFor();
  await dialog.getByRole('button', { name: '書き出す' }).click();
  await page.waitForURL(/\/exports$/);
  const card = page.getByRole('listitem').filter({ hasText: name }).first();
  await card.getByText(/^1件・/).waitFor();

  await page.goto('/schedule?from=2026-11-25');
  await page.getByRole('link', { name: '書き出す' }).click();
  await dialog.getByText('この日から: 11月23日(月)').waitFor();
  await dialog.getByText('この日まで: 11月29日(日)').waitFor();
  await dialog.getByRole('button', { name: 'やめる' }).click();
  await page.waitForURL(/\/schedule/);

  await page.goto('/exports');
  await page.getByRole('button', { name: '書き出す' }).click();
  await dialog.getByLabel('一覧').selectOption('対応記録');
  await dialog.getByLabel('手段').selectOption('電話');
  await dialog.getByLabel('この日まで').fill('2026-11-30');
  expect(await axeFindings(page)).toEqual([]);
  expect(await sideways(page)).toBeLessThanOrEqual(0);
  await shoot(page, 'dialog-export-390');
  await dialog.getByRole('button', { name: '書き出す' }).click();
  await dialog.waitFor({ state: 'hidden' });
  const calls = page.getByRole('listitem').filter({ hasText: '手段: 電話' }).first();
  await calls.getByText('この日まで: 11月30日(月)').waitFor();
  await calls.getByRole('button', { name: /^保存/ }).waitFor();
  expect(complaints).toEqual([]);
});

it('the auditor gets everything without what is personal, an expert their own cases', async () => {
  const { page, complaints } = await visit(browser);
  const name = fresh('株式会社秘匿');
  const made = await acceptedCase(name);
  await signIn(page, await colleague('auditor'));
  await page.getByRole('button', { name: /利用者メニュー/ }).click();
  await page.getByRole('link', { name: '一覧の書き出し' }).click();
  await page.getByRole('button', { name: '書き出す' }).click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.getByLabel('検索').count()).toBe(0);
  await dialog.getByLabel('状態').selectOption('受理(専門家調整中)');
  await dialog.getByRole('radio', { name: 'CSV' }).check();
  await dialog.getByRole('button', { name: '書き出す' }).click();
  const row = await ready(page, '個人情報は非表示');
  const text = (await saved(page, row)).bytes.toString('utf8');
  // The whole file would be too long for a message.
  expect(text.includes(made.number)).toBe(true);
  expect(text.includes(name)).toBe(false);
  expect(complaints).toEqual([]);

  const manager = await visit(browser);
  await signIn(manager.page, 'manager');
  await manager.page.goto(`/cases?status=all&q=${encodeURIComponent(name)}`);
  await manager.page.getByRole('link', { name: '書き出す' }).click();
  await manager.page.getByRole('dialog').getByText(`検索: ${name}`).waitFor();
  await manager.page.getByRole('dialog').getByRole('button', { name: '書き出す' }).click();
  await (await ready(manager.page, name)).getByText(/^0件・/).waitFor();
  expect(manager.complaints).toEqual([]);
});

it('a webhook is made, its secret is shown once, and its deliveries are seen', async () => {
  const { page, context, complaints } = await visit(browser);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const purpose = fresh('連携');
  await signIn(page, 'admin');
  await page.goto('/admin?part=webhooks');
  await page.getByRole('button', { name: '通知先を登録' }).click();
  const dialog = page.getByRole('dialog');
  const url = dialog.getByLabel('通知先のURL');
  await dialog.getByLabel('用途').fill(purpose);
  await dialog.getByRole('checkbox', { name: '案件の受付' }).check();
  // What must not be called is refused where it is typed.
  await url.fill('http://uketori.example.jp/hook');
  await dialog.getByRole('button', { name: '保存する' }).click();
  await dialog.getByText('https:// で始まるURLを入力してください。').waitFor();
  await url.fill('https://10.0.0.1/hook');
  await dialog.getByRole('button', { name: '保存する' }).click();
  await dialog.getByText('10.0.0.1 は外部から接続できないアドレスのため').waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, 'dialog-webhook-1440');
  // A name that leads inside the house is found out only when it is called.
  await url.fill('https://localhost/hook');
  await dialog.getByRole('button', { name: '保存する' }).click();

  const shown = page.getByRole('alertdialog', { name: '通知先を登録しました' });
  const secret = await shown.getByLabel('署名の鍵').inputValue();
  expect(secret).toMatch(/^whsec_/);
  await shown.getByRole('button', { name: 'コピー' }).click();
  await page.getByText('コピーしました。').waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
  expect(await axeFindings(page)).toEqual([]);
  await shown.getByRole('button', { name: '控えたので閉じる' }).click();
  await page.getByRole('heading', { level: 1, name: purpose }).waitFor();
  await page.getByText('該当する送信はありません').waitFor();
  expect(await page.content()).not.toContain(secret);

  await page.getByRole('button', { name: '接続を確認' }).click();
  const row = page.getByRole('row').filter({ hasText: '接続の確認' });
  await row.getByText('公開されていないアドレスのため、接続しません').waitFor();
  await row.getByText('送信待ち').waitFor();
  await page.getByText(/から届いていません/).waitFor();
  await row.getByRole('button', { name: /^送り直す/ }).click();
  await row.getByText(/^前の\d+回$/).waitFor();
  await row.getByText('内容').click();
  await row.getByText('"webhook.test"').waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, 'webhook-1440');
  await page.getByLabel('表示').selectOption('届きました');
  await page.getByText('該当する送信はありません').waitFor();
  await page.setViewportSize(PHONE);
  await page.getByLabel('表示').selectOption('すべて');
  await page.getByRole('list', { name: '送信の記録' }).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  expect(await sideways(page)).toBeLessThanOrEqual(0);
  await shoot(page, 'webhook-390');
  await page.setViewportSize(DESKTOP);

  // What happens is told, too.
  const number = (await acceptedCase(fresh('株式会社通知'))).number;
  const told = page.getByRole('row').filter({ hasText: number });
  await told.getByText('案件の受付').waitFor();

  await page.getByRole('button', { name: '署名の鍵を変更' }).click();
  await dialog.getByLabel('移行期間').selectOption('3日');
  await dialog.getByRole('button', { name: '署名の鍵を変更' }).click();
  const changed = page.getByRole('alertdialog', { name: '署名の鍵を変更しました' });
  const next = await changed.getByLabel('署名の鍵').inputValue();
  expect(next).toMatch(/^whsec_/);
  expect(next).not.toBe(secret);
  await changed.getByRole('button', { name: '控えたので閉じる' }).click();
  await page.getByText(/前の鍵の署名は .* まで付きます/).waitFor();

  await page.getByRole('button', { name: '停止する' }).click();
  await dialog.getByRole('button', { name: '停止する' }).click();
  await page.getByText('事務局が停止しました。').waitFor();
  expect(await page.getByRole('button', { name: '接続を確認' }).count()).toBe(0);
  await page.getByRole('button', { name: '再開する' }).click();
  await dialog.getByRole('button', { name: '再開する' }).click();
  await page.getByText('事務局が停止しました。').waitFor({ state: 'hidden' });

  await page.getByRole('button', { name: '編集' }).click();
  await dialog.getByLabel('用途').fill(`${purpose}2`);
  await dialog.getByRole('button', { name: '保存する' }).click();
  await page.getByRole('heading', { level: 1, name: `${purpose}2` }).waitFor();

  await page.getByRole('button', { name: '削除' }).click();
  await dialog.getByRole('button', { name: '削除' }).click();
  await page.getByText('通知先を削除しました。').waitFor();
  await page.getByRole('button', { name: '通知先を登録' }).waitFor();
  expect(await page.getByText(`${purpose}2`).count()).toBe(0);
  expect(complaints).toEqual([]);
});

it('the page of a webhook says why it was paused, and only the office may see it', async () => {
  const admin = await person('admin');
  const made = await admin<CreatedWebhook>('/webhooks', { url: 'https://uketori.invalid/hook' });
  try {
    await admin(`/webhooks/${made.id}`, { active: false }, 'PATCH', made.version);
    const { page, complaints } = await visit(browser);
    await signIn(page, 'admin');
    await page.goto('/admin?part=webhooks');
    const row = page.getByRole('row').filter({ hasText: made.url });
    await row.getByText('事務局が停止しました。').first().waitFor();
    await page.goto(`/admin/webhooks/${made.id}`);
    await page.getByRole('button', { name: '再開する' }).waitFor();
    expect(complaints).toEqual([]);
    const desk = await visit(browser);
    await signIn(desk.page, 'desk');
    await desk.page.goto(`/admin/webhooks/${made.id}`);
    await desk.page.getByText('このページを開く権限がありません').waitFor();
  } finally {
    await admin(`/webhooks/${made.id}`, undefined, 'DELETE');
  }
});
