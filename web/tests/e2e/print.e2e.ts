/** Paper: what comes out of the printer, by the file that the browser would print. */
import type { Browser, Page } from 'playwright-core';
import type { PageConsultationView } from '../../src/api/schema';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptedCase, fresh, person } from './api';
import { launch, signIn, visit } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** How many sheets the page is when it is printed, and how large they are in points. */
async function printed(page: Page): Promise<{ sheets: number; size: string }> {
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
  const size = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(pdf);
  return {
    sheets: pdf.match(/\/Type \/Page\b/g)?.length ?? 0,
    size: [size?.[1], size?.[2]].map((points) => Math.round(Number(points))).join('x'),
  };
}

/** A4 upright. */
const A4 = /^59[56]x842$/;

it('of a case: its sheet on one page with 令和 dates, and its history', async () => {
  const made = await acceptedCase(fresh('株式会社印刷'));
  const desk = await person('desk');
  await desk(`/cases/${made.id}/notes`, { body: '印刷に載るメモ' });
  const { page, complaints } = await visit(browser);
  await signIn(page, 'desk');
  await page.goto(`/cases/${made.id}`);
  await page.getByRole('link', { name: '印刷' }).click();
  const sheet = page.getByRole('article', { name: 'テレワーク相談票' });
  await sheet.getByText(made.number).waitFor();
  await sheet.getByText(/^令和\d+年\d+月\d+日\(.\) \d+時\d\d分$/).waitFor();
  await sheet.getByText('試験 太郎').waitFor();
  await sheet.getByRole('listitem').filter({ hasText: '労務管理' }).getByText('(該当)').waitFor({ state: 'attached' });
  const form = await printed(page);
  expect(form.sheets).toBe(1);
  expect(form.size).toMatch(A4);

  await page.getByLabel('相談票と対応履歴').check();
  const history = page.getByRole('article', { name: '対応履歴' });
  await history.getByText('印刷に載るメモ').waitFor();
  await history.getByText('受理しました', { exact: false }).waitFor();
  expect((await printed(page)).sheets).toBe(2);
  await page.getByLabel('内部メモも印刷する').uncheck();
  await history.getByText('印刷に載るメモ').waitFor({ state: 'detached' });

  // Nothing of the screen is on the paper.
  await page.emulateMedia({ media: 'print' });
  expect(await page.getByRole('banner').isVisible()).toBe(false);
  expect(await page.getByRole('button', { name: '印刷する' }).isVisible()).toBe(false);
  expect(await page.getByRole('heading', { level: 1 }).isVisible()).toBe(false);
  expect(complaints).toEqual([]);
});

it('of a report: one page with who approved it', async () => {
  const desk = await person('desk');
  const { items } = await desk<PageConsultationView>('/consultations?state=held&limit=20');
  const session = items.find(({ report }) => report === 'approved');
  if (!session) throw new Error('the demonstration has no report that was approved');
  const seen = await desk(`/cases/${session.case_id}`);
  const { page, complaints } = await visit(browser);
  await signIn(page, 'desk');
  await page.goto(`/reports/${session.id}`);
  await page.getByRole('link', { name: '印刷' }).click();
  const sheet = page.getByRole('article', { name: '支援実施報告書' });
  await sheet.getByText(seen.enterprise.name ?? '', { exact: false }).waitFor();
  await sheet.getByRole('row', { name: /^提出 令和.* 承認 令和/ }).waitFor();
  expect(await sheet.getByText('未承認', { exact: false }).count()).toBe(0);
  const { sheets, size } = await printed(page);
  expect(sheets).toBe(1);
  expect(size).toMatch(A4);
  expect(complaints).toEqual([]);
});

it('for the counter: the empty sheet, on one page', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'operator');
  await page.goto('/intake');
  await page.getByRole('link', { name: '記入用の相談票を印刷' }).click();
  await page.getByRole('article', { name: 'テレワーク相談票' }).getByText('午前・午後', { exact: false }).waitFor();
  const { sheets, size } = await printed(page);
  expect(sheets).toBe(1);
  expect(size).toMatch(A4);
  expect(complaints).toEqual([]);
});
