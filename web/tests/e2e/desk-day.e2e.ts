/** The desk's day: a new case arrives, is accepted, gets an expert and three sessions, and no fourth. */
import type { Browser } from 'playwright-core';
import type { MeView } from '../../src/api/schema';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fresh, person } from './api';
import { launch, signIn, visit } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

it('takes a case from arrival to closing', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'desk');
  await page.getByRole('heading', { level: 1, name: '案件一覧' }).waitFor();

  // It arrives while the list is open.
  const name = fresh('株式会社窓口試験');
  const operator = await person('operator');
  const { desk_id } = await (await person('desk'))<MeView>('/me');
  const made = await operator('/cases', {
    channel: 'phone',
    enterprise: { kind: 'company', name, prefecture_code: '13' },
    contacts: [{ role: 'primary', name: '試験 花子', phone: '03-5550-4321' }],
    subject: '在宅勤務の規程',
    description: '在宅勤務の規程を作りたい',
    topics: ['rules'],
    desired_mode: 'online',
  });
  await operator(`/cases/${made.id}/route`, { desk_id });
  await page.getByLabel('並び順').selectOption('-received_at');
  await page.getByRole('link', { name }).click({ timeout: 45_000 });

  // Accept, and the first contact.
  await page.getByRole('heading', { level: 1, name }).waitFor();
  await page.getByText('内容を確かめて受理する').waitFor();
  await page.getByRole('button', { name: '受理', exact: true }).click();
  await page.getByText('相談者へ初回の連絡をする').waitFor();
  await page.getByText('いまできない操作とその理由').click();
  await page.getByText('予約できるのは、担当の専門家が決まった後です。').waitFor();
  await page.getByRole('button', { name: '連絡を記録' }).click();
  await page.keyboard.type('進め方を説明した');
  await page.getByRole('button', { name: '記録する' }).first().click();
  await page.getByText('専門家を選んで打診する').waitFor();

  // An expert, who accepts on the phone.
  await page.getByRole('button', { name: '専門家に打診' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: /黒田 聡子/ }).check();
  await dialog.getByLabel('電話で承諾を得た').check();
  await dialog.getByRole('button', { name: '担当として記録する' }).click();
  await page.getByText('第1回の日程を決める').waitFor();

  // The first session was last week and is entered afterwards.
  await page.getByRole('button', { name: '日程を予約' }).first().click();
  await dialog.getByLabel('日付').fill(past(7 + ((Math.floor(Date.now() / 60_000) * 3) % 40)));
  await dialog.getByLabel('開始時刻').fill(quarter());
  await dialog.getByRole('button', { name: '予約する' }).click();
  await dialog.getByText('入力してください').first().waitFor();
  await dialog.getByLabel('事後入力の理由').fill('予約簿から後日入力');
  await dialog.getByRole('button', { name: '予約する' }).click();
  await page.getByText('実施の結果を記録する').waitFor();
  await page.getByRole('button', { name: '実施を記録' }).first().click();
  await dialog.getByRole('button', { name: '実施済として記録' }).click();
  await dialog.waitFor({ state: 'hidden' });

  // Two more in free times.
  for (const nth of [2, 3]) {
    await page.getByRole('button', { name: '日程を予約' }).first().click();
    await dialog.getByRole('heading', { name: `第${nth}回の日程を予約` }).waitFor();
    await dialog.getByRole('button', { name: '次の週' }).click();
    await dialog
      .locator('dd label')
      .nth(nth * 3)
      .click();
    await dialog.getByRole('button', { name: '予約する' }).click();
    await dialog.waitFor({ state: 'hidden' });
  }
  await page.getByText('3回のうち3回使用・残り0回').waitFor();
  expect(await page.getByRole('button', { name: '日程を予約' }).count()).toBe(0);
  // It may still stand open.
  const reasons = page.locator('details').filter({ hasText: 'いまできない操作とその理由' });
  if (!(await reasons.locator('dl').isVisible())) await reasons.locator('summary').click();
  await page.getByText('無料で使える回数をすべて使っています。').waitFor();

  // Closing is refused in words, until what is ahead is cancelled and the report approved.
  await page.getByRole('button', { name: '終了', exact: true }).click();
  await dialog.getByRole('button', { name: '終了する' }).click();
  await dialog.getByRole('alert').waitFor();
  expect(await dialog.getByRole('alert').innerText()).toMatch(/案件の今の状態では実行できません[\s\S]*。/);
  await dialog.getByRole('button', { name: 'やめる' }).click();
  for (let left = 2; left > 0; left -= 1) {
    await page.getByRole('button', { name: '取消', exact: true }).first().click();
    await dialog.getByLabel('理由').fill('企業の都合');
    await dialog.getByRole('button', { name: '予約を取り消す' }).click();
    await page.getByText(`3回のうち${left}回使用`).waitFor();
  }
  await page
    .getByRole('link', { name: /報告書を書く/ })
    .first()
    .click();
  await page.getByLabel('現状・課題').fill('規程がない');
  await page.getByLabel('助言の内容').fill('ひな型を示した');
  await page.getByLabel('今後の進め方').fill('案を作る');
  await page.getByRole('button', { name: '提出する' }).click();
  await page.getByRole('link', { name: '報告書を確認', exact: true }).click();
  await page.getByRole('button', { name: '承認する' }).click();
  // The next step is on the page of the case.
  await page.getByText('次の回の日程を決める').waitFor();
  await page.getByRole('button', { name: '終了', exact: true }).click();
  await dialog.getByRole('button', { name: '終了する' }).click();
  await page.getByText('終了済み').waitFor();
  await page.getByText('終了しました(支援完了)').waitFor();
  expect(complaints).toEqual([]);
});

/** A date so many days ago in Japan, never of a weekend. */
function past(days: number): string {
  const day = new Date(Date.now() + 9 * 3_600_000 - days * 86_400_000);
  while (day.getUTCDay() === 0 || day.getUTCDay() === 6) day.setUTCDate(day.getUTCDate() - 1);
  return day.toISOString().slice(0, 10);
}

/** A time early in the morning, another one for every run of a day. */
function quarter(): string {
  const minutes = (Math.floor(Date.now() / 60_000) % 60) * 5;
  return `${String(1 + Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}
