/** What others do appears by itself, and takes neither the place nor what is typed. */
import type { Browser, Page } from 'playwright-core';
import type { MeView } from '../../src/api/schema';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptedCase, atQuietDesk, fresh, person } from './api';
import { axeFindings, DESKTOP, launch, PHONE, settled, shoot, signIn, sideways, visit } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Far below the 20 seconds after which a list asks by itself. */
const SOON = { timeout: 8_000 };

/** Signs in, and waits until news arrives. */
async function follow(page: Page, role: string): Promise<void> {
  const stream = page.waitForResponse((response) => response.url().endsWith('/api/v1/events'));
  await signIn(page, role);
  await stream;
}

/** A case that waits for the Tokyo desk. */
async function routedCase(name: string) {
  const [operator, desk] = [await person('operator'), await person('desk')];
  const { desk_id } = await desk<MeView>('/me');
  const made = await operator('/cases', {
    channel: 'phone',
    enterprise: { kind: 'company', name, prefecture_code: '13' },
    contacts: [{ role: 'primary', name: '試験 太郎', phone: '03-5550-1234' }],
    description: '在宅勤務の規程を作りたい',
    topics: ['rules'],
  });
  return operator(`/cases/${made.id}/route`, { desk_id });
}

it('brings a new case into the queue while somebody types', async () => {
  const { page, complaints } = await visit(browser);
  await follow(page, 'desk');
  await page.goto('/cases?sort=-received_at');
  await page.locator('[data-row]').first().waitFor();
  await page.mouse.move(5, 5);
  const field = page.getByRole('searchbox', { name: '一覧の中を検索' });
  await field.pressSequentially('入力の途');
  const name = fresh('株式会社到着');
  await routedCase(name);
  await page.getByRole('link', { name }).waitFor(SOON);
  await field.pressSequentially('中');
  expect(await field.inputValue()).toBe('入力の途中');
  expect(complaints).toEqual([]);
});

it('does not move the row that has the focus, and offers what came', async () => {
  const { page, complaints } = await visit(browser);
  await follow(page, 'desk');
  await page.goto('/cases?sort=-received_at');
  const rows = page.locator('[data-row]');
  await rows.first().waitFor();
  await rows.nth(1).focus();
  const before = await rows.nth(1).innerText();
  const place = await rows.nth(1).boundingBox();
  const name = fresh('株式会社後着');
  await routedCase(name);
  const offer = page.getByText('新しい案件が1件');
  await offer.waitFor(SOON);
  expect(await rows.nth(1).innerText()).toBe(before);
  expect(await rows.nth(1).boundingBox()).toEqual(place);
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(before);
  await shoot(page, `queue-news-${DESKTOP.width}`);
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole('button', { name: '一覧を更新' }).click();
  await page.getByRole('link', { name }).waitFor();
  await offer.waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
});

it("shows somebody else's note while a reply is typed", async () => {
  const made = await acceptedCase(fresh('株式会社同時'));
  const { page, complaints } = await visit(browser);
  await follow(page, 'desk');
  await page.goto(`/cases/${made.id}`);
  await page.getByRole('button', { name: 'メール', exact: true }).click();
  const reply = page.getByLabel('本文');
  await reply.pressSequentially('お世話に');
  const note = fresh('電話で追記');
  const supervisor = await person('supervisor');
  await supervisor(`/cases/${made.id}/notes`, { body: note });
  await page.getByRole('listitem').getByText(note).waitFor(SOON);
  await page.getByText('この案件が更新されました').last().waitFor();
  await page.keyboard.type('なっております');
  expect(await reply.inputValue()).toBe('お世話になっております');
  await shoot(page, `case-news-${DESKTOP.width}`);
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole('button', { name: '対応履歴を見る' }).click();
  await page.getByRole('button', { name: '対応履歴を見る' }).waitFor({ state: 'detached' });
  expect(await reply.inputValue()).toBe('お世話になっております');
  expect(complaints).toEqual([]);
});

/** What of these the bar lies over, of what is in the window. */
function covered(page: Page, edge: 'top' | 'bottom', selectors: readonly string[]): Promise<string[]> {
  return page.evaluate(
    ([side, names]) => {
      const bar = document.querySelector(`[data-bar=${side}]`)?.getBoundingClientRect();
      if (!bar) return ['there is no bar'];
      return names.filter((name) => {
        const element = document.querySelector(name);
        if (!element) return true;
        const { top, bottom } = element.getBoundingClientRect();
        return bottom > bar.top + 1 && top < bar.bottom - 1;
      });
    },
    [edge, selectors] as const,
  );
}

/** What is read out from now on. */
async function listen(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const said: string[] = [];
    Object.assign(window, { said });
    const region = (node: Node | null) =>
      (node instanceof Element ? node : node?.parentElement)?.closest('[role=status], [role=alert], [aria-live]');
    new MutationObserver((changes) => {
      for (const { target } of changes) {
        const text = region(target)?.textContent;
        if (text) said.push(text);
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  return () => page.evaluate(() => (window as unknown as { said: string[] }).said);
}

it('offers what came on a phone without covering the heading, a row or the focus, and says so once', async () => {
  const { page, complaints } = await visit(browser, PHONE);
  await follow(page, 'desk');
  await page.goto('/cases?sort=-received_at');
  const rows = page.locator('[data-row]');
  await rows.first().waitFor();
  await settled(page);
  const said = await listen(page);
  await rows.nth(0).focus();
  const place = await rows.nth(0).boundingBox();
  await routedCase(fresh('株式会社一報'));
  await page.getByText('新しい案件が1件').waitFor(SOON);
  expect(await covered(page, 'top', ['h1', '[data-row]', '[data-row]:focus'])).toEqual([]);
  expect(await rows.nth(0).boundingBox()).toEqual(place);
  await shoot(page, `queue-news-${PHONE.width}`);
  // Further down it stays in sight, and the focus comes out from under it.
  await rows.nth(6).focus();
  await page.evaluate(() => {
    const { top } = document.activeElement?.getBoundingClientRect() ?? { top: 0 };
    scrollBy(0, top - 60);
  });
  await page.keyboard.press('k');
  expect(await covered(page, 'top', ['[data-row]:focus'])).toEqual([]);
  await routedCase(fresh('株式会社二報'));
  await page.getByText('新しい案件が2件').waitFor(SOON);
  expect((await said()).filter((text) => text.includes('一覧に変更があります'))).toHaveLength(1);
  expect(await axeFindings(page)).toEqual([]);
  expect(await sideways(page)).toBeLessThanOrEqual(0);
  expect(complaints).toEqual([]);
});

it('tells on a phone what somebody did to the case, apart from the heading and from what is typed', async () => {
  const made = await acceptedCase(fresh('株式会社同席'));
  const { page, complaints } = await visit(browser, PHONE);
  await follow(page, 'desk');
  await page.goto(`/cases/${made.id}`);
  await page.getByRole('button', { name: 'メール', exact: true }).click();
  await settled(page);
  const said = await listen(page);
  const reply = page.getByLabel('本文');
  await reply.focus();
  // At the very foot of the window, where the news will be.
  await reply.evaluate((element) => scrollBy(0, element.getBoundingClientRect().bottom - innerHeight + 60));
  const supervisor = await person('supervisor');
  await supervisor(`/cases/${made.id}/notes`, { body: fresh('一件目') });
  await page.locator('[data-bar=bottom]').waitFor(SOON);
  expect(await covered(page, 'bottom', ['h1', ':focus'])).toEqual([]);
  await supervisor(`/cases/${made.id}/notes`, { body: fresh('二件目') });
  await page.getByText('ほか1件').waitFor(SOON);
  expect((await said()).filter((text) => text.includes('この案件が更新されました'))).toHaveLength(1);
  await shoot(page, `case-news-${PHONE.width}`);
  expect(await sideways(page)).toBeLessThanOrEqual(0);
  // The end of the page can be seen, too.
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  expect(await axeFindings(page)).toEqual([]);
  expect(await covered(page, 'bottom', ['#timeline ol > li:last-child'])).toEqual([]);
  expect(complaints).toEqual([]);
});

it('asks for nothing twice when a page is opened', async () => {
  // News of what earlier tests did would rightly be asked for.
  const name = await atQuietDesk();
  for (const path of ['/cases', '/mails', '/schedule']) {
    const { page, complaints } = await visit(browser);
    await signIn(page, name);
    const asked: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/api/v1/')) asked.push(`${request.method()} ${request.url()}`);
    });
    const stream = page.waitForResponse((response) => response.url().endsWith('/api/v1/events'));
    await page.goto(path);
    await stream;
    await page.locator('h1').first().waitFor();
    await settled(page);
    // Longer than a burst of news is gathered.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(asked.filter((url, index) => asked.indexOf(url) !== index)).toEqual([]);
    expect(complaints).toEqual([]);
  }
});

it('says that a case has gone, and keeps what was typed', async () => {
  const made = await acceptedCase(fresh('株式会社転出'));
  const { page, complaints } = await visit(browser);
  await follow(page, 'desk');
  await page.goto(`/cases/${made.id}`);
  await page.getByRole('button', { name: 'メール', exact: true }).click();
  const reply = page.getByLabel('本文');
  await reply.pressSequentially('書きかけ');
  const supervisor = await person('supervisor');
  await supervisor(`/cases/${made.id}/return`, { reason: '管轄が違うため' });
  await page.getByText('この案件は、あなたの担当を離れました').waitFor(SOON);
  expect(await reply.inputValue()).toBe('書きかけ');
  expect(await page.getByRole('button', { name: '差し戻す' }).count()).toBe(0);
  expect(await axeFindings(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

it('opens no stream for who reads no cases, and ends it at the sign-out', async () => {
  const auditor = await visit(browser);
  const asked: string[] = [];
  auditor.page.on('request', (request) => asked.push(request.url()));
  await signIn(auditor.page, 'auditor');
  await auditor.page.locator('h1').first().waitFor();
  await auditor.page.reload();
  await auditor.page.locator('h1').first().waitFor();
  expect(asked.filter((url) => url.endsWith('/events'))).toEqual([]);

  const { page, complaints } = await visit(browser);
  await follow(page, 'desk');
  await page.getByRole('button', { name: /利用者メニュー/ }).click();
  await page.getByRole('button', { name: 'サインアウト', exact: true }).click();
  await page.waitForURL(/\/sign-in/);
  expect(complaints).toEqual([]);
});
