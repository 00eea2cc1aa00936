/** Nothing typed is lost: not by an expired session, not by another person. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptedCase, fresh, person } from './api';
import { launch, PASSWORD, signIn, visit } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

it('asks to sign in again over the page, and goes on', async () => {
  const made = await acceptedCase(fresh('株式会社期限'));
  const { page, context, complaints } = await visit(browser);
  await signIn(page, 'desk');
  await page.goto(`/cases/${made.id}`);
  await page.getByRole('button', { name: '内部メモ' }).click();
  await page.getByLabel('内部メモ(職員だけに見えます)').fill('期限が切れても残るメモ');
  // The session ends on the server, as it does after days.
  await context.request.post('/api/v1/auth/logout', { headers: { 'x-requested-with': 'test' } });
  await expect
    .poll(
      async () => {
        await page
          .getByRole('button', { name: '記録する' })
          .last()
          .click({ force: true, timeout: 2_000 })
          .catch(() => undefined);
        return page.getByRole('alertdialog').isVisible();
      },
      { timeout: 30_000, interval: 1_000 },
    )
    .toBe(true);
  const dialog = page.getByRole('alertdialog');
  await dialog.getByLabel('パスワード').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'サインインして続ける' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('listitem').getByText('期限が切れても残るメモ').first().waitFor();
  expect(complaints).toEqual([]);
});

it('merges what two people changed, and asks where both changed the same', async () => {
  const made = await acceptedCase(fresh('株式会社二人'));
  const desk = await person('desk');
  const { page, complaints } = await visit(browser);
  await signIn(page, 'desk');
  await page.goto(`/cases/${made.id}`);
  await page.getByRole('button', { name: '案件を訂正' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('件名').fill('わたしの件名');
  // The other person changes the same and something else.
  const now = await desk(`/cases/${made.id}`);
  await desk(`/cases/${made.id}`, { subject: 'ほかの人の件名', how_heard: '商工会議所' }, 'PATCH', now.version);
  await dialog.getByRole('button', { name: '保存する' }).click();
  await dialog.getByText('別の人が同じ項目を変更しました').waitFor();
  expect(await dialog.getByLabel('件名').inputValue()).toBe('わたしの件名');
  await dialog.getByRole('button', { name: /あなたの入力/ }).click();
  await dialog.getByText('別の人の変更を取り込みました').waitFor();
  await dialog.getByRole('button', { name: '保存する' }).click();
  await dialog.waitFor({ state: 'hidden' });
  const after = await desk(`/cases/${made.id}`);
  expect(after.subject).toBe('わたしの件名');
  expect(after.how_heard).toBe('商工会議所');
  expect(complaints).toEqual([]);
});
