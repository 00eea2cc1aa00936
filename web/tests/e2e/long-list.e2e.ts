/** A list of thousands: what is far away is left out of the document, and nobody notices. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { person } from './api';
import { axeFindings, launch, PHONE, settled, signIn, sideways, visit } from './browser';

let browser: Browser;
let samples: { id: string }[];
beforeAll(async () => {
  browser = await launch();
  const admin = await person('admin');
  samples = (await admin<{ items: { id: string }[] }>('/cases?limit=50')).items;
});
afterAll(() => browser.close());

const TOTAL = 2000;

/** The queue with so many cases, made from some, all of them loaded. */
async function longQueue(page: Page): Promise<void> {
  await page.route(/\/api\/v1\/cases\?/, async (route) => {
    const { searchParams } = new URL(route.request().url());
    const from = Number(searchParams.get('cursor') ?? 0);
    const to = Math.min(TOTAL, from + Number(searchParams.get('limit')));
    const items = Array.from({ length: to - from }, (_, index) => {
      const nth = from + index;
      const id = `00000000-0000-7000-8000-${nth.toString().padStart(12, '0')}`;
      return { ...samples[nth % samples.length], id, number: `R9-${nth}` };
    });
    await route.fulfill({ json: { items, next_cursor: to < TOTAL ? String(to) : null } });
  });
  await page.route(/\/api\/v1\/cases\/counts\?/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ json: { ...((await response.json()) as object), total: TOTAL } });
  });
  await page.goto('/cases?status=all');
  for (let loaded = 50; loaded < TOTAL; loaded += 200) {
    await page.getByText(`${TOTAL} 件中 ${loaded} 件を表示`).waitFor();
    await page.getByRole('button', { name: 'さらに表示' }).click();
  }
  await page.getByText(`${TOTAL} 件中 ${TOTAL} 件を表示`).waitFor();
  await settled(page);
}

/** The number of the case that has the focus. */
const focused = (page: Page) =>
  page.evaluate(() => Number(/R9-(\d+)/.exec(document.activeElement?.closest('tr, li')?.textContent ?? '')?.[1] ?? -1));

it('has the rows in sight only, says how many there are, and shows the right ones wherever one looks', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await longQueue(page);
  const rows = page.locator('[data-row]');
  await expect.poll(() => rows.count()).toBeLessThan(80);
  expect(await page.getByRole('table').getAttribute('aria-rowcount')).toBe(String(TOTAL + 1));
  for (const part of [0.5, 0.99, 0.1]) {
    await page.evaluate((at) => scrollTo(0, document.documentElement.scrollHeight * at), part);
    await expect.poll(async () => Math.abs((await inSight(page)).first / TOTAL - part)).toBeLessThan(0.1);
    // Where one looks there are rows, one below the other, and each says which it is.
    await expect.poll(() => inSight(page)).toMatchObject({ gaps: 0 });
    const { first, count, index } = await inSight(page);
    expect(count).toBeGreaterThan(4);
    expect(index).toBe(first + 2);
  }
  expect(await axeFindings(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

/** What is in sight: the first row's number and index, how many, and places without a row between them. */
function inSight(page: Page) {
  return page.evaluate(() => {
    const numbers: number[] = [];
    let gaps = 0;
    let index = 0;
    for (let y = 80; y < innerHeight - 100; y += 20) {
      const row = document.elementFromPoint(innerWidth / 2, y)?.closest('tbody tr');
      if (!row) continue;
      const number = /R9-(\d+)/.exec(row.textContent)?.[1];
      if (number === undefined) gaps += 1;
      else {
        index ||= Number(row.getAttribute('aria-rowindex'));
        if (numbers.at(-1) !== Number(number)) numbers.push(Number(number));
      }
    }
    const jumps = numbers.filter((number, place) => place > 0 && numbers[place - 1] !== number - 1);
    return { first: numbers[0] ?? -1, count: numbers.length, gaps: gaps + jumps.length, index };
  });
}

it('is gone through with the keys, and keeps the focus out of sight', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await longQueue(page);
  await page.evaluate(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    scrollTo(0, 0);
  });
  for (let press = 0; press < 60; press += 1) await page.keyboard.press('j');
  expect(await focused(page)).toBe(59);
  await page.keyboard.press('k');
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe(59);
  // Far away from it, and back by the next key.
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2));
  await expect.poll(async () => (await inSight(page)).first).toBeGreaterThan(500);
  expect(await focused(page)).toBe(59);
  await page.keyboard.press('j');
  expect(await focused(page)).toBe(60);
  await expect.poll(async () => (await inSight(page)).first).toBeLessThan(100);
  // From below, Shift+Tab leads to the last row.
  await page.locator('footer, [data-row]').last().focus();
  expect(await focused(page)).toBe(TOTAL - 1);
  expect(complaints).toEqual([]);
});

it('is whole as soon as somebody searches in the page or prints', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await longQueue(page);
  const rows = page.locator('[data-row]');
  await expect.poll(() => rows.count()).toBeLessThan(80);
  await page.keyboard.press('Control+f');
  expect(await rows.count()).toBe(TOTAL);
  expect(complaints).toEqual([]);
});

it('is a list of cards on a phone, and the way back from a case leads to the same place', async () => {
  const { page, complaints } = await visit(browser, PHONE);
  await signIn(page, 'admin');
  await longQueue(page);
  await expect.poll(() => page.locator('[data-row]').count()).toBeLessThan(80);
  expect(await axeFindings(page)).toEqual([]);
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2));
  const middle = () =>
    page.evaluate(() => {
      const card = document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest('li');
      return Number(/R9-(\d+)/.exec(card?.textContent ?? '')?.[1] ?? -1);
    });
  await expect.poll(middle).toBeGreaterThan(500);
  await settled(page);
  const before = await middle();
  expect(await sideways(page)).toBeLessThanOrEqual(0);
  // A case that there is not: the page says so, and one goes back.
  await page
    .locator('li', { hasText: `R9-${before}` })
    .getByRole('link')
    .first()
    .click();
  await page.getByRole('heading', { name: 'このページは見つかりません' }).waitFor();
  await page.goBack();
  await expect.poll(async () => Math.abs((await middle()) - before)).toBeLessThan(3);
  expect(complaints).toEqual([]);
});
