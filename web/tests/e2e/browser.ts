/** Debian's Chromium, steered by playwright-core; whatever a page complains about fails the test. */
import { mkdirSync } from 'node:fs';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Page, type Request } from 'playwright-core';
import { onTestFinished } from 'vitest';

export const PASSWORD = 'madoguchi-demo-2026';
export const PAGES_URL = process.env['PAGES_URL'] ?? 'http://127.0.0.1:5173';

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--lang=ja-JP',
];

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ARGS });
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  /** Errors in the console, broken policies, requests to other hosts. */
  complaints: string[];
}

/** What a page is fetching, without the stream of news. */
const underWay = new WeakMap<Page, Set<Request>>();

let visits = 0;

/** A page of a fresh visitor in Japan. */
export async function visit(browser: Browser, viewport = DESKTOP): Promise<Visit> {
  const context = await browser.newContext({
    baseURL: PAGES_URL,
    viewport,
    locale: 'ja-JP',
    timezoneId: 'Asia/Tokyo',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  // Several people may be at work in one test.
  visits += 1;
  const nth = visits;
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // An answer that says no is the API's business; the pages show it.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(message.text());
    }
  });
  const open = new Set<Request>();
  underWay.set(page, open);
  page.on('requestfinished', (request) => void open.delete(request));
  page.on('requestfailed', (request) => void open.delete(request));
  page.on('request', (request) => {
    if (!request.url().endsWith('/api/v1/events')) open.add(request);
    if (!request.url().startsWith(PAGES_URL)) complaints.push(`a request to another host: ${request.url()}`);
  });
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') await tellWhatThereWas(context, `${task.name} ${nth}`, complaints);
    await context.close();
  });
  return { page, context, complaints };
}

/** What somebody needs who was not there: where the page was, what it complained about, and how it looked. */
async function tellWhatThereWas(context: BrowserContext, name: string, complaints: readonly string[]) {
  for (const page of context.pages()) {
    const file = `failed ${name.replaceAll(/[^\p{L}\p{N}]+/gu, ' ').trim()}`;
    await shoot(page, file).catch(() => undefined);
    console.error([`${page.url()}, see shots/${file}.png`, ...complaints].join('\n  '));
  }
}

export async function signIn(page: Page, role: string): Promise<void> {
  await page.goto('/sign-in');
  await page.getByLabel('メールアドレス').fill(`${role}@demo.example.jp`);
  await page.getByLabel('パスワード').fill(PASSWORD);
  await page.getByRole('button', { name: 'サインイン' }).click();
  await page.waitForURL((url) => url.pathname !== '/sign-in');
}

/** The name of what has the focus. */
export function focusedLabel(page: Page): Promise<string> {
  return page.evaluate(() => {
    const focused = document.activeElement as HTMLInputElement | null;
    return focused?.labels?.[0]?.innerText ?? focused?.getAttribute('aria-label') ?? focused?.textContent ?? '';
  });
}

/** Tab until the focus is where it should be, or back to it. */
export async function tabTo(page: Page, label: string, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press(key);
    if ((await focusedLabel(page)).startsWith(label)) return;
  }
  throw new Error(`Tab does not lead to ${label}`);
}

/**
 * What axe finds, in one line each.
 *
 * A bar at the edge of the window may happen to lie over half of a target, which axe takes for a small target. One can
 * scroll it free, so that is done before such a finding counts.
 */
export async function axeFindings(page: Page): Promise<string[]> {
  // Evaluated by the debugger, which the content security policy does not bind.
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { run } = (window as unknown as { axe: typeof axe }).axe;
    const smallWhenFree = async (target: axe.NodeResult['target']) => {
      const selector = String(target[0]);
      document.querySelector(selector)?.scrollIntoView({ block: 'center', behavior: 'instant' });
      return (await run(selector, { runOnly: { type: 'rule', values: ['target-size'] } })).violations.length > 0;
    };
    const { violations } = await run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    const [left, top] = [scrollX, scrollY];
    const findings: string[] = [];
    for (const { id, help, nodes } of violations) {
      const html: string[] = [];
      for (const node of nodes) {
        if (id !== 'target-size' || (await smallWhenFree(node.target))) html.push(node.html);
      }
      if (html.length > 0) findings.push(`${id}: ${help} (${html.join(' | ')})`);
    }
    scrollTo({ left, top, behavior: 'instant' });
    return findings;
  });
}

/** How far a page can be pushed sideways, in pixels. */
export function sideways(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}

/** Keeps a picture of the page below web/shots, which is not committed. */
export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync('shots', { recursive: true });
  await page.screenshot({ path: `shots/${name}.png`, fullPage: true });
}

const QUIET_MS = 500;

/**
 * Waits until nothing is being fetched: `networkidle` would wait for ever, because the stream of news never ends.
 */
export async function settled(page: Page): Promise<void> {
  const open = underWay.get(page) ?? new Set<Request>();
  let quietSince = Date.now();
  while (Date.now() - quietSince < QUIET_MS) {
    if (open.size > 0) quietSince = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
