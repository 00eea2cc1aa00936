/** What the first look at a page costs: bytes over the wire, and times as Lighthouse names them, at a laptop and on a phone. */
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { person } from '../e2e/api';
import { DESKTOP, launch, PHONE, settled, signIn, visit } from '../e2e/browser';

/** The second is what Lighthouse takes for a phone: a slow 4G line, and a processor four times slower. */
const DEVICES = [
  { device: 'laptop', viewport: DESKTOP, slower: 1, line: undefined },
  { device: 'phone', viewport: PHONE, slower: 4, line: { latency: 150, kilobits: 1_638 } },
] as const;
type Device = (typeof DEVICES)[number];
/** The middle of so many loads is told. */
const LOADS = 5;

/** Who looks, where, and what must be there before it counts as drawn. */
const PAGES = [
  ['admin', '/cases?status=all', '[data-row]', 'queue, 50 rows'],
  ['desk', 'a case', '#timeline li', 'case'],
  ['operator', '/intake', 'form', 'intake'],
  ['manager', '/today', 'h2', 'today'],
] as const;

/** The first look at the queue has to do with less script than this, compressed. */
const MOST_SCRIPT = 150_000;

interface Load {
  fcp: number;
  lcp: number;
  /** How far things moved after they were drawn, without a unit. */
  cls: number;
  /** When the answer came that it shows, from the moment in which it was asked for. */
  answered: number;
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
    '| page, cold cache | device | script, gzip | style, gzip | FCP | LCP | TBT | CLS | drawn | of it API |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
  writeFileSync('shots/measure.md', `${table}\n`);
  console.log(table);
});

/** Collects what the browser tells only those who listen from the beginning. */
function listen() {
  const seen = { lcp: 0, cls: 0, tasks: [] as [number, number][] };
  new PerformanceObserver((list) => {
    for (const { startTime } of list.getEntries()) seen.lcp = startTime;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
  new PerformanceObserver((list) => {
    const shifts = list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[];
    for (const { value, hadRecentInput } of shifts) if (!hadRecentInput) seen.cls += value;
  }).observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) seen.tasks.push([startTime, duration]);
  }).observe({ type: 'longtask', buffered: true });
  Object.assign(window, { seen });
}

async function load(context: BrowserContext, path: string, drawnWith: string, device: Device): Promise<Load> {
  const page: Page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: device.slower });
  if (device.line) {
    const { latency, kilobits } = device.line;
    const throughput = (kilobits * 1000) / 8;
    const line = { offline: false, latency, downloadThroughput: throughput, uploadThroughput: throughput / 2 };
    await devtools.send('Network.enable');
    await devtools.send('Network.emulateNetworkConditions', line);
  }
  await page.addInitScript(listen);
  await page.goto(path, { waitUntil: 'commit' });
  await page.locator(drawnWith).first().waitFor();
  const drawn = await page.evaluate(() => performance.now());
  await settled(page);
  const found = await page.evaluate((end) => {
    const { seen } = window as unknown as { seen: { lcp: number; cls: number; tasks: [number, number][] } };
    const resources = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    const answers = resources.filter(({ name }) => /\/api\/v1\/(?!events|me$|auth)/.test(name));
    const fcp = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0;
    // Until it was drawn: what is fetched afterwards holds nothing up.
    const files = resources.filter(({ startTime }) => startTime <= end).map(({ name }) => name);
    return {
      fcp,
      lcp: seen.lcp,
      cls: seen.cls,
      answered: Math.max(0, ...answers.filter(({ startTime }) => startTime <= end).map(({ duration }) => duration)),
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

const looks = PAGES.flatMap((page) => DEVICES.map((device) => [...page, device.device, device] as const));

it.each(looks)('%s %s %s %s, %s', async (role, path, drawnWith, name, _, device) => {
  const { page, context } = await visit(browser, device.viewport);
  await signIn(page, role);
  const [known] = (await (await person(role))<{ items: { id: string }[] }>('/cases?limit=1')).items;
  const address = path === 'a case' ? `/cases/${known?.id}` : path;
  const loads: Load[] = [];
  for (let round = 0; round < LOADS; round += 1) loads.push(await load(context, address, drawnWith, device));
  const [first] = loads;
  if (!first) throw new Error('nothing was loaded');
  const script = await compressed(first.scripts);
  if (name.startsWith('queue')) {
    expect(first.rows).toBeGreaterThanOrEqual(20);
    // On a slow line what goes on behind the page begins before the rows are there, and is counted with them.
    if (device.line === undefined) expect(script).toBeLessThan(MOST_SCRIPT);
  }
  const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
  const ms = (of: (one: Load) => number) => `${Math.round(middle(loads.map(of)))} ms`;
  lines.push(
    `| ${[
      name,
      device.device,
      kilobytes(script),
      kilobytes(await compressed(first.styles)),
      ms(({ fcp }) => fcp),
      ms(({ lcp }) => lcp),
      ms(({ blocked }) => blocked),
      middle(loads.map(({ cls }) => cls)).toFixed(3),
      ms(({ drawn }) => drawn),
      ms(({ answered }) => answered),
    ].join(' | ')} |`,
  );
});
