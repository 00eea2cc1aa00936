/** Nothing typed is lost: not by an expired session, not by another person, not by a lost connection. */
import type { Browser } from 'playwright-core';
import type { ConsultationView } from '../../src/api/schema';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptedCase, demoManager, fresh, person, type Person } from './api';
import { launch, PASSWORD, PHONE, signIn, visit } from './browser';

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

it('keeps a report on the phone while the connection is away', async () => {
  const made = await acceptedCase(fresh('株式会社圏外'));
  const desk = await person('desk');
  const manager_id = await demoManager();
  await desk(`/cases/${made.id}/offers`, { manager_id, line: 'labour', note: '年内に一回目を' });

  const { page, context, complaints } = await visit(browser, PHONE);
  await signIn(page, 'manager');
  // The offer, without anything by which to reach a person.
  const offer = page.getByRole('article').filter({ hasText: made.number });
  await offer.waitFor();
  expect(await offer.innerText()).not.toContain('試験 太郎');
  await offer.getByRole('button', { name: '承諾する' }).click();
  await page.getByText('承諾しました').waitFor();

  // A session that was held; entered by the desk.
  const { starts_at, ends_at, id } = await firstFree(desk, made.id);
  await desk(`/consultations/${id}/hold`, {
    started_at: starts_at,
    ended_at: ends_at,
    mode: 'online',
    attendees: ['試験 太郎'],
    desk_attended: false,
  });
  await page.goto(`/reports/${id}`);
  await page.getByLabel('現状・課題').fill('紙の申請が残る');
  await context.setOffline(true);
  await page.getByLabel('助言の内容').fill('電子化の順序を示した');
  await page.getByLabel('今後の進め方').fill('次回に案を見る');
  await page.getByRole('button', { name: '下書きを保存' }).click();
  await page.getByText('サーバーに接続できません').waitFor();
  await context.setOffline(false);
  await page.reload();
  await page.getByText('前回の入力の続きです。').waitFor();
  expect(await page.getByLabel('助言の内容').inputValue()).toBe('電子化の順序を示した');
  await page.getByRole('button', { name: '提出する' }).click();
  await page.getByText('窓口の報告書承認を待つ').waitFor();
  expect(complaints).toEqual([]);
});

/** A session in the first night, three weeks ago and before, in which the expert is free: earlier runs took others. */
async function firstFree(desk: Person, id: string): Promise<ConsultationView> {
  const begin = Date.now() - 20 * 86_400_000 - (Date.now() % 86_400_000) + 15 * 3_600_000;
  for (let night = 0; night < 200; night += 1) {
    const at = (hours: number) => new Date(begin - night * 86_400_000 + hours * 3_600_000).toISOString();
    try {
      return await desk<ConsultationView>(`/cases/${id}/consultations`, {
        starts_at: at(0),
        ends_at: at(1),
        mode: 'online',
        late_reason: '試験',
      });
    } catch (error) {
      if (!String(error).includes('manager-double-booked')) throw error;
    }
  }
  throw new Error('no free night');
}
