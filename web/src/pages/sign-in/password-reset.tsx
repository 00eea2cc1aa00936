import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { isProblemOf, problemOf } from '@/api/problem';
import type { ConfirmPasswordResetRequest, PasswordResetRequest } from '@/api/schema';
import { plainFetch } from '@/api/session';
import { texts, useTexts } from '@/text/preferences';
import { passwordRules } from '@/text/password-rules';
import { Button, LinkButton } from '@/ui/button';
import { Form, TextField } from '@/ui/form';
import { Notice } from '@/ui/notice';
import { Door } from './door';

const words = texts(
  {
    request: 'パスワードの再設定',
    requestWhy: '登録されているメールアドレスを入力してください。新しいパスワードを決めるためのリンクを送ります。',
    email: 'メールアドレス',
    send: 'リンクを送る',
    sent: 'メールを確認してください',
    sentWhat: (email: string) => `${email} が登録されている場合は、再設定のリンクを送りました。リンクは1時間有効です。`,
    sentHelp: '届かないときは、迷惑メールのフォルダーと入力したアドレスを確かめるか、事務局に連絡してください。',
    another: '別のアドレスで送り直す',
    choose: '新しいパスワードを決める',
    chooseWhy: '変更すると、すべての端末でサインインが終わります。新しいパスワードでサインインしてください。',
    password: '新しいパスワード',
    show: 'パスワードを表示する',
    hide: 'パスワードを隠す',
    change: 'パスワードを変更',
    over: 'このリンクは使えません',
    overWhat: 'すでに使われたか、1時間が過ぎたか、より新しいリンクが送られています。下から、もう一度送ってください。',
    done: 'パスワードを変更しました',
    doneWhat: '新しいパスワードでサインインしてください。',
    signIn: 'サインインへ',
    back: 'サインインに戻る',
  },
  {
    request: 'Set a new password',
    requestWhy: 'Enter the e-mail address that you sign in with. You get a link to choose a new password.',
    email: 'E-mail address',
    send: 'Send the link',
    sent: 'Look into your mail',
    sentWhat: (email: string) => `If ${email} is known here, a link is on its way. It works for an hour.`,
    sentHelp: 'If nothing comes, look among the junk mail, check the address, or ask the programme office.',
    another: 'Send it to another address',
    choose: 'Choose a new password',
    chooseWhy: 'All devices are signed out by it. Then sign in with the new password.',
    password: 'New password',
    show: 'Show the password',
    hide: 'Hide the password',
    change: 'Change the password',
    over: 'This link does not work',
    overWhat: 'It was used, is older than an hour, or a newer one was sent. Ask for another one below.',
    done: 'The password is changed',
    doneWhat: 'Sign in with the new password.',
    signIn: 'To the sign-in',
    back: 'Back to the sign-in',
  },
);

/** The token of the mail's link stands behind the #, which no server sees. */
function tokenOfAddress(): string | undefined {
  return new URLSearchParams(location.hash.slice(1)).get('token') ?? undefined;
}

/** It must not stay in the address bar, nor in the browser's history. */
function clearAddress() {
  if (location.hash) history.replaceState(history.state, '', location.pathname);
}

/** A forgotten password: asks for the mail, and is where its link leads. */
export function PasswordResetPage() {
  const [token, setToken] = useState(tokenOfAddress);
  const [step, setStep] = useState<'over' | 'done'>();
  useEffect(() => {
    clearAddress();
    // Another link that is pasted over this page does not load it anew.
    const follow = () => {
      const next = tokenOfAddress();
      if (!next) return;
      setToken(next);
      setStep(undefined);
      clearAddress();
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  if (step === 'done') return <Done />;
  if (token && step !== 'over') {
    return <Choose key={token} token={token} onDone={() => setStep('done')} onOver={() => setStep('over')} />;
  }
  return <Request over={step === 'over'} />;
}

async function post(path: string, content: PasswordResetRequest | ConfirmPasswordResetRequest): Promise<void> {
  const response = await plainFetch(path, content);
  if (!response.ok) throw await problemOf(response);
}

function Request({ over }: { over: boolean }) {
  const t = useTexts(words);
  const [email, setEmail] = useState('');
  const ask = useMutation({
    networkMode: 'always',
    mutationFn: (address: string) => post('/api/v1/auth/password-reset', { email: address }),
  });
  if (ask.isSuccess) {
    return (
      <Door title={t.sent}>
        <p className="mb-4 text-std-16N-170">{t.sentWhat(ask.variables)}</p>
        <p className="mb-6 text-std-16N-170 text-ink-soft">{t.sentHelp}</p>
        <Button onClick={() => ask.reset()}>{t.another}</Button>
        <Back />
      </Door>
    );
  }
  return (
    <Door title={t.request}>
      {over ? (
        <div className="mb-6">
          <Notice kind="warning" title={t.over} live>
            <p>{t.overWhat}</p>
          </Notice>
        </div>
      ) : null}
      <p className="mb-6 text-std-16N-170 text-ink-soft">{t.requestWhy}</p>
      <Form error={ask.error} onSubmit={() => ask.mutate(email.trim())} className="space-y-5">
        <TextField
          label={t.email}
          pointer="/email"
          type="email"
          autoComplete="username"
          inputMode="email"
          autoFocus={!over}
          value={email}
          onChange={setEmail}
        />
        <Button type="submit" look="solid" size="lg" className="w-full" pending={ask.isPending}>
          {t.send}
        </Button>
      </Form>
      <Back />
    </Door>
  );
}

interface ChooseProps {
  token: string;
  onDone: () => void;
  onOver: () => void;
}

function Choose({ token, onDone, onOver }: ChooseProps) {
  const t = useTexts(words);
  const rules = useTexts(passwordRules);
  const [password, setPassword] = useState('');
  const [shown, setShown] = useState(false);
  const change = useMutation({
    networkMode: 'always',
    mutationFn: () => post('/api/v1/auth/password-reset/confirm', { token, password }),
    onSuccess: onDone,
    onError: (error) => {
      if (isProblemOf(error, 'validation') && error.at('/token') !== undefined) onOver();
    },
  });
  return (
    <Door title={t.choose}>
      <p className="mb-6 text-std-16N-170 text-ink-soft">{t.chooseWhy}</p>
      <Form error={change.error} onSubmit={() => change.mutate()} className="space-y-5">
        <TextField
          label={t.password}
          hint={rules.hint}
          pointer="/password"
          type={shown ? 'text' : 'password'}
          autoComplete="new-password"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          value={password}
          onChange={setPassword}
        />
        <Button size="sm" onClick={() => setShown(!shown)}>
          {shown ? t.hide : t.show}
        </Button>
        <Button type="submit" look="solid" size="lg" className="w-full" pending={change.isPending}>
          {t.change}
        </Button>
      </Form>
      <Back />
    </Door>
  );
}

function Done() {
  const t = useTexts(words);
  return (
    <Door title={t.done}>
      <p className="mb-6 text-std-16N-170">{t.doneWhat}</p>
      <LinkButton to="/sign-in" look="solid" size="lg">
        {t.signIn}
      </LinkButton>
    </Door>
  );
}

function Back() {
  const t = useTexts(words);
  return (
    <p className="mt-4">
      <Link to="/sign-in" className="link inline-flex min-h-11 items-center">
        {t.back}
      </Link>
    </p>
  );
}
