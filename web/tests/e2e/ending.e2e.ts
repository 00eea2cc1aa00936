/** Data that ends: held, disposed of, erased, disclosed; who saw it; and what an auditor sees of it. */
import { createReadStream } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type {
  AuditHead,
  CaseView,
  MeView,
  PageErasureItem,
  PageFound,
  PageUserView,
  RetentionPreview,
} from '../../src/api/schema';
import { acceptedCase, colleague, fresh, person } from './api';
import { axeFindings, DESKTOP, launch, PHONE, settled, shoot, sideways, signIn, visit } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** A case that was answered on the phone, with a contact of a name that nobody else has. */
async function closedCase(): Promise<{ made: CaseView; name: string; email: string }> {
  const operator = await person('operator');
  const key = fresh('k').toLowerCase();
  const name = `消去 ${key}`;
  const email = `${key}@kigyo.example.jp`;
  const made = await operator('/cases', {
    channel: 'phone',
    enterprise: { kind: 'company', name: fresh('株式会社終了'), prefecture_code: '13' },
    contacts: [{ role: 'primary', name, email }],
    subject: '在宅勤務の手当',
    description: '在宅勤務の手当について知りたい',
    topics: ['labour'],
    close_as: { outcome: 'answered', note: '資料を案内した' },
  });
  await operator(`/cases/${made.id}/notes`, { body: `${name}様に資料を送る` });
  return { made, name, email };
}

it('holds a case and lifts it again', async () => {
  const made = await acceptedCase(fresh('株式会社保全'));
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await page.goto(`/cases/${made.id}`);
  await page.getByText('記録の管理').click();
  await page.getByRole('button', { name: '法的保全をかける' }).click();
  const placing = page.getByRole('dialog', { name: `${made.number} に法的保全をかける` });
  // Nothing is held without a reason.
  await placing.getByRole('button', { name: '法的保全をかける' }).click();
  await placing.getByText('入力してください').first().waitFor();
  await placing.getByLabel('理由').fill('労働局の調査のため');
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, `hold-dialog-${DESKTOP.width}`);
  await placing.getByRole('button', { name: '法的保全をかける' }).click();
  const mark = page.getByText('法的保全中');
  await mark.waitFor();
  await page.getByText('労働局の調査のため').waitFor();
  await settled(page);
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, `case-held-${DESKTOP.width}`);

  // It stands in the list, and what is asked to be erased is refused for it.
  await page.goto('/privacy?part=holds');
  const row = page.getByRole('row').filter({ hasText: made.number });
  await row.getByText('労働局の調査のため').waitFor();
  await shoot(page, `holds-${DESKTOP.width}`);

  await row.getByRole('button', { name: `解除: ${made.number}` }).click();
  const lifting = page.getByRole('dialog', { name: `${made.number} の法的保全を解除` });
  await lifting.getByText('労働局の調査のため').waitFor();
  await lifting.getByLabel('理由').fill('調査が終わったため');
  await lifting.getByRole('button', { name: '解除する' }).click();
  await row.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: '解除済み' }).click();
  await page.getByRole('row').filter({ hasText: made.number }).getByText('調査が終わったため').waitFor();
  await page.goto(`/cases/${made.id}`);
  await page.getByText('記録の管理').click();
  await page.getByRole('button', { name: '法的保全をかける' }).waitFor();
  expect(await mark.count()).toBe(0);
  expect(complaints).toEqual([]);
});

it('shows what will be over, one by one, and disposes of what is, with a certificate', async () => {
  const admin = await person('admin');
  const day = '2040-04-01';
  const preview = await admin<RetentionPreview>(`/retention/preview?as_of=${day}`);
  const cases = preview.classes.find((one) => one.class === 'case');
  const first = cases?.fiscal_years[0];
  if (!first) throw new Error('the demonstration has no case that was closed');
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await page.getByRole('link', { name: '個人情報・保存' }).first().click();
  await page.getByRole('heading', { level: 1, name: '個人情報・保存' }).waitFor();
  await page.getByLabel('基準日').fill(day);
  await page.getByText('廃棄できるのは、基準日が今日までのときだけです。').waitFor();
  expect(await page.getByRole('button', { name: '廃棄に進む' }).count()).toBe(0);
  const row = page.getByRole('row').filter({ hasText: '相談案件' });
  await row.getByRole('link', { name: `相談案件 ${first.fiscal_year}年度 ${first.count.toLocaleString()}件` }).click();
  const items = page.getByRole('table', { name: '相談案件' }).locator('tbody tr');
  await items.first().waitFor();
  const more = page.getByRole('button', { name: 'さらに表示' });
  while (await more.isVisible()) {
    const before = await items.count();
    await more.click();
    await expect.poll(() => items.count()).toBeGreaterThan(before);
  }
  expect(await items.count()).toBe(first.count);
  await page.getByRole('link', { name: '保存期間と廃棄' }).last().click();

  // What is over today: a run says in words what goes, and leaves a certificate.
  await page.goto('/privacy');
  await page.getByRole('button', { name: '廃棄に進む' }).click();
  const dialog = page.getByRole('dialog', { name: '廃棄を実行' });
  for (const box of await dialog.getByRole('checkbox').all()) await box.uncheck();
  await dialog.getByRole('button', { name: '廃棄する' }).click();
  await dialog.getByText('廃棄するものを選んでください。').waitFor();
  await dialog.getByLabel(/^閲覧の記録/).check();
  await dialog.getByLabel(/^受信メール原本/).check();
  await dialog.getByText('元に戻せません').waitFor();
  await dialog.getByText(/受信メールの原本 \d+件。本文は対応履歴に残ります。/).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, `retention-run-dialog-${DESKTOP.width}`);
  await dialog.getByRole('button', { name: '廃棄する' }).click();
  await page.getByText('廃棄が完了しました').waitFor();
  await page.waitForURL(/\/privacy\/runs\//);
  await settled(page);
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, `retention-run-${DESKTOP.width}`);
  await page.getByRole('link', { name: '廃棄証明書' }).click();
  const paper = page.getByRole('article', { name: '廃棄証明書' });
  await paper
    .getByText(/^令和\d+年\d+月\d+日/)
    .first()
    .waitFor();
  await paper.getByText(/保存期間1年/).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, `certificate-${DESKTOP.width}`);
  const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
  expect(pdf.match(/\/Type \/Page\b/g)).toHaveLength(1);
  await page.setViewportSize(PHONE);
  await settled(page);
  expect(await sideways(page)).toBeLessThanOrEqual(0);
  await shoot(page, `certificate-${PHONE.width}`);
  expect(complaints).toEqual([]);
});

it('erases a person: the name is gone from the case, the timeline and the search', async () => {
  const { made, name } = await closedCase();
  const operator = await person('operator');
  const hits = async () => (await operator<PageFound>(`/search?q=${encodeURIComponent(name)}`)).items.length;
  await expect.poll(hits, { timeout: 30_000 }).toBeGreaterThan(0);
  const reference = fresh('消-');
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await page.goto(`/cases/${made.id}`);
  await page.getByText(`${name}様に資料を送る`).waitFor();
  await page.getByText('個人情報の手続き').click();
  await settled(page);
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, `case-contact-menu-${DESKTOP.width}`);
  await page.getByRole('button', { name: '消去の請求を登録' }).click();
  const dialog = page.getByRole('dialog', { name: `${name}さんの消去の請求を登録` });
  await dialog.getByLabel('請求の整理番号').fill(reference);
  // The request stays, so it may not name them.
  await dialog.getByLabel('理由').fill(`${name}さんから書面で請求`);
  await dialog.getByRole('button', { name: '請求を登録する' }).click();
  await dialog.getByText('消去する本人の名前や連絡先は書かないでください。').waitFor();
  await shoot(page, `erase-dialog-${DESKTOP.width}`);
  await dialog.getByLabel('理由').fill('本人から書面で請求');
  await dialog.getByRole('button', { name: '請求を登録する' }).click();

  await page.getByRole('heading', { level: 1, name: `消去の請求 ${reference}` }).waitFor();
  const would = page.getByRole('region', { name: '消えるもの' });
  await would.getByText('内部メモ').waitFor();
  await settled(page);
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, `erasure-${DESKTOP.width}`);
  await page.getByRole('button', { name: '消去する' }).click();
  const executing = page.getByRole('dialog', { name: '消去を実行' });
  await executing.getByText('内部メモ').waitFor();
  await shoot(page, `erasure-dialog-${DESKTOP.width}`);
  await executing.getByRole('button', { name: '消去する' }).click();
  await page.getByText('実行済み').first().waitFor();
  await page.getByRole('region', { name: '消えたもの' }).getByText('相談者').waitFor();
  await page.getByRole('table', { name: '廃棄と消去の記録' }).getByText(made.number).first().waitFor();
  await settled(page);
  await shoot(page, `erasure-executed-${DESKTOP.width}`);

  await page.goto(`/cases/${made.id}`);
  await page.getByText('(消去済み)').first().waitFor();
  await settled(page);
  expect(await page.locator('main').innerText()).not.toContain(name);
  await page.goto(`/search?q=${encodeURIComponent(name)}`);
  await settled(page);
  expect(await page.locator('main').innerText()).not.toContain(made.number);
  await expect.poll(hits).toBe(0);
  expect(JSON.stringify(await operator(`/cases/${made.id}/timeline`))).not.toContain(name);
  expect(complaints).toEqual([]);
});

it('does not erase while something stands against it, and a request is withdrawn', async () => {
  const made = await acceptedCase(fresh('株式会社請求'));
  const reference = fresh('消-');
  const { page, complaints } = await visit(browser, PHONE);
  await signIn(page, 'admin');
  await page.goto(`/enterprises/${made.enterprise.id}`);
  await page.getByText('個人情報の手続き').click();
  await settled(page);
  expect(await sideways(page)).toBeLessThanOrEqual(0);
  await shoot(page, `enterprise-menu-${PHONE.width}`);
  await page.getByRole('button', { name: '消去の請求を登録' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('請求の整理番号').fill(reference);
  await dialog.getByLabel('理由').fill('法人から書面で請求');
  await dialog.getByRole('button', { name: '請求を登録する' }).click();
  await page.getByText('まだ実行できません').waitFor();
  await page.getByText('案件が終了していません').waitFor();
  expect(await page.getByRole('button', { name: '消去する' }).count()).toBe(0);
  await settled(page);
  expect(await axeFindings(page)).toEqual([]);
  expect(await sideways(page)).toBeLessThanOrEqual(0);
  await shoot(page, `erasure-obstacle-${PHONE.width}`);
  await page.getByRole('button', { name: '請求を取り下げる' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '請求を取り下げる' }).click();
  await page.getByText('請求を取り下げました。').waitFor();
  await page.goto('/privacy?part=erasures&state=withdrawn');
  await page.getByRole('link', { name: reference }).waitFor();
  const admin = await person('admin');
  const { items } = await admin<PageErasureItem>('/erasures?state=withdrawn');
  expect(items.some(({ request_reference }) => request_reference === reference)).toBe(true);
  expect(complaints).toEqual([]);
});

it('makes a package of everything about a person, and hands it out', async () => {
  const { made, name, email } = await closedCase();
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  // From the case, with names of staff.
  const reference = fresh('開-');
  await page.goto(`/cases/${made.id}`);
  await page.getByText('個人情報の手続き').click();
  await page.getByRole('button', { name: '開示の請求を登録' }).click();
  const dialog = page.getByRole('dialog', { name: `${name}さんの開示の請求を登録` });
  await dialog.getByLabel('請求の整理番号').fill(reference);
  await dialog.getByLabel('理由').fill('本人から書面で請求');
  await dialog.getByLabel(/職員と専門家の氏名も載せる/).check();
  await dialog.getByRole('button', { name: '資料を作成する' }).click();
  await page.waitForURL(/part=disclosures/);
  const row = page.getByRole('row').filter({ hasText: reference });
  await row.getByText('載せる').waitFor();
  const button = row.getByRole('button', { name: `ダウンロード: ${reference}` });
  await button.waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
  expect(download.suggestedFilename()).toBe(`${reference}.zip`);
  const bytes: Buffer[] = [];
  for await (const chunk of createReadStream(await download.path())) bytes.push(chunk as Buffer);
  const zip = Buffer.concat(bytes);
  expect(zip.subarray(0, 2).toString()).toBe('PK');
  expect(zip.includes('disclosure.json')).toBe(true);
  await settled(page);
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, `disclosures-${DESKTOP.width}`);

  // By an address that nobody has, and by the right one; names of staff are masked where nothing is said.
  const other = fresh('開-');
  await page.getByRole('button', { name: '開示の請求を登録' }).click();
  const asking = page.getByRole('dialog', { name: '開示の請求を登録' });
  const address = asking.getByRole('textbox', { name: 'メールアドレス' });
  await address.fill(`nobody.${email}`);
  await asking.getByLabel('請求の整理番号').fill(other);
  await asking.getByLabel('理由').fill('本人から書面で請求');
  await asking.getByRole('button', { name: '資料を作成する' }).click();
  await asking.getByText('該当する人が見つかりません。').waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await address.fill(email);
  await asking.getByRole('button', { name: '資料を作成する' }).click();
  await page.getByRole('row').filter({ hasText: other }).getByText('伏せる').waitFor();
  expect(complaints).toEqual([]);
});

it('names who looked at a case, by the case and by the person', async () => {
  const made = await acceptedCase(fresh('株式会社閲覧'));
  const operator = await colleague('operator');
  const looking = await visit(browser);
  await signIn(looking.page, operator);
  await looking.page.goto(`/cases/${made.id}`);
  await looking.page.getByRole('heading', { level: 1, name: made.enterprise.name ?? '' }).waitFor();

  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await page.goto(`/cases/${made.id}`);
  await page.getByText('記録の管理').click();
  await page.getByRole('button', { name: '閲覧した人' }).click();
  await page.waitForURL((url) => url.searchParams.get('case') === made.number);
  const table = page.getByRole('table', { name: '閲覧の記録' });
  const row = table.getByRole('row').filter({ hasText: `試験 ${operator}` });
  // They are written down about once a second.
  await expect
    .poll(
      async () => {
        await page.reload();
        await table.waitFor();
        return row.count();
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(0);
  await row
    .first()
    .getByText(/案件.*対応履歴|対応履歴.*案件/)
    .waitFor();
  await settled(page);
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, `views-case-${DESKTOP.width}`);

  // From the administration, by the person.
  const admin = await person('admin');
  const [found] = (await admin<PageUserView>(`/users?q=${operator}`)).items;
  await page.goto('/admin');
  await page.getByLabel('氏名・メールアドレスで検索').fill(operator);
  await page.getByRole('link', { name: `閲覧の記録: 試験 ${operator}` }).click();
  await page.waitForURL((url) => url.searchParams.get('who') === found?.id);
  await table.getByRole('link', { name: made.number }).first().waitFor();
  const names = await table.locator('tbody tr td:nth-child(2)').allInnerTexts();
  expect(new Set(names.map((text) => text.split('\n')[0]))).toEqual(new Set([`試験 ${operator}`]));

  // A number that is none is told at its field.
  await page.goto('/privacy?part=views&case=R0-000000');
  await page.getByText('案件が見つかりません', { exact: false }).waitFor();
  expect(looking.complaints).toEqual([]);
  expect(complaints).toEqual([]);
});

it('is closed to others', async () => {
  const { page, complaints } = await visit(browser);
  await signIn(page, 'supervisor');
  const me = await (await person('supervisor'))<MeView>('/me');
  expect(me.permissions).not.toContain('manage_retention');
  await page.goto('/privacy');
  await page.getByText('このページを開く権限がありません').waitFor();
  await page.goto('/audit/samples');
  await page.getByText('このページを開く権限がありません').waitFor();
  expect(await page.getByRole('link', { name: '個人情報・保存' }).count()).toBe(0);
  const made = await acceptedCase(fresh('株式会社統括'));
  await page.goto(`/cases/${made.id}`);
  await page.getByRole('heading', { level: 1, name: made.enterprise.name ?? '' }).waitFor();
  await settled(page);
  expect(await page.getByText('記録の管理').count()).toBe(0);
  expect(await page.getByText('個人情報の手続き').count()).toBe(0);
  expect(complaints).toEqual([]);
});

it('lets an auditor draw a sample, the same for the same seed, without a name', async () => {
  const { page, complaints } = await visit(browser);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await signIn(page, 'auditor');
  await page.goto('/audit');
  await page.getByRole('link', { name: '案件の抜き取り' }).click();
  await page.getByLabel('件数').fill('10');
  await page.getByLabel('抽出番号').fill('7');
  await page.getByRole('button', { name: '抜き取る' }).click();
  await page.getByText(/から10件を抜き取りました\(抽出番号 7\)/).waitFor();
  const numbers = page.getByRole('table', { name: '抜き取った案件' }).getByRole('link');
  const drawn = await numbers.allInnerTexts();
  expect(drawn).toHaveLength(10);
  await page.reload();
  await numbers.first().waitFor();
  expect(await numbers.allInnerTexts()).toEqual(drawn);
  await settled(page);
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, `samples-${DESKTOP.width}`);
  await page.getByLabel('抽出番号').fill('8');
  await page.getByRole('button', { name: '抜き取る' }).click();
  await page.getByText(/抽出番号 8/).waitFor();
  expect(await numbers.allInnerTexts()).not.toEqual(drawn);

  // One with an approved report: how long it is, and nothing of what it says or of whom.
  const reported = page
    .getByRole('table')
    .locator('tbody tr')
    .filter({ hasText: /[1-9]件$/ });
  await page.goto('/audit/samples?year=2025&size=100&seed=7');
  await reported.first().getByRole('link').click();
  await page
    .getByText(/現状・課題 \d+文字、助言 \d+文字/)
    .first()
    .waitFor();
  await page.getByRole('region', { name: '経過' }).getByText('受理', { exact: true }).first().waitFor();
  await settled(page);
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, `sample-${DESKTOP.width}`);
  const id = page.url().split('/').at(-1) ?? '';
  const whole = await (await person('admin'))(`/cases/${id}`);
  const shown = await page.locator('main').innerText();
  expect(shown).toContain(whole.number);
  for (const secret of [whole.enterprise.name, whole.description, ...whole.contacts.map((contact) => contact.name)]) {
    if (secret) expect(shown).not.toContain(secret);
  }
  await page.setViewportSize(PHONE);
  await settled(page);
  expect(await sideways(page)).toBeLessThanOrEqual(0);
  await shoot(page, `sample-${PHONE.width}`);
  expect(asked.some((path) => path.startsWith('/api/v1/cases'))).toBe(false);
  expect(complaints).toEqual([]);
});

it('compares a kept head with the trail', async () => {
  const kept = await (await person('auditor'))<AuditHead>('/audit/head');
  const { page, complaints } = await visit(browser);
  await signIn(page, 'auditor');
  await page.goto('/audit');
  const field = page.getByLabel('控えた値');
  const compare = page.getByRole('button', { name: '照合する' });
  await field.fill('控えではない');
  await compare.click();
  await page.getByText('控えた値として読み取れません', { exact: false }).waitFor();
  await page.getByLabel('控えのファイルを選ぶ').setInputFiles({
    name: 'head.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(kept)),
  });
  await expect.poll(() => field.inputValue()).toBe(JSON.stringify(kept));
  await compare.click();
  await page.getByText('控えと一致しました').waitFor();
  await settled(page);
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, `audit-compared-${DESKTOP.width}`);

  // As if events had gone, and one had been rewritten.
  if (!kept.office) throw new Error('the office has no event yet');
  await field.fill(
    JSON.stringify({ ...kept, events: kept.events + 1_000_000, office: { ...kept.office, hash: '0'.repeat(64) } }),
  );
  await compare.click();
  await page.getByText('控えと一致しません').waitFor();
  await page.getByText(/記録の件数が、控えの\d+から\d+に減っています/).waitFor();
  await page.getByText(/事務局の連鎖の\d+番目の記録が、控えと違います/).waitFor();
  await shoot(page, `audit-differs-${DESKTOP.width}`);
  expect(complaints).toEqual([]);
});
