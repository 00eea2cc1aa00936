/** Mail: one from a stranger is checked and placed, answered, taken back; nothing in it ever runs. */
import type { Browser } from 'playwright-core';
import type { PageFound, PageMessageView, Template, TemplateList } from '../../src/api/schema';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptedCase, fresh, person, receiveMail } from './api';
import { axeFindings, launch, signIn, visit } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** From somebody whom the case does not know, with everything that must not run. */
function hostile(number: string, mark: string): string {
  return `From: =?UTF-8?B?5bGx55SwIOiKseWtkA==?= <${mark}@kigyo.example.jp>
To: sodan@madoguchi.example
Subject: [${number}] ${mark} <img src=x onerror=alert(1)>
Message-ID: <${mark}@kigyo.example.jp>
Date: ${new Date().toUTCString().replace('GMT', '+0000')}
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="m"

--m
Content-Type: text/html; charset=utf-8

<p>the new part of ${mark}</p><script>document.title='ran'</script><img src="http://elsewhere.example/pixel.png"
 onerror="document.title='ran'"><form action="http://elsewhere.example/"><input name="a"></form>
--m
Content-Type: text/html; name="page.html"
Content-Disposition: attachment; filename="page.html"

<script>document.title='ran'</script>
--m--
`;
}

it('of a stranger is read without running anything, attached, confirmed, answered and taken back', async () => {
  const made = await acceptedCase(fresh('株式会社郵便'));
  const mark = fresh('Stranger').toLowerCase();
  const mail = await receiveMail(hostile(made.number, mark));
  expect(mail.quarantine_reason).toBe('stranger_with_number');

  const { page, complaints } = await visit(browser);
  await signIn(page, 'supervisor');
  await page.getByRole('link', { name: '要確認メール' }).first().click();
  await page.getByRole('link', { name: new RegExp(mark) }).click();
  await page.getByRole('heading', { level: 1, name: new RegExp(mark) }).waitFor();
  await page.getByText('差出人はその案件の相談者ではありません', { exact: false }).waitFor();
  await page.getByText(`the new part of ${mark}`).first().waitFor();
  expect(await page.title()).not.toBe('ran');
  expect(await page.locator('main img, main iframe, main form input[name=a]').count()).toBe(0);
  expect(await axeFindings(page)).toEqual([]);

  // Files are saved, never opened.
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: '保存: page.html' }).click(),
  ]);
  expect(file.suggestedFilename()).toBe('page.html');
  const [raw] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: /元のメールを保存/ }).click(),
  ]);
  expect(raw.suggestedFilename()).toMatch(/\.eml$/);

  // A wrong number is refused at its field; the suggestion is one click.
  await page.getByLabel('別の案件に付ける').fill('TW-2026-999999');
  await page.getByRole('button', { name: '案件に付ける', exact: true }).click();
  await expect.poll(() => page.getByLabel('別の案件に付ける').getAttribute('aria-invalid')).toBe('true');
  await page.getByRole('button', { name: `候補の ${made.number} に付ける` }).click();
  await page.getByRole('heading', { level: 1, name: made.enterprise.name ?? '' }).waitFor();

  // Its sender is confirmed.
  await page.getByRole('link', { name: /メールを開く/ }).click();
  await page.getByRole('button', { name: '差出人を確認済みにする' }).click();
  await page.getByText('差出人を確認済みにしました。').waitFor();
  await page.getByRole('link', { name: made.number }).first().click();

  // The reply goes to who wrote, with a template that the API fills in, and a file.
  await page.getByRole('button', { name: '返信', exact: true }).click();
  const form = page.getByRole('form', { name: 'メールを送る' });
  await form.getByText(/への返信/).waitFor();
  const admin = await person('admin');
  const { items } = await admin<TemplateList>('/templates');
  const name = fresh('ひな形');
  if (!items.some((template) => template.name === name)) {
    await admin<Template>('/templates', {
      name,
      subject: '{{case.number}}について',
      body: '{{case.number}}の件です。',
    });
  }
  await page.reload();
  await page.getByRole('button', { name: '返信', exact: true }).click();
  await form.getByLabel('ひな形').selectOption({ label: name });
  await expect.poll(() => form.getByLabel('本文').inputValue()).toBe(`${made.number}の件です。`);
  expect(await form.getByLabel('件名').inputValue()).toBe(`${made.number}について`);
  await form
    .locator('input[type=file]')
    .setInputFiles({ name: '規程案.txt', mimeType: 'text/plain', buffer: Buffer.from(mark) });
  await expect.poll(() => form.getByLabel('規程案.txt').isChecked()).toBe(true);
  await form.getByRole('button', { name: '送信する' }).click();
  await page.getByText('秒以内なら、対応履歴から取り消せます', { exact: false }).waitFor();
  await page.getByText(/あと \d:\d\d で送信/).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole('button', { name: '送信を取り消す' }).click();
  await page.getByText('送信取消', { exact: true }).waitFor();
  const supervisor = await person('supervisor');
  const { items: messages } = await supervisor<PageMessageView>(`/cases/${made.id}/messages`);
  expect(messages.map(({ state, to_address }) => [state, to_address])).toContainEqual([
    'taken_back',
    `${mark}@kigyo.example.jp`,
  ]);
  expect(messages.find(({ state }) => state === 'taken_back')?.attachments).toHaveLength(1);
  expect(complaints).toEqual([]);
});

it('is put aside with a reason, and comes back', async () => {
  const mark = fresh('Aside').toLowerCase();
  const made = await acceptedCase(fresh('株式会社除外'));
  await receiveMail(hostile(made.number, mark));
  const { page, complaints } = await visit(browser);
  await signIn(page, 'operator');
  await page.goto(`/mails?q=${mark}%40kigyo.example.jp`);
  await page.getByRole('link', { name: new RegExp(mark) }).click();
  await page.getByRole('button', { name: '除外する' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: '除外する' }).click();
  await expect.poll(() => dialog.getByLabel('除外の理由').getAttribute('aria-invalid')).toBe('true');
  await dialog.getByLabel('除外の理由').fill('広告のため');
  await dialog.getByRole('button', { name: '除外する' }).click();
  await page.getByRole('heading', { level: 1, name: '要確認メール' }).waitFor();
  await page.goto(`/mails?show=done&q=${mark}%40kigyo.example.jp`);
  await page.getByRole('link', { name: new RegExp(mark) }).click();
  await page.getByText('広告のため').waitFor();
  await page.getByRole('button', { name: '除外を取り消して読み取り直す' }).click();
  await page.getByRole('button', { name: '除外する' }).waitFor();
  await page.getByRole('button', { name: '新しい案件を登録' }).click();
  await page.waitForURL(/\/cases\//);
  await page.getByText(`the new part of ${mark}`, { exact: false }).first().waitFor();
  expect(complaints).toEqual([]);
});

/** A closed case to which a mail came afterwards, and the page of the desk with the dialog of its flag. */
async function afterClosing(name: string, mark: string) {
  const made = await acceptedCase(fresh(name));
  const desk = await person('desk');
  await desk(`/cases/${made.id}/close`, { outcome: 'answered', note: '電話で回答' });
  const mail = await receiveMail(hostile(made.number, mark));
  const supervisor = await person('supervisor');
  await supervisor(`/intake/emails/${mail.id}/attach`, { case_id: made.id });
  const { page, complaints } = await visit(browser);
  await signIn(page, 'desk');
  await page.goto(`/cases/${made.id}`);
  await page.getByRole('button', { name: '終了後のメール' }).click();
  return { made, desk, page, dialog: page.getByRole('dialog'), complaints };
}

it('that comes after closing reopens the case', async () => {
  const { page, dialog, complaints } = await afterClosing('株式会社終了後', fresh('After').toLowerCase());
  await dialog.getByLabel('この案件を再開する').check();
  await dialog.getByLabel('詳細').fill('追加の相談のため');
  await dialog.getByRole('button', { name: '確認済みにする' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByText('再開しました').first().waitFor();
  expect(complaints).toEqual([]);
});

it('that comes after closing becomes a case of its own, linked to the first', async () => {
  const mark = fresh('Anew').toLowerCase();
  const { made, desk, page, dialog, complaints } = await afterClosing('株式会社後続', mark);
  await dialog.getByLabel('新しい案件を登録する').check();
  await dialog.getByRole('button', { name: '確認済みにする' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('region', { name: '関連する案件' }).getByText('後続の相談').waitFor();
  await page.getByRole('region', { name: '関連する案件' }).getByRole('link', { name: /^TW-/ }).click();
  await page.getByText(`the new part of ${mark}`, { exact: false }).first().waitFor();
  expect((await desk(`/cases/${made.id}`)).status).toBe('closed');
  expect((await desk(`/cases/${made.id}`)).flags).not.toContain('mail_after_close');
  expect(complaints).toEqual([]);
});

it('that comes after closing needs nothing', async () => {
  const { made, desk, page, dialog, complaints } = await afterClosing('株式会社御礼', fresh('Thanks').toLowerCase());
  await dialog.getByLabel('対応は不要').check();
  await dialog.getByRole('button', { name: '確認済みにする' }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: '終了後のメール' }).waitFor({ state: 'detached' });
  expect(await desk(`/cases/${made.id}`)).toMatchObject({ status: 'closed' });
  expect(complaints).toEqual([]);
});

it('that could not be sent says why, and is sent again with one key however often one presses', async () => {
  const made = await acceptedCase(fresh('株式会社不達'));
  const desk = await person('desk');
  await desk(`/cases/${made.id}/messages`, { to: 'nobody@kigyo.example.jp', confirmed: true, body: '資料です。' });
  const { page, complaints } = await visit(browser);
  await signIn(page, 'desk');
  // No mail server refuses anything in the demonstration, so the API's answer is bent to what a refusal makes of it.
  const keys: (string | undefined)[] = [];
  await page.route(/\/api\/v1\/cases\/[^/]+\/messages\?/, async (route) => {
    const response = await route.fetch();
    const { items } = (await response.json()) as PageMessageView;
    const failed =
      keys.length < 2 ? { state: 'failed', allowed_steps: ['retry'], last_error: '550 5.1.1 unknown user' } : {};
    await route.fulfill({
      response,
      json: {
        items: items.map((item) => (item.to_address.startsWith('nobody@') ? { ...item, ...failed } : item)),
        next_cursor: null,
      },
    });
  });
  await page.route(/\/api\/v1\/messages\/[^/]+\/retry/, async (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    if (keys.length === 1) return route.abort('connectionreset');
    const id = new URL(route.request().url()).pathname.split('/').at(-2) ?? '';
    return route.fulfill({ json: await desk(`/messages/${id}`) });
  });
  await page.goto(`/cases/${made.id}`);
  await page.getByText('送信できない理由: 550 5.1.1 unknown user').waitFor();
  await page.getByText('送信失敗', { exact: true }).waitFor();
  expect(await axeFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'もう一度送信する' }).click();
  await page.getByText('サーバーに接続できません').waitFor();
  await page.getByRole('button', { name: 'もう一度送信する' }).click();
  await page.getByText('送信し直します。').waitFor();
  expect(keys).toHaveLength(2);
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(keys[1]).toBe(keys[0]);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  expect(complaints).toEqual([]);
});

it('and everything else is found, with the words marked', async () => {
  const word = fresh('Needle');
  const made = await acceptedCase(fresh('株式会社検索'));
  const desk = await person('desk');
  await desk(`/cases/${made.id}/notes`, { body: `倉庫の${word}を確認` });
  const found = async () => (await desk<PageFound>(`/search?q=${word}`)).items.length;
  await expect.poll(found, { timeout: 10_000 }).toBe(1);
  const { page, complaints } = await visit(browser);
  await signIn(page, 'desk');
  await page.getByRole('searchbox').first().fill(word);
  await page.keyboard.press('Enter');
  await page.waitForURL(new RegExp(`/search\\?q=${word}`));
  await page.locator('mark').first().waitFor();
  expect((await page.locator('mark').first().innerText()).toLowerCase()).toBe(word.toLowerCase());
  await page.getByRole('link', { name: made.enterprise.name ?? '' }).click();
  await page.getByRole('heading', { level: 1, name: made.enterprise.name ?? '' }).waitFor();
  expect(complaints).toEqual([]);
});
