/** What the first look at a page costs: bytes over the wire, and times as Lighthouse names them. */
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, settled, signIn, visit } from '../e2e/browser';

/** A phone of the middle class beside the machine of a developer. */
const SLOWER = 4;
/** The middle of so many loads is told. */
const LOADS = 5;

/** Who looks, where, and what must be there before it counts as drawn. */
const PAGES = [
  ['admin', '/cases?status=all', '[data-row]', 'queue, 50 rows'],
  ['desk', '/cases', '[data-row]', 'queue of a desk'],
  ['operator', '/intake', 'form', 'intake'],
  ['manager', '/today', 'h2', 'today'],
] as const;

interface Load {
  fcp: number;
  lcp: number;
  /** The part of long tasks beyond 50 ms, from the first paint until the page is drawn: what a finger would wait. */
  blocked: number;
  drawn: number;
  rows: number;
  scripts: string[];
  styles: string[];
}

let browser: Browser;
const lines: string[] = [];
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  const table = [
    `| page, CPU ${SLOWER}× slower, cold cache | script gzip | style gzip | FCP | LCP | blocked | drawn |`,
    '|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
  writeFileSync('shots/measure.md', `${table}\n`);
  console.log(table);
});

/** Collects what the browser tells only those who listen from the beginning. */
function listen() {
  const seen = { lcp: 0, tasks: [] as [number, number][] };
  new PerformanceObserver((list) => {
    for (const { startTime } of list.getEntries()) seen.lcp = startTime;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) seen.tasks.push([startTime, duration]);
  }).observe({ type: 'longtask', buffered: true });
  Object.assign(window, { seen });
}

async function load(context: BrowserContext, path: string, drawnWith: string): Promise<Load> {
  const page: Page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  await page.addInitScript(listen);
  await page.goto(path, { waitUntil: 'commit' });
  await page.locator(drawnWith).first().waitFor();
  const drawn = await page.evaluate(() => performance.now());
  await settled(page);
  const found = await page.evaluate((end) => {
    const { seen } = window as unknown as { seen: { lcp: number; tasks: [number, number][] } };
    const fcp = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0;
    const files = performance.getEntriesByType('resource').map(({ name }) => name);
    return {
      fcp,
      lcp: seen.lcp,
      blocked: seen.tasks
        .filter(([start]) => start >= fcp && start <= end)
        .reduce((sum, [, duration]) => sum + Math.max(0, duration - 50), 0),
      rows: document.querySelectorAll('[data-row]').length,
      scripts: files.filter((name) => name.endsWith('.js')),
      styles: files.filter((name) => name.endsWith('.css')),
    };
  }, drawn);
  await page.close();
  return { ...found, drawn };
}

async function compressed(files: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const file of files) {
    bytes += gzipSync(Buffer.from(await (await fetch(file)).arrayBuffer()), { level: 9 }).length;
  }
  return bytes;
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

it.each(PAGES)('%s %s', async (role, path, drawnWith, name) => {
  const { page, context } = await visit(browser);
  await signIn(page, role);
  const loads: Load[] = [];
  for (let round = 0; round < LOADS; round += 1) loads.push(await load(context, path, drawnWith));
  const [first] = loads;
  if (!first) throw new Error('nothing was loaded');
  if (name.includes('50 rows')) expect(first.rows).toBeGreaterThanOrEqual(20);
  const kilobytes = async (files: readonly string[]) => `${((await compressed(files)) / 1000).toFixed(1)} kB`;
  const ms = (of: (one: Load) => number) => `${Math.round(middle(loads.map(of)))} ms`;
  lines.push(
    `| ${name} | ${await kilobytes(first.scripts)} | ${await kilobytes(first.styles)} | ${ms(({ fcp }) => fcp)} | ${ms(({ lcp }) => lcp)} | ${ms(({ blocked }) => blocked)} | ${ms(({ drawn }) => drawn)} |`,
  );
});
