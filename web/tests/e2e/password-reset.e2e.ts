/** A forgotten password: the mail, its link, a new password. The mail is read where the server writes what it would send. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { colleague, person } from './api';
import { axeFindings, launch, PASSWORD, PHONE, shoot, sideways, signIn, visit } from './browser';

const FOLDER = process.env['MAIL_FOLDER'];

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** What the links of all mails to this address carry. */
function tokensFor(folder: string, address: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.eml'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .filter((mail) => mail.includes(`<${address}>`))
    .map((mail) => {
      const [, ...parts] = mail.split(/\r?\n\r?\n/);
      return /\/password-reset#token=([\w-]+)/.exec(Buffer.from(parts.join(''), 'base64').toString())?.[1] ?? '';
    })
    .filter(Boolean);
}

it('says the same whether the address is known', async () => {
  const { page, complaints } = await visit(browser, PHONE);
  const known = `${await colleague('operator')}@demo.example.jp`;
  const said: string[] = [];
  for (const address of [known, `un${known}`]) {
    await page.goto('/sign-in');
    await page.getByRole('link', { name: 'パスワードを忘れた' }).click();
    await page.getByLabel('メールアドレス').fill(address);
    await page.getByRole('button', { name: 'リンクを送る' }).click();
    await page.getByRole('heading', { level: 1, name: 'メールを確認してください' }).waitFor();
    said.push((await page.getByRole('main').innerText()).replaceAll(address, ''));
  }
  expect(said[0]).toBe(said[1]);
  expect(await axeFindings(page)).toEqual([]);
  expect(await sideways(page)).toBe(0);
  await page.getByRole('button', { name: '別のアドレスで送り直す' }).click();
  await page.getByLabel('メールアドレス').fill('nobody');
  await page.getByRole('button', { name: 'リンクを送る' }).click();
  await page.getByLabel('メールアドレス').and(page.locator('[aria-invalid=true]')).waitFor();
  expect(complaints).toEqual([]);
});

it('a link that counts no longer leads to a new one', async () => {
  const { page, complaints } = await visit(browser);
  await page.goto('/password-reset#token=Cp02NYP83hz9u4yWV7bTqAAtoB4796qelikbTWdhue0');
  await page.getByRole('heading', { level: 1, name: '新しいパスワードを決める' }).waitFor();
  await page.getByLabel('新しいパスワード').fill('a mountain under seven lamps');
  await page.getByRole('button', { name: 'パスワードを変更' }).click();
  await page.getByText('このリンクは使えません').waitFor();
  await page.getByRole('button', { name: 'リンクを送る' }).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

it.skipIf(!FOLDER)('the link of the mail sets a new password, once', async () => {
  const folder = FOLDER ?? '';
  const who = await colleague('operator');
  const address = `${who}@demo.example.jp`;
  const { page, complaints } = await visit(browser, PHONE);
  await page.goto('/password-reset');
  await page.getByLabel('メールアドレス').fill(address);
  await page.getByRole('button', { name: 'リンクを送る' }).click();
  await page.getByRole('heading', { level: 1, name: 'メールを確認してください' }).waitFor();
  await expect.poll(() => tokensFor(folder, address)).toHaveLength(1);
  const [token = ''] = tokensFor(folder, address);

  await page.goto('/sign-in');
  await page.goto(`/password-reset#token=${token}`);
  const field = page.getByLabel('新しいパスワード');
  await field.fill('password123');
  // The token is nowhere to be seen, nor to be gone back to.
  expect(page.url()).not.toContain('token');
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, 'password-reset-choose-390');
  await page.getByRole('button', { name: 'パスワードを変更' }).click();
  // Refused in words; the token still counts.
  await page.getByText(/＊推測されやすいパスワードです/).waitFor();
  await field.fill('a mountain under seven lamps');
  await page.getByRole('button', { name: 'パスワードを変更' }).click();
  await page.getByRole('heading', { level: 1, name: 'パスワードを変更しました' }).waitFor();
  await page.getByRole('link', { name: 'サインインへ' }).click();
  await page.getByLabel('メールアドレス').fill(address);
  await page.getByLabel('パスワード').fill('a mountain under seven lamps');
  await page.getByRole('button', { name: 'サインイン', exact: true }).click();
  await page.waitForURL((url) => url.pathname !== '/sign-in');

  // The old one again.
  await page.goto('/account');
  await page.getByLabel('現在のパスワード').fill('a mountain under seven lamps');
  await page.getByLabel('新しいパスワード').fill(PASSWORD);
  await page.getByRole('button', { name: 'パスワードを変更' }).click();
  await page.getByText(/パスワードを変更しました/).waitFor();
  await (
    await person(who)
  )('/me');
  const again = await visit(browser);
  await signIn(again.page, who);
  expect(complaints).toEqual([]);
});
