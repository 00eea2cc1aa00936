/** Debian's Chromium, steered by playwright-core; whatever a page complains about fails the run. */
import { chromium, type Browser, type Page } from 'playwright-core';

export const PASSWORD = 'madoguchi-demo-2026';

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ARGS });
}

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** A page of a fresh visitor in Japan, which collects what goes wrong in it. */
export async function visit(browser: Browser, base: string, viewport = DESKTOP) {
  const context = await browser.newContext({ baseURL: base, viewport, locale: 'ja-JP', timezoneId: 'Asia/Tokyo' });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // An answer that says no is the API's business; the pages show it.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(message.text());
    }
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(base)) complaints.push(`a request to another host: ${request.url()}`);
  });
  return { page, complaints };
}

export async function signIn(page: Page, role: string): Promise<void> {
  await page.goto('/sign-in');
  await page.getByLabel('メールアドレス').fill(`${role}@demo.example.jp`);
  await page.getByLabel('パスワード').fill(PASSWORD);
  await page.getByRole('button', { name: 'サインイン' }).click();
  await page.waitForURL((url) => url.pathname !== '/sign-in');
}
