/** Figures that reconcile: every number opens the list that it counts, closed months stay, a desk sees its own. */
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MeView } from '../../src/api/schema';
import { acceptedCase, fresh, person } from './api';
import { DESKTOP, PHONE, axeFindings, launch, settled, shoot, sideways, signIn, visit } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const numberIn = (text: string) => Number(text.replaceAll(/[^\d-]/g, ''));

/** The number of a row of a table, in its nth column. */
async function inRow(page: Page, name: string | RegExp, column = 0): Promise<Locator> {
  const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) });
  await row.first().waitFor();
  return row.first().getByRole('cell').nth(column);
}

/** Follows a number to its list, and says how long the list is. */
async function lengthBehind(page: Page, number: Locator): Promise<{ said: number; rows: number }> {
  const said = numberIn(await number.innerText());
  await number.click();
  await page.waitForURL(/\/figures\/rows/);
  const rows = page.locator('tbody tr');
  await rows.first().waitFor();
  const more = page.getByRole('button', { name: 'さらに表示' });
  for (;;) {
    await settled(page);
    if ((await more.count()) === 0) break;
    await more.click();
  }
  await page.getByText(`全 ${said} のうち ${said} を表示`).waitFor();
  return { said, rows: await rows.count() };
}

it.each([
  ['相談案件', '?by=prefecture', '大阪府'],
  ['相談案件', '?by=ministry', '総務省'],
  ['相談案件', '?by=channel&scope=all', 'ウェブ'],
  ['対応', '?report=interactions&by=kind', 'FAX'],
  ['企業・団体', '?report=enterprises&by=industry', '製造業'],
  ['コンサルティング', '?report=sessions&by=stage', '導入準備'],
  ['期限', '?report=deadlines&by=state', '期限後'],
])('a number of %s (%s, %s) is the length of its list', async (_, query, name) => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'supervisor');
  await page.goto(`/figures/tables${query}`);
  const cell = await inRow(page, name);
  const { said, rows } = await lengthBehind(page, cell.getByRole('link'));
  expect(rows).toBe(said);
  // The list says what was asked, and leads back to the table.
  await page.getByRole('listitem').filter({ hasText: name }).first().waitFor();
  expect(complaints).toEqual([]);
});

it('numbers of times, of lateness and of capacity are the lengths of their lists', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  for (const [report, caption, column] of [
    ['times', '初回回答まで', 1],
    ['lateness', '期限の遵守', 3],
    ['capacity', '専門家ごと', 3],
  ] as const) {
    await page.goto(`/figures/tables?report=${report}&by=channel`);
    const table = page.getByRole('table', { name: caption });
    const numbers = table.locator(`tbody td:nth-child(${column + 1}) a`);
    await numbers.first().waitFor();
    const { said, rows } = await lengthBehind(page, numbers.first());
    expect(rows, report).toBe(said);
  }
  expect(complaints).toEqual([]);
});

it('begins the day with numbers that open their lists', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'desk');
  await page.goto('/figures');
  for (const name of ['対応中の案件', '期限を過ぎているもの', '今年度のコンサルティング']) {
    const number = page.getByRole('link', { name: new RegExp(`^${name} \\d`) });
    await number.waitFor();
    const { said, rows } = await lengthBehind(page, number);
    expect(rows, name).toBe(said);
    await page.goBack();
  }
  expect(complaints).toEqual([]);
});

it('the map and the trends have tables with the same numbers', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await page.goto('/figures/tables?by=prefecture');
  const tiles = page.locator('[data-code]');
  await tiles.first().waitFor();
  expect(await tiles.count()).toBe(47);
  const names = (await tiles.allInnerTexts()).length;
  expect(names).toBe(47);
  for (const [name, code] of [
    ['北海道', '01'],
    ['東京都', '13'],
    ['大阪府', '27'],
    ['鹿児島県', '46'],
  ] as const) {
    const number = await (await inRow(page, name)).innerText();
    await page.getByRole('link', { name: `${name} ${number}`, exact: true }).waitFor();
    expect(numberIn(await page.locator(`[data-code="${code}"] span`).last().innerText())).toBe(numberIn(number));
  }
  // With the keys: to the south of Tokyo is Kanagawa, and Enter opens its list.
  await page.locator('[data-code="13"]').focus();
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toMatch(/^神奈川/);

  await page.goto('/figures');
  const chart = page.getByRole('img', { name: /^相談案件のグラフ/ });
  await chart.waitFor();
  const bars = await chart.locator('text.fill-ink:not(:has(tspan))').allTextContents();
  const table = page.getByRole('table', { name: '今年度の月ごとの推移' });
  expect(bars).toEqual(await table.locator('tbody td:nth-child(2)').allInnerTexts());
  const total = numberIn(await table.locator('tfoot td').first().innerText());
  expect(bars.map(numberIn).reduce((sum, count) => sum + count, 0)).toBe(total);
  const card = page.getByRole('link', { name: /^今年度の相談案件/ });
  expect(numberIn(await card.innerText())).toBe(total);
  expect(complaints).toEqual([]);
});

it('knows what was on record on another day', async () => {
  await acceptedCase(fresh('株式会社時点'));
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await page.goto('/figures/tables?by=status');
  const total = page.getByRole('link', { name: /^合計 / });
  const now = numberIn(await total.innerText());
  await page.getByText('時点・絞り込み').click();
  const yesterday = new Date(Date.now() + 9 * 3_600_000 - 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel('時点', { exact: true }).fill(yesterday);
  await page.waitForURL((url) => url.searchParams.get('as_of') === yesterday);
  await expect.poll(async () => numberIn(await total.innerText())).toBeLessThan(now);
  await page.getByRole('button', { name: /^絞り込みを外す: 時点/ }).click();
  await expect.poll(async () => numberIn(await total.innerText())).toBe(now);
  expect(complaints).toEqual([]);
});

it('a month is closed, its numbers stay, and a late entry is an adjustment with its reason', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await page.goto('/figures/periods');
  const close = page.getByRole('button', { name: /を締める$/ }).first();
  const name = ((await close.getAttribute('aria-label')) ?? '').replace(/を締める$/, '');
  const [, year = '', month = ''] = /(\d{4})年(\d+)月/.exec(name) ?? [];
  await close.click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('締めは取り消せません。').waitFor();
  await shoot(page, `period-close-${DESKTOP.width}`);
  expect(await axeFindings(page)).toEqual([]);
  await dialog.getByLabel('備考').fill('月次報告');
  await dialog.getByRole('button', { name: '締める', exact: true }).click();
  await page.getByText(`${name}を締めました。`).waitFor();
  const closed = page.getByRole('row').filter({ has: page.getByRole('link', { name }) });
  await closed.waitFor();
  const kept = numberIn(await closed.getByRole('cell').nth(1).innerText());

  // A sheet of that month comes to light afterwards.
  const operator = await person('operator');
  const late = await operator('/cases', {
    channel: 'event',
    enterprise: { kind: 'company', name: fresh('株式会社後日'), prefecture_code: '13' },
    description: '在宅勤務の規程を作りたい',
    topics: ['rules'],
    received_at: `${year}-${month.padStart(2, '0')}-15T11:00:00+09:00`,
    late_reason: '会場の相談票が後から見つかった',
  });
  await closed.getByRole('link', { name }).click();
  const cases = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: /^相談案件/ }) });
  await cases.waitFor();
  expect((await cases.getByRole('cell').allInnerTexts()).map(numberIn)).toEqual([kept, kept + 1, 1]);
  const adjustment = page.getByRole('row').filter({ hasText: late.number }).filter({ hasText: '相談案件' });
  await adjustment.waitFor();
  const text = await adjustment.innerText();
  for (const part of ['追加', '+1', '会場の相談票が後から見つかった', '案件の受付']) expect(text).toContain(part);
  await settled(page);
  await shoot(page, `period-${DESKTOP.width}`);
  expect(await axeFindings(page)).toEqual([]);
  await page.setViewportSize(PHONE);
  await shoot(page, `period-${PHONE.width}`);
  expect(await axeFindings(page)).toEqual([]);
  expect(await sideways(page)).toBe(0);
  await page.setViewportSize(DESKTOP);

  // The report of the month says what was closed; the record is there for who asks.
  const days = `from=${year}-${month.padStart(2, '0')}-01&to=${year}-${month.padStart(2, '0')}-${new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()}`;
  await page.goto(`/figures/tables?by=none&${days}`);
  await page.getByText('締め済み', { exact: true }).waitFor();
  const total = page.getByText('合計', { exact: true }).locator('xpath=..');
  expect(numberIn(await total.innerText())).toBe(kept);
  await page.goto(`/figures/tables?by=none&basis=record&${days}`);
  await expect.poll(async () => numberIn(await total.innerText())).toBe(kept + 1);
  expect(complaints).toEqual([]);
});

it('targets are entered and shown beside what is measured', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await page.goto('/figures/targets');
  await page.getByRole('button', { name: '目標を編集' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: '目標を追加' }).waitFor();
  const remove = dialog.getByRole('button', { name: /番目の目標を削除/ });
  while ((await remove.count()) > 0) await remove.first().click();
  for (const [nth, area, measure, value] of [
    [0, 'national', 'cases', '300'],
    [1, 'regional', 'introduced_share', '２５．５'],
  ] as const) {
    await dialog.getByRole('button', { name: '目標を追加' }).click();
    const target = dialog.getByRole('group', { name: `目標 ${nth + 1}` });
    await target.getByLabel('地域').selectOption(area);
    await target.getByLabel('指標').selectOption(measure);
    if (nth === 0) {
      await dialog.getByRole('button', { name: '保存する' }).click();
      await target.getByText('数値を入力してください。').waitFor();
    }
    await target.getByLabel('目標値').fill(value);
    await target.getByLabel('出典').fill('事業計画書');
  }
  await shoot(page, `targets-edit-${DESKTOP.width}`);
  expect(await axeFindings(page)).toEqual([]);
  await dialog.getByRole('button', { name: '保存する' }).click();
  await page.getByText('目標を保存しました。').waitFor();
  const national = page.getByRole('row').filter({ hasText: '300' });
  await national.waitFor();
  const measured = numberIn(await national.getByRole('link').innerText());
  await page.getByRole('row').filter({ hasText: '25.5%' }).waitFor();
  await settled(page);
  await shoot(page, `targets-filled-${DESKTOP.width}`);
  expect(await axeFindings(page)).toEqual([]);
  expect((await lengthBehindLong(page, national.getByRole('link'))).said).toBe(measured);

  // A ministry sees them, and cannot change them.
  const other = await visit(browser, PHONE);
  await signIn(other.page, 'auditor');
  await other.page.goto('/figures/targets');
  await other.page.getByText('事業計画書').first().waitFor();
  expect(await other.page.getByRole('button', { name: '目標を編集' }).count()).toBe(0);
  await shoot(other.page, `targets-filled-${PHONE.width}`);
  expect(await axeFindings(other.page)).toEqual([]);
  expect(await sideways(other.page)).toBe(0);
  expect([...complaints, ...other.complaints]).toEqual([]);
});

/** Of long lists only what is in sight is in the document: the page says how many there are. */
async function lengthBehindLong(page: Page, number: Locator): Promise<{ said: number }> {
  await number.click();
  await page.waitForURL(/\/figures\/rows/);
  const said = numberIn(await page.getByText(/^集計の数/).innerText());
  await page.getByText(new RegExp(`^全 ${said} のうち`)).waitFor();
  return { said };
}

it('a desk sees only its own, and an auditor no names', async () => {
  const name = fresh('株式会社自分');
  const made = await acceptedCase(name);
  const desk = await person('desk');
  const { desk_id } = await desk<MeView>('/me');
  const own = await visit(browser);
  await signIn(own.page, 'desk');
  await own.page.goto('/figures/tables?by=desk');
  const rows = own.page.locator('tbody tr');
  await rows.first().waitFor();
  expect(await rows.count()).toBe(1);
  const number = numberIn(await rows.first().getByRole('link').innerText());
  await rows.first().getByRole('link').click();
  await own.page.waitForURL((url) => url.searchParams.get('desk') === desk_id);
  await own.page.getByRole('link', { name: made.number }).waitFor();
  await own.page.goto('/figures/periods');
  await own.page.getByRole('heading', { name: '締めた期間' }).waitFor();
  expect(await own.page.getByRole('button', { name: /を締める$/ }).count()).toBe(0);

  const all = await visit(browser);
  await signIn(all.page, 'auditor');
  await all.page.goto('/figures/tables?by=desk');
  const theirs = all.page.getByRole('row').filter({ hasText: '東京窓口' });
  await theirs.waitFor();
  expect(numberIn(await theirs.getByRole('link').innerText())).toBe(number);
  expect(await all.page.locator('tbody tr').count()).toBeGreaterThan(5);
  await theirs.getByRole('link').click();
  await all.page.getByText(made.number).waitFor();
  expect(await all.page.locator('main').innerText()).not.toContain(name);
  expect(await all.page.getByRole('link', { name: made.number }).count()).toBe(0);
  expect([...own.complaints, ...all.complaints]).toEqual([]);
});

it('prints a report without what is only for the screen, with both counts of years', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await page.goto('/figures/tables?by=prefecture&topic=labour');
  await page.locator('[data-code]').first().waitFor();
  await page.emulateMedia({ media: 'print' });
  await settled(page);
  const main = await page.locator('main').innerText();
  for (const part of ['令和8年度', '相談分野: 労務管理', '北海道']) expect(main).toContain(part);
  for (const part of ['期間', '印刷', '2つ目の区分']) expect(main).not.toContain(part);
  await shoot(page, 'figures-print');
  expect(complaints).toEqual([]);
});
