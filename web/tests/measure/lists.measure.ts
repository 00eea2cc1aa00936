/**
 * What long lists cost: script, style and layout while the next entries come in and while a key is pressed, and how much is in
 * the document. The entries are made up from some of the server's, so that any number can be had.
 */
import { writeFileSync } from 'node:fs';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, it } from 'vitest';
import { person } from '../e2e/api';
import { launch, settled, signIn, visit } from '../e2e/browser';

const KEYS = 20;

interface Sampled {
  items: unknown[];
}

let browser: Browser;
const lines: string[] = [];
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  const table = [
    '| list | entries | elements in the document | last “more”: script, style and layout | one key: script, style and layout |',
    '|---|---|---|---|---|',
    ...lines,
  ].join('\n');
  writeFileSync('shots/measure-lists.md', `${table}\n`);
  console.log(table);
});

/** Seconds so far, as the browser counts them. */
async function spent(devtools: CDPSession): Promise<number[]> {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return ['ScriptDuration', 'RecalcStyleDuration', 'LayoutDuration'].map(
    (name) => metrics.find((metric) => metric.name === name)?.value ?? 0,
  );
}

function drawn(page: Page): Promise<void> {
  return page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))),
  );
}

async function cost(devtools: CDPSession, page: Page, times: number, act: () => Promise<void>): Promise<string> {
  const before = await spent(devtools);
  await act();
  await drawn(page);
  const after = await spent(devtools);
  return `${after.map((seconds, index) => (((seconds - (before[index] ?? 0)) * 1000) / times).toFixed(1)).join(' + ')} ms`;
}

/** Answers a list of the API with so many entries, made from samples. */
async function fill(
  page: Page,
  url: RegExp,
  total: number,
  make: (index: number) => unknown,
): Promise<{ loaded: () => number }> {
  let loaded = 0;
  await page.route(url, async (route) => {
    const { searchParams } = new URL(route.request().url());
    const from = Number(searchParams.get('cursor') ?? 0);
    const to = Math.min(total, from + Number(searchParams.get('limit') ?? 50));
    const items = Array.from({ length: to - from }, (_, index) => make(from + index));
    loaded = to;
    await route.fulfill({ json: { items, next_cursor: to < total ? String(to) : null } });
  });
  return { loaded: () => loaded };
}

const uuid = (index: number) => `00000000-0000-7000-8000-${index.toString().padStart(12, '0')}`;

interface List {
  role: string;
  path: string;
  url: RegExp;
  total: number;
  more: string;
  make: (index: number) => unknown;
  /** What takes the keys. */
  at: string;
  key: string;
}

async function look(name: string, { role, path, url, total, more, make, at, key }: List) {
  const { page, context } = await visit(browser);
  await signIn(page, role);
  const { loaded } = await fill(page, url, total, make);
  const devtools = await context.newCDPSession(page);
  await devtools.send('Performance.enable');
  await page.goto(path);
  const button = page.getByRole('button', { name: more, exact: true });
  let last = '';
  while (loaded() < total) {
    await button.waitFor();
    const before = loaded();
    last = await cost(devtools, page, 1, async () => {
      await button.click();
      while (loaded() === before) await new Promise((resolve) => setTimeout(resolve, 10));
      await settled(page);
    });
  }
  const elements = await page.evaluate(() => document.querySelectorAll('*').length);
  await page.locator(at).first().focus();
  await drawn(page);
  const press = await cost(devtools, page, KEYS, async () => {
    for (let index = 0; index < KEYS; index += 1) {
      await page.keyboard.press(key);
      await drawn(page);
    }
  });
  lines.push(`| ${name} | ${total} | ${elements} | ${last} | ${press} |`);
}

it('the queue', async () => {
  const admin = await person('admin');
  const { items } = await admin<Sampled>('/cases?limit=50');
  const make = (index: number) => ({ ...(items[index % items.length] as object), id: uuid(index) });
  const url = /\/api\/v1\/cases\?/;
  const at = '[data-row]';
  const list = { role: 'admin', path: '/cases?status=all', url, more: 'さらに表示', make, at, key: 'j' };
  await look('queue', { ...list, total: 2000 });
});

it('the hits of a search', async () => {
  const admin = await person('admin');
  const { items } = await admin<{ items: { case: object }[] }>(
    `/search?q=${encodeURIComponent('テレワーク')}&limit=20`,
  );
  const make = (index: number) => {
    const found = items[index % items.length];
    return { ...found, case: { ...found?.case, id: uuid(index) } };
  };
  const url = /\/api\/v1\/search\?/;
  const list = {
    role: 'admin',
    path: '/search?q=テレワーク',
    url,
    more: 'さらに表示',
    make,
    at: '[data-row]',
    key: 'Tab',
  };
  await look('search', { ...list, total: 2000 });
});

it('the history of a case', async () => {
  const admin = await person('admin');
  const cases = (await admin<{ items: { id: string }[] }>('/cases?limit=50')).items;
  const samples: object[] = [];
  for (const { id } of cases.slice(0, 20)) {
    samples.push(...((await admin<Sampled>(`/cases/${id}/timeline?limit=50`)).items as object[]));
  }
  const make = (index: number) => ({ ...samples[index % samples.length], seq: 1000 - index });
  const url = /\/api\/v1\/cases\/[^/]+\/timeline\?/;
  const path = `/cases/${cases[0]?.id}`;
  const list = { role: 'admin', path, url, more: '以前の履歴を表示', make, at: 'main textarea', key: 'a' };
  await look('history of a case', { ...list, total: 1000 });
});
