/** The week: moved by hand and by keys, conflicts before they are sent, booking a free time for a case. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ConsultationView, DayView, Slot } from '../../src/api/schema';
import { acceptedCase, fresh, person } from './api';
import { axeFindings, launch, PHONE, settled, shoot, sideways, signIn, visit } from './browser';

let browser: Browser;
let manager: string;
/** The next week but two without a holiday. */
let monday: string;

beforeAll(async () => {
  browser = await launch();
  const [admin, desk] = [await person('admin'), await person('desk')];
  // An expert of this run alone: nobody else's sessions are in the way.
  const made = await admin<{ id: string }>('/managers', {
    name: fresh('予定 守'),
    topics: ['rules', 'labour'],
    prefecture_codes: ['13'],
    modes: ['online', 'visit'],
    monthly_capacity: 100,
  });
  manager = made.id;
  for (let weeks = 3; ; weeks += 1) {
    monday = mondayAhead(weeks);
    const { days } = await desk<{ days: DayView[] }>(`/calendar?from=${monday}&to=${daysLater(monday, 4)}`);
    if (days.every(({ open }) => open)) break;
  }
});
afterAll(() => browser.close());

function daysLater(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

function mondayAhead(weeks: number): string {
  const today = new Date(Date.now() + 9 * 3_600_000);
  return daysLater(today.toISOString().slice(0, 10), weeks * 7 - ((today.getUTCDay() + 6) % 7));
}

/** A case whose manager accepted by phone. */
async function assignedCase(name: string) {
  const desk = await person('desk');
  const made = await acceptedCase(fresh(name));
  await desk(`/cases/${made.id}/offers`, { manager_id: manager, line: 'labour', accepted_by_phone: true });
  return desk(`/cases/${made.id}`);
}

async function booked(name: string, day: number, from: string, to: string) {
  const desk = await person('desk');
  const seen = await assignedCase(name);
  const date = daysLater(monday, day);
  const session = await desk<ConsultationView>(`/cases/${seen.id}/consultations`, {
    starts_at: `${date}T${from}:00+09:00`,
    ends_at: `${date}T${to}:00+09:00`,
    mode: 'online',
  });
  return { seen, session, name: seen.enterprise.name ?? '' };
}

/** When the expert has an hour of that day to themselves, whatever the other tests left. */
async function freeTime(day: number): Promise<string> {
  const date = daysLater(monday, day);
  const path = `/managers/${manager}/free-slots?from=${date}&to=${date}&minutes=60` as const;
  const { items } = await (await person('desk'))<{ items: Slot[] }>(path);
  const [first] = items;
  if (!first) throw new Error(`nothing is free on ${date}`);
  return new Date(Date.parse(first.starts_at) + 9 * 3_600_000).toISOString().slice(11, 16);
}

async function startOf(id: string): Promise<string> {
  const session = await (await person('desk'))<ConsultationView>(`/consultations/${id}`);
  return new Date(Date.parse(session.starts_at) + 9 * 3_600_000).toISOString().slice(0, 16);
}

const blockOf = (page: Page, name: string) => page.locator('[data-day] li').filter({ hasText: name });

it('a session is moved with the pointer, after the old and the new time were seen', async () => {
  const { session, name } = await booked('株式会社引越', 0, '10:00', '11:00');
  const { page, complaints } = await visit(browser);
  await signIn(page, 'desk');
  await page.goto(`/schedule?from=${monday}&manager_id=${manager}`);
  const block = blockOf(page, name);
  const box = await block.boundingBox();
  const target = await page.locator(`[data-day="${daysLater(monday, 2)}"]`).boundingBox();
  if (!box || !target) throw new Error('nothing is drawn');
  await page.mouse.move(box.x + 20, box.y + box.height - 4);
  await page.mouse.down();
  // Two days to the right and an hour down.
  await page.mouse.move(target.x + 60, box.y + box.height + 64, { steps: 8 });
  // Given up: nothing happens.
  await page.keyboard.press('Escape');
  await page.mouse.up();
  expect(await page.getByRole('dialog').count()).toBe(0);

  await page.mouse.move(box.x + 20, box.y + box.height - 4);
  await page.mouse.down();
  await page.mouse.move(target.x + 60, box.y + box.height + 64, { steps: 8 });
  await page.getByRole('application').getByText('11:00–12:00').waitFor();
  await page.mouse.up();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('いまの予約').waitFor();
  expect(await dialog.locator('dd').allInnerTexts()).toEqual([
    expect.stringContaining('10:00〜11:00'),
    expect.stringContaining('11:00〜12:00'),
  ]);
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, 'dialog-move-1440');
  await dialog.getByRole('button', { name: 'この日時に変更' }).click();
  await dialog.waitFor({ state: 'hidden' });
  expect(await startOf(session.id)).toBe(`${daysLater(monday, 2)}T11:00`);
  expect(complaints).toEqual([]);
});

it('a session is moved with the keys alone, into the next week and back, and the focus stays with it', async () => {
  const { session, name } = await booked('株式会社鍵盤', 3, '13:00', '14:00');
  const { page, complaints } = await visit(browser);
  await signIn(page, 'desk');
  await page.goto(`/schedule?from=${monday}&manager_id=${manager}`);
  const handle = page.getByRole('button', { name: new RegExp(`^移動: .*${name}`) });
  await handle.focus();
  await page.keyboard.press('Enter');
  const ghost = page.getByRole('application');
  await ghost.waitFor();
  // Friday, then Monday of the next week, then Escape: back where it was.
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page
    .locator(`[data-day="${daysLater(monday, 7)}"]`)
    .getByRole('application')
    .waitFor();
  expect(await ghost.evaluate((element) => element === document.activeElement)).toBe(true);
  await page.keyboard.press('Escape');
  await page.getByText('移動をやめました。').waitFor({ state: 'attached' });
  await handle.waitFor();
  await page.waitForFunction((label) => document.activeElement?.getAttribute('aria-label')?.includes(label), name);

  // A day earlier, an hour and a quarter later.
  await page.keyboard.press('Enter');
  await ghost.waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.getByRole('status').filter({ hasText: '14:15〜15:15' }).first().waitFor({ state: 'attached' });
  expect(await axeFindings(page)).toEqual([]);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('変更後').waitFor();
  await dialog.getByRole('button', { name: 'この日時に変更' }).press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  await page.waitForFunction((label) => document.activeElement?.getAttribute('aria-label')?.includes(label), name);
  expect(await startOf(session.id)).toBe(`${daysLater(monday, 2)}T14:15`);
  expect(complaints).toEqual([]);
});

/** Waits until a swipe has run out. */
async function still(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let before = NaN; before !== scrollY;) {
      before = scrollY;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
}

/** Where something is drawn once nothing that is still being fetched moves it: a finger hits the place, not the button. */
async function restingBox(page: Page, button: ReturnType<Page['locator']>) {
  await settled(page);
  let before = '';
  for (;;) {
    await still(page);
    const box = await button.boundingBox();
    if (!box) throw new Error('nothing is drawn');
    if (JSON.stringify(box) === before) return box;
    before = JSON.stringify(box);
  }
}

/** A finger on the glass. */
async function finger(page: Page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Emulation.setTouchEmulationEnabled', { enabled: true, maxTouchPoints: 1 });
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', x = 0, y = 0) =>
    devtools.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y }] });
  return {
    drag: async (from: readonly [number, number], to: readonly [number, number], steps = 10) => {
      await touch('touchStart', ...from);
      for (let step = 1; step <= steps; step += 1) {
        const part = step / steps;
        await touch('touchMove', from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part);
      }
    },
    lift: () => touch('touchEnd'),
  };
}

it('a session is moved with a finger on its handle at 768 pixels, and a finger beside it scrolls', async () => {
  const { session, name } = await booked('株式会社指先', 1, '11:00', '12:00');
  const { page, complaints } = await visit(browser, { width: 768, height: 600 });
  await signIn(page, 'desk');
  await page.goto(`/schedule?from=${monday}&manager_id=${manager}`);
  const block = blockOf(page, name);
  await block.waitFor();
  await block.scrollIntoViewIfNeeded();
  const { drag, lift } = await finger(page);
  const middle = async (part: ReturnType<Page['locator']>) => {
    const box = await part.boundingBox();
    if (!box) throw new Error('nothing is drawn');
    return [box.x + box.width / 2, box.y + box.height / 2] as const;
  };
  // On the block itself: the page scrolls, and nothing is moved.
  const scrolled = () => page.evaluate(() => scrollY);
  const before = await scrolled();
  const [x, y] = await middle(block);
  await drag([x, y], [x, y - 150]);
  await lift();
  await expect.poll(scrolled).not.toBe(before);
  expect(await page.getByRole('dialog').count()).toBe(0);
  expect(await page.getByRole('application').count()).toBe(0);

  // On the handle: a day to the right and an hour down.
  const handle = page.getByRole('button', { name: new RegExp(`^移動: .*${name}`) });
  await handle.scrollIntoViewIfNeeded();
  await still(page);
  const taken = await middle(handle);
  const target = await middle(page.locator(`[data-day="${daysLater(monday, 2)}"]`));
  const place = await scrolled();
  await drag(taken, [target[0], taken[1] + 68]);
  await page.getByRole('application').getByText('12:00–13:00').waitFor();
  expect(await scrolled()).toBe(place);
  await lift();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('いまの予約').waitFor();
  await shoot(page, 'dialog-move-768');
  expect(await axeFindings(page)).toEqual([]);
  expect(await sideways(page)).toBeLessThanOrEqual(0);
  await dialog.getByRole('button', { name: 'この日時に変更' }).click();
  await dialog.waitFor({ state: 'hidden' });
  expect(await startOf(session.id)).toBe(`${daysLater(monday, 2)}T12:00`);
  expect(complaints).toEqual([]);
});

it('says what is in the way before it is sent, and the server’s no in the dialog', async () => {
  const first = await booked('株式会社先約', 4, '10:00', '11:00');
  const second = await booked('株式会社後約', 4, '13:00', '14:00');
  const { page, complaints } = await visit(browser);
  await signIn(page, 'desk');
  await page.goto(`/schedule?from=${monday}&manager_id=${manager}`);
  await page.getByRole('button', { name: new RegExp(`^移動: .*${second.name}`) }).press('Enter');
  const ghost = page.getByRole('application');
  await ghost.waitFor();
  for (let hours = 0; hours < 3; hours += 1) await page.keyboard.press('Shift+ArrowUp');
  await ghost.getByText(`さんには別の予定があります(${first.seen.number}`).waitFor();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('この日時では受け付けられません').waitFor();
  await shoot(page, 'dialog-move-conflict-1440');
  await dialog.getByRole('button', { name: 'この日時に変更' }).click();
  await dialog.getByRole('alert').getByText('専門家に同じ時間の別の予定があります').waitFor();
  // Outside the hours there is a warning, and it is taken all the same.
  await dialog.getByLabel('開始時刻').fill('19:00');
  await dialog.getByText(/営業時間.*の外にかかります/).waitFor();
  await dialog.getByRole('button', { name: 'この日時に変更' }).click();
  await dialog.waitFor({ state: 'hidden' });
  expect(await startOf(second.session.id)).toBe(`${daysLater(monday, 4)}T19:00`);
  expect(complaints).toEqual([]);
});

it('a free time is booked for the case one comes from', async () => {
  const seen = await assignedCase('株式会社空時間');
  const { page, complaints } = await visit(browser);
  await signIn(page, 'desk');
  await page.goto(`/cases/${seen.id}`);
  await page.getByRole('link', { name: '週の予定表から選ぶ' }).click();
  await page.getByText(`${seen.number} 第1回の予約`).waitFor();
  await page.goto(`/schedule?from=${monday}&case_id=${seen.id}`);
  const free = page.getByRole('button', { name: /15:30 から予約$/ }).first();
  await free.waitFor();
  await shoot(page, 'schedule-booking-1440');
  expect(await axeFindings(page)).toEqual([]);
  await free.click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.getByLabel('開始時刻').inputValue()).toBe('15:30');
  await dialog.getByRole('button', { name: '予約する' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await blockOf(page, seen.enterprise.name ?? '').waitFor();
  expect(complaints).toEqual([]);
});

it('absences and closures are seen, with their reasons', async () => {
  const [admin, date] = [await person('admin'), daysLater(monday, 1)];
  const absence = await admin<{ id: string }>(`/managers/${manager}/absences`, {
    starts_at: `${date}T13:00:00+09:00`,
    ends_at: `${date}T17:00:00+09:00`,
  });
  const closure = await admin<{ id: string }>('/calendar/exceptions', {
    date_from: daysLater(monday, 4),
    open: false,
    reason: '設備点検',
  });
  const { page, complaints } = await visit(browser);
  await signIn(page, 'supervisor');
  await page.goto(`/schedule?from=${monday}&manager_id=${manager}`);
  await page.locator(`[data-day="${date}"]`).getByText('不在').waitFor();
  await page.getByRole('heading', { name: /休業\(設備点検\)/ }).waitFor();
  await shoot(page, 'schedule-manager-1440');
  expect(await axeFindings(page)).toEqual([]);
  await admin(`/managers/${manager}/absences/${absence.id}`, undefined, 'DELETE');
  await admin(`/calendar/exceptions/${closure.id}`, undefined, 'DELETE');
  expect(complaints).toEqual([]);
});

it('a phone shows a day, and moves with a form', async () => {
  const { session, name } = await booked('株式会社携帯', 1, '09:00', '10:00');
  const { page, complaints } = await visit(browser, PHONE);
  await signIn(page, 'desk');
  await page.goto(`/schedule?from=${monday}`);
  await page.getByRole('button', { name: /\(火\) \d+件/ }).click();
  await page.getByRole('button', { name: new RegExp(`^日程を変更: .*${name}`) }).click();
  await shoot(page, 'dialog-reschedule-375');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('日付').fill(daysLater(monday, 1));
  await dialog.getByLabel('開始時刻').fill('11:00');
  expect(await axeFindings(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'この日時に変更' }).click();
  await dialog.waitFor({ state: 'hidden' });
  expect(await sideways(page)).toBe(0);
  expect(await startOf(session.id)).toBe(`${daysLater(monday, 1)}T11:00`);
  expect(complaints).toEqual([]);
});

it('a finger scrolls the day of a phone, and its taps move a session', async () => {
  const { session, name } = await booked('株式会社親指', 2, '16:00', '17:00');
  const free = await freeTime(2);
  const { page, complaints } = await visit(browser, PHONE);
  await signIn(page, 'desk');
  await page.goto(`/schedule?from=${daysLater(monday, 2)}`);
  const change = page.getByRole('button', { name: new RegExp(`^日程を変更: .*${name}`) });
  await change.scrollIntoViewIfNeeded();
  const { drag, lift } = await finger(page);
  const tap = async (button: ReturnType<Page['locator']>) => {
    const box = await restingBox(page, button);
    // As high as a finger is wide.
    expect(box.height).toBeGreaterThanOrEqual(24);
    const at = [box.x + box.width / 2, box.y + box.height / 2] as const;
    await drag(at, at, 0);
    await lift();
  };
  // A swipe over the entry moves nothing.
  const swiped = await change.boundingBox();
  if (!swiped) throw new Error('nothing is drawn');
  await drag([swiped.x + 20, swiped.y + 10], [swiped.x + 20, swiped.y - 80]);
  await lift();
  expect(await page.getByRole('dialog').count()).toBe(0);
  await change.scrollIntoViewIfNeeded();
  await still(page);
  await tap(change);
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('日付').fill(daysLater(monday, 2));
  await dialog.getByLabel('開始時刻').fill(free);
  await dialog.getByRole('button', { name: 'この日時に変更' }).scrollIntoViewIfNeeded();
  await tap(dialog.getByRole('button', { name: 'この日時に変更' }));
  await dialog.waitFor({ state: 'hidden' });
  expect(await startOf(session.id)).toBe(`${daysLater(monday, 2)}T${free}`);
  expect(complaints).toEqual([]);
});
