/** The second factor: set up, asked for at the sign-in, looked after, turned off; and where the office demands it. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RecoveryCodes, SecondFactorOffer } from '../../src/api/schema';
import { colleague, person } from './api';
import { axeFindings, focusedLabel, launch, PASSWORD, PHONE, shoot, sideways, signIn, visit } from './browser';
import { authenticator } from './totp';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Types the password, and waits for the code to be asked for. */
async function typePassword(page: Page, who: string) {
  await page.goto('/sign-in');
  await page.getByLabel('メールアドレス').fill(`${who}@demo.example.jp`);
  await page.getByLabel('パスワード').fill(PASSWORD);
  await page.getByRole('button', { name: 'サインイン', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: '確認コードの入力' }).waitFor();
}

async function typeCode(page: Page, code: string) {
  await page.getByLabel('確認コード').fill(code);
  await page.getByRole('button', { name: 'サインイン', exact: true }).click();
}

function signedIn(page: Page) {
  return page.waitForURL((url) => url.pathname !== '/sign-in');
}

async function signOut(page: Page) {
  await page.getByRole('button', { name: /利用者メニュー/ }).click();
  await page.getByRole('button', { name: 'サインアウト' }).click();
  await page.waitForURL(/\/sign-in/);
}

async function refused(page: Page, label: string) {
  await page.getByLabel(label).and(page.locator('[aria-invalid=true]')).waitFor();
  await expect.poll(() => focusedLabel(page)).toContain(label);
}

/** From the password to the recovery codes. */
async function setUp(page: Page) {
  await page.getByLabel('現在のパスワード').fill(PASSWORD);
  await page.getByRole('button', { name: '次へ' }).click();
  await page.getByRole('heading', { name: '手順2 認証アプリに登録' }).waitFor();
  const app = authenticator(await page.locator('code').innerText());
  await page.getByLabel('認証アプリに表示された6桁のコード').fill(await app.code());
  await page.getByRole('button', { name: '確認して有効にする' }).click();
  return { app, codes: await keepCodes(page, '手順3 リカバリーコードの保管') };
}

async function keepCodes(page: Page, heading: string): Promise<string[]> {
  await page.getByRole('heading', { name: heading }).waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe(heading);
  const codes = await page.getByRole('list', { name: 'リカバリーコード' }).getByRole('listitem').allInnerTexts();
  expect(codes).toHaveLength(10);
  return codes;
}

async function finish(page: Page) {
  const button = page.getByRole('button', { name: '完了' });
  expect(await button.isDisabled()).toBe(true);
  await page.getByLabel('リカバリーコードを保管しました').check();
  await button.click();
}

it('is set up with an app, asked for at the sign-in, and turned off', async () => {
  const who = await colleague('operator');
  const { page, complaints } = await visit(browser, PHONE);
  const clean = async (name: string) => {
    await shoot(page, `second-factor-${name}-390`);
    expect(await axeFindings(page)).toEqual([]);
    expect(await sideways(page)).toBe(0);
  };
  await signIn(page, who);
  await page.goto('/account');
  await page.getByRole('link', { name: '設定する' }).click();
  await page.getByLabel('現在のパスワード').fill('not the password');
  await page.getByRole('button', { name: '次へ' }).click();
  await refused(page, '現在のパスワード');
  await page.getByLabel('現在のパスワード').fill(PASSWORD);
  await page.getByRole('button', { name: '次へ' }).click();
  await page.getByRole('img', { name: /QRコード/ }).waitFor();
  await clean('app');
  const app = authenticator(await page.locator('code').innerText());
  await page.getByLabel('認証アプリに表示された6桁のコード').fill(app.wrong());
  await page.getByRole('button', { name: '確認して有効にする' }).click();
  await refused(page, '認証アプリに表示された6桁のコード');
  await page.getByLabel('認証アプリに表示された6桁のコード').fill(await app.code());
  await page.getByRole('button', { name: '確認して有効にする' }).click();
  const [first = '', second = ''] = await keepCodes(page, '手順3 リカバリーコードの保管');
  await clean('codes');
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'ファイルに保存' }).click();
  expect((await saving).suggestedFilename()).toBe('madoguchi-recovery-codes.txt');
  await finish(page);
  await page.getByText('有効です。').waitFor();

  // With the app.
  await signOut(page);
  await typePassword(page, who);
  expect(await focusedLabel(page)).toBe('確認コード');
  await clean('sign-in');
  await typeCode(page, '');
  await page.getByText('＊確認コードを入力してください。').waitFor();
  await typeCode(page, app.wrong());
  await page.getByText(/このコードは使えません/).waitFor();
  await refused(page, '確認コード');
  await typeCode(page, await app.code());
  await signedIn(page);

  // With a recovery code, once.
  await signOut(page);
  await typePassword(page, who);
  await typeCode(page, first.toUpperCase());
  await signedIn(page);
  await signOut(page);
  await typePassword(page, who);
  await typeCode(page, first);
  await refused(page, '確認コード');
  await typeCode(page, second);
  await signedIn(page);

  // The recovery codes anew, and off.
  await page.goto('/account/second-factor');
  await page.getByRole('button', { name: 'リカバリーコードを作り直す' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('現在のパスワード').fill(PASSWORD);
  await dialog.getByLabel('確認コード').fill(second);
  await dialog.getByRole('button', { name: '作り直す' }).click();
  await refused(page, '確認コード');
  await clean('renew');
  await dialog.getByLabel('確認コード').fill(await app.code());
  await dialog.getByRole('button', { name: '作り直す' }).click();
  const [fresh = ''] = await keepCodes(page, '新しいリカバリーコード');
  await finish(page);
  await page.getByRole('link', { name: '確認・変更する' }).click();
  await page.getByRole('button', { name: '二要素認証を解除する' }).click();
  await dialog.getByLabel('現在のパスワード').fill(PASSWORD);
  await dialog.getByLabel('確認コード').fill(fresh);
  await dialog.getByRole('button', { name: '解除する' }).click();
  await page.getByText('設定していません。').waitFor();
  await signOut(page);
  await signIn(page, who);
  expect(complaints).toEqual([]);
});

it('is asked for where the session ends over the page, and nothing typed is lost', async () => {
  const who = await colleague('operator');
  const api = await person(who);
  const { secret } = await api<SecondFactorOffer>('/me/second-factor', { current_password: PASSWORD });
  const app = authenticator(secret);
  const { page, context, complaints } = await visit(browser);
  await api<RecoveryCodes>('/me/second-factor/confirm', { code: await app.code() });
  await typePassword(page, who);
  await typeCode(page, await app.code());
  await signedIn(page);
  await page.goto('/account');
  await page.getByLabel('現在のパスワード').fill(PASSWORD);
  await page.getByLabel('新しいパスワード').fill('password123');
  // The session ends on the server, as it does after days.
  await context.request.post('/api/v1/auth/logout', { headers: { 'x-requested-with': 'test' } });
  await expect
    .poll(
      async () => {
        await page
          .getByRole('button', { name: 'パスワードを変更' })
          .click({ force: true, timeout: 2_000 })
          .catch(() => undefined);
        return page.getByRole('alertdialog').isVisible();
      },
      { interval: 1_000 },
    )
    .toBe(true);
  const dialog = page.getByRole('alertdialog');
  await dialog.getByLabel('パスワード').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await dialog.getByLabel('確認コード').fill(app.wrong());
  await page.keyboard.press('Enter');
  await refused(page, '確認コード');
  expect(await axeFindings(page)).toEqual([]);
  await dialog.getByLabel('確認コード').fill(await app.code());
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  expect(await page.getByLabel('新しいパスワード').inputValue()).toBe('password123');
  expect(complaints).toEqual([]);
});

it('of somebody who has lost it is taken off by the office', async () => {
  const who = await colleague('operator');
  const api = await person(who);
  const { secret } = await api<SecondFactorOffer>('/me/second-factor', { current_password: PASSWORD });
  await api('/me/second-factor/confirm', { code: await authenticator(secret).code() });
  const { page, complaints } = await visit(browser);
  await signIn(page, 'admin');
  await page.goto('/admin');
  await page.getByLabel('氏名・メールアドレスで検索').fill(who);
  const button = page.getByRole('button', { name: `二要素認証の解除: 試験 ${who}` });
  await button.click();
  const dialog = page.getByRole('dialog');
  expect(await axeFindings(page)).toEqual([]);
  await shoot(page, 'dialog-take-off-1440');
  await dialog.getByRole('button', { name: '解除' }).click();
  await button.waitFor({ state: 'hidden' });
  const theirs = await visit(browser);
  await signIn(theirs.page, who);
  expect(complaints).toEqual([]);
});

it('is demanded of admins by the setting, and everything else is closed until it is set up', async () => {
  const keeper = await colleague('admin');
  const newcomer = await colleague('admin');
  const api = await person(keeper);
  const { secret } = await api<SecondFactorOffer>('/me/second-factor', { current_password: PASSWORD });
  const app = authenticator(secret);
  const { page, complaints } = await visit(browser);
  const other = await visit(browser);
  await api('/me/second-factor/confirm', { code: await app.code() });
  await signIn(other.page, newcomer);
  try {
    await typePassword(page, keeper);
    await typeCode(page, await app.code());
    await signedIn(page);
    await page.goto('/admin?part=settings');
    await page.getByLabel('事務局の利用者に二要素認証を必須にする').check();
    await page.getByRole('button', { name: '保存する' }).click();
    await page.getByText('保存しました。').waitFor();

    // Somebody who is signed in already is led there by the next thing they do.
    const demand = other.page.getByText('続けるには、二要素認証の設定が必要です');
    await expect
      .poll(async () => {
        await other.page
          .getByRole('link', { name: '管理' })
          .first()
          .click({ timeout: 1000 })
          .catch(() => undefined);
        return demand.isVisible();
      })
      .toBe(true);
    await other.page.goto('/cases');
    await demand.waitFor();
    expect(new URL(other.page.url()).pathname).toBe('/account/second-factor');
    expect(await axeFindings(other.page)).toEqual([]);
    await shoot(other.page, 'second-factor-demanded-1440');
    await setUp(other.page);
    await finish(other.page);
    await other.page.waitForURL((url) => url.pathname === '/cases');
    await other.page.locator('[data-row]').first().waitFor();
  } finally {
    // Through the page, as the version of the settings is in a header only.
    await page.goto('/admin?part=settings');
    await page.getByLabel('事務局の利用者に二要素認証を必須にする').uncheck();
    await page.getByRole('button', { name: '保存する' }).click();
    await page.getByText('保存しました。').waitFor();
  }
  expect([...complaints, ...other.complaints]).toEqual([]);
});
