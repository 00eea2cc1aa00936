/** What a first look may cost. */
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, settled, signIn, visit } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Bytes of compressed script before the queue is drawn. */
const MOST_SCRIPT = 150_000;

it('the queue is drawn with less than 150 kB of script, and fetches nothing for long lists', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'desk');
  // What goes on behind the page is fetched after it, however slow this machine is.
  await page.route('**/assets/background-*.js', (route) => route.abort());
  await page.goto('/cases');
  await page.locator('[data-row]').first().waitFor();
  const files = await page.evaluate(() =>
    performance.getEntriesByType('resource').flatMap(({ name }) => (name.endsWith('.js') ? [name] : [])),
  );
  let bytes = 0;
  for (const file of files) {
    bytes += gzipSync(Buffer.from(await (await fetch(file)).arrayBuffer()), { level: 9 }).length;
  }
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(MOST_SCRIPT);
  await settled(page);
  const later = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
  expect(later.filter((name) => name.includes('list-window'))).toEqual([]);
  expect(complaints).toEqual([]);
});
