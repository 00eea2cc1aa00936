/**
 * What enterprises say: dates offered by mail and chosen on a phone (the mail is read where the server writes what it would
 * send), surveys counted, and what was written freely checked before others read it. No survey goes out within a test, the
 * first on the business day after the closing and in office hours: the answers to the last two tests are their own.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaseView, ConsultationView, DateProposal, FreeText, SurveyReport, SurveyRow } from '../../src/api/schema';
import { acceptedCase, demoManager, fresh, person } from './api';
import { axeFindings, DESKTOP, launch, PHONE, settled, shoot, sideways, signIn, visit } from './browser';

const FOLDER = process.env['MAIL_FOLDER'];
const SERVER = process.env['MADOGUCHI_URL'] ?? '';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** The link of the last mail to an address that carries one. */
function linkFor(address: string): string | undefined {
  return readdirSync(FOLDER ?? '')
    .filter((name) => name.endsWith('.eml'))
    .toSorted()
    .map((name) => readFileSync(join(FOLDER ?? '', name), 'utf8'))
    .filter((mail) => mail.includes(`<${address}>`))
    .flatMap((mail) => {
      const [, ...parts] = mail.split(/\r?\n\r?\n/);
      return /\/public\/[a-z2-7]+/.exec(Buffer.from(parts.join(''), 'base64').toString())?.[0] ?? [];
    })
    .at(-1);
}

/** A case of the Tokyo desk with an expert, and somebody who reads mail. */
async function caseWithMail(): Promise<{ made: CaseView; address: string }> {
  const desk = await person('desk');
  const address = `${fresh('tanto').toLowerCase()}@kigyo.example.jp`;
  const made = await desk('/cases', {
    channel: 'phone',
    enterprise: { kind: 'company', name: fresh('株式会社候補'), prefecture_code: '13' },
    contacts: [{ role: 'primary', name: '試験 花子', email: address }],
    subject: '在宅勤務の規程',
    description: '在宅勤務の規程を作りたい',
    topics: ['rules'],
    desired_mode: 'online',
  });
  await desk(`/cases/${made.id}/offers`, {
    manager_id: await demoManager(),
    line: 'labour',
    accepted_by_phone: true,
  });
  return { made, address };
}

/** Chooses three free times by keyboard and sends them. */
async function offerThree(page: Page, id: string) {
  await page.goto(`/cases/${id}`);
  await page.getByRole('button', { name: '候補を選んで送る' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: '次の週' }).click();
  // Those that are held for another enterprise say so in their name.
  const free = dialog.getByRole('checkbox', { name: /から$/ });
  await free.first().waitFor();
  for (const nth of [0, 2, 4]) {
    await free.nth(nth).focus();
    await page.keyboard.press('Space');
  }
  await expect.poll(() => dialog.getByRole('button', { name: /^外す/ }).count()).toBe(3);
  expect(await axeFindings(page)).toEqual([]);
  await dialog.getByRole('button', { name: '候補を送る' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByText('日程の候補を送りました。').waitFor();
}

/** What a public page complains about: it is of the server, which may be another host than the pages. */
function ofPublicPages(complaints: readonly string[]): string[] {
  return complaints.filter((text) => !text.startsWith(`a request to another host: ${SERVER}/public/`));
}

async function openLink(address: string) {
  await expect.poll(() => linkFor(address)).toBeDefined();
  const { page, complaints } = await visit(browser, PHONE);
  const link = `${SERVER}${linkFor(address) ?? ''}`;
  await page.goto(link);
  return { page, complaints, link };
}

async function isClean(page: Page, name: string) {
  expect(await axeFindings(page)).toEqual([]);
  expect(await sideways(page)).toBe(0);
  await shoot(page, `public-${name}-${PHONE.width}`);
}

describe.skipIf(!FOLDER || !SERVER)('dates that are offered', () => {
  it('are chosen on a phone, once, and the session stands on the case', async () => {
    const { made, address } = await caseWithMail();
    const desk = await visit(browser, DESKTOP);
    await signIn(desk.page, 'desk');
    await offerThree(desk.page, made.id);
    const section = desk.page.getByRole('region', { name: '日程の候補の案内' });
    await section.getByText('回答待ち').waitFor();
    expect(await section.getByRole('listitem').count()).toBe(3);
    const asked = await person('desk');
    const [proposal] = (await asked<{ items: DateProposal[] }>(`/cases/${made.id}/date-proposals`)).items;

    const { page, complaints, link } = await openLink(address);
    await page.getByRole('heading', { level: 1, name: 'コンサルティングの日時を選んでください' }).waitFor();
    await isClean(page, 'dates');
    // Nothing chosen: it says so at its head and at the field.
    await page.getByRole('button', { name: 'この内容で送る' }).click();
    await page.getByRole('heading', { level: 2, name: '入力をご確認ください' }).waitFor();
    await isClean(page, 'dates-nothing');
    await page.getByRole('radio').nth(1).check();
    await page.getByRole('button', { name: 'この内容で送る' }).click();
    await page.getByText('次の日時に決まりました').waitFor();
    await isClean(page, 'dates-chosen');
    // The link was used: there is nothing to choose any more.
    await page.goto(link);
    await page.getByText('次の日時に決まりました').waitFor();
    expect(await page.getByRole('radio').count()).toBe(0);
    expect(ofPublicPages(complaints)).toEqual([]);

    // The desk sees it without doing anything.
    await section.getByText('日程決定').waitFor();
    await desk.page.getByText('企業・団体が候補から日程を決めました').waitFor();
    const { items } = await asked<{ items: ConsultationView[] }>(`/cases/${made.id}/consultations`);
    expect(items.map(({ state, starts_at }) => [state, Date.parse(starts_at)])).toEqual([
      ['booked', Date.parse(proposal?.slots[1]?.starts_at ?? '')],
    ]);
    await shoot(desk.page, `dates-chosen-${DESKTOP.width}`);
    expect(desk.complaints).toEqual([]);
  });

  it('suit nobody: another date is wanted, in words', async () => {
    const { made, address } = await caseWithMail();
    const desk = await visit(browser, DESKTOP);
    await signIn(desk.page, 'desk');
    await offerThree(desk.page, made.id);
    const { page } = await openLink(address);
    await page.getByRole('radio', { name: '別の日を希望する' }).check();
    await page.getByRole('textbox').fill('12月の第2週の午前を希望します');
    await page.getByRole('button', { name: 'この内容で送る' }).click();
    await page.getByText('ご回答を受け付けました').waitFor();
    await isClean(page, 'dates-other');
    const section = desk.page.getByRole('region', { name: '日程の候補の案内' });
    await section.getByText('別の日を希望').waitFor();
    await section.getByText('12月の第2週の午前を希望します').waitFor();
    // And dates can be offered again.
    await section.getByRole('button', { name: '候補を選んで送る' }).waitFor();
    expect(desk.complaints).toEqual([]);
  });

  it('are taken back: the link opens nothing any more', async () => {
    const { made, address } = await caseWithMail();
    const desk = await visit(browser, PHONE);
    await signIn(desk.page, 'desk');
    await offerThree(desk.page, made.id);
    const { page, link } = await openLink(address);
    await page.getByRole('heading', { level: 1, name: 'コンサルティングの日時を選んでください' }).waitFor();
    const section = desk.page.getByRole('region', { name: '日程の候補の案内' });
    await section.getByRole('button', { name: '案内を取り下げる' }).click();
    await desk.page.getByRole('dialog').getByRole('button', { name: '案内を取り下げる' }).click();
    await section.getByText('取下げ').waitFor();
    await page.goto(link);
    await page.getByRole('heading', { level: 1, name: 'このページは開けません' }).waitFor();
    await isClean(page, 'dates-revoked');
    expect(desk.complaints).toEqual([]);
  });
});

const share = (answer: string, count: number) => ({ answer, label: answer, count, share: null });

const REPORT: SurveyReport = {
  sent: 5,
  answered: 2,
  stopped: 1,
  bounced: 0,
  cancelled: 0,
  unanswered: 2,
  response_rate: 0.4,
  purpose_achieved: [share('yes', 1), share('partly', 1), share('no', 0)],
  telework: [share('introduced', 1), share('planned', 0), share('not_planned', 1)],
  why_not: [share('cost', 1)],
  evaluations: { sent: 0, answered: 0, response_rate: null, average: null, scores: [] },
};

it.each([DESKTOP, PHONE])(
  'a number of the survey opens the list that it counts, at $width pixels',
  async (viewport) => {
    const { page, complaints } = await visit(browser, viewport);
    const asked: URL[] = [];
    const row = (nth: number): SurveyRow => ({
      id: `01890000-0000-7000-8000-00000000000${nth}`,
      outcome: 'answered',
      state: 'answered',
      sent_at: '2026-11-20T01:00:00Z',
      ended_at: '2026-11-20T02:00:00Z',
      why_not: [],
    });
    await page.route('**/api/v1/reports/survey?*', (route) => route.fulfill({ json: REPORT }));
    await page.route('**/api/v1/reports/survey/rows?*', (route) => {
      asked.push(new URL(route.request().url()));
      return route.fulfill({ json: { items: [row(1), row(2)], next_cursor: null } });
    });
    await signIn(page, 'supervisor');
    await page.goto('/figures');
    await page.getByRole('link', { name: 'アンケート' }).click();
    await page.getByText('40.0%').first().waitFor();
    await settled(page);
    expect(await axeFindings(page)).toEqual([]);
    expect(await sideways(page)).toBe(0);
    await shoot(page, `survey-counted-${viewport.width}`);
    await page
      .getByRole('table', { name: 'アンケートの回収' })
      .getByRole('row', { name: /回答済/ })
      .getByRole('link')
      .click();
    await page.getByRole('heading', { level: 1, name: 'アンケートの一覧' }).waitFor();
    await page.getByText('全 2 のうち 2 を表示').waitFor();
    expect(asked.at(-1)?.searchParams.get('state')).toBe('answered');
    expect(asked.at(-1)?.searchParams.get('from')).toMatch(/-04-01$/);
    await settled(page);
    expect(await axeFindings(page)).toEqual([]);
    expect(await sideways(page)).toBe(0);
    expect(complaints).toEqual([]);
  },
);

it.each([DESKTOP, PHONE])('what was written is checked with the keys alone, at $width pixels', async (viewport) => {
  const known = await acceptedCase(fresh('株式会社自由'));
  const texts: FreeText[] = ['試験です。佐藤さんに感謝します。', '03-5550-1234 に電話をください。'].map(
    (written, nth) => ({
      id: `01890000-0000-7000-8000-0000000000a${nth}`,
      source: 'survey',
      state: 'unchecked',
      case_id: known.id,
      case_number: known.number,
      written,
      written_at: '2026-11-20T01:00:00Z',
    }),
  );
  const sent: [path: string, body: unknown][] = [];
  const { page, complaints } = await visit(browser, viewport);
  await page.route('**/api/v1/survey/free-texts?*', (route) =>
    route.fulfill({ json: { items: texts.slice(sent.length), next_cursor: null } }),
  );
  await page.route('**/api/v1/survey/free-texts/*/*', (route) => {
    const path = new URL(route.request().url()).pathname;
    sent.push([path.split('/').slice(-2).join(' '), route.request().postDataJSON()]);
    return route.fulfill({ json: { ...texts[sent.length - 1], state: 'released' } });
  });
  await signIn(page, 'supervisor');
  await page.goto('/figures/texts');
  const first = page.getByRole('article').first();
  await first.getByText('佐藤さん').first().waitFor();
  expect(await first.locator('mark').allInnerTexts()).toEqual(['佐藤さん']);
  await settled(page);
  expect(await axeFindings(page)).toEqual([]);
  expect(await sideways(page)).toBe(0);

  // j goes to the first text, and then also the names of its case are compared.
  await page.keyboard.press('j');
  await expect.poll(() => first.locator('mark').allInnerTexts()).toEqual(['試験', '佐藤さん']);
  await shoot(page, `free-texts-at-work-${viewport.width}`);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('専門家に感謝します。');
  await page.keyboard.press('Control+Enter');
  await expect.poll(() => page.getByRole('article').count()).toBe(1);
  // The focus is in the next one.
  await expect
    .poll(() => page.evaluate(() => (document.activeElement as HTMLTextAreaElement).value))
    .toBe('03-5550-1234 に電話をください。');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('確認を待っている自由記述はありません').waitFor();
  expect(sent).toEqual([
    [`${texts[0]?.id} release`, { edited_text: '専門家に感謝します。' }],
    [`${texts[1]?.id} withhold`, null],
  ]);
  expect(complaints).toEqual([]);
});
