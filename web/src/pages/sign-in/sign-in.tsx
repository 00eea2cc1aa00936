import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { CodeField, useSignIn } from '@/shell/use-sign-in';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Form, TextField } from '@/ui/form';
import { Door } from './door';

const words = texts(
  {
    title: 'サインイン',
    what: '相談案件の受付から支援の完了までを扱う、職員と専門家のための窓口システムです。',
    email: 'メールアドレス',
    password: 'パスワード',
    submit: 'サインイン',
    failed: 'サインインできませんでした',
    forgotten: 'パスワードを忘れた',
    help: 'サインインできないときは、事務局に連絡してください。',
    codeTitle: '確認コードの入力',
    codeWhy: (email: string) => `${email} には二要素認証が設定されています。`,
    codeHelp: 'スマートフォンもリカバリーコードもないときは、事務局に二要素認証の解除を依頼してください。',
    back: '別のアカウントでサインイン',
  },
  {
    title: 'Sign in',
    what: 'For staff and experts: every inquiry from the first call to the end of the support.',
    email: 'E-mail address',
    password: 'Password',
    submit: 'Sign in',
    failed: 'You are not signed in',
    forgotten: 'I forgot my password',
    help: 'If you cannot sign in, ask the programme office.',
    codeTitle: 'Enter the code',
    codeWhy: (email: string) => `${email} has a second factor.`,
    codeHelp:
      'If you have neither your phone nor a recovery code, ask the programme office to take the second factor off.',
    back: 'Sign in as somebody else',
  },
);

export function SignInPage() {
  const t = useTexts(words);
  const { next } = useSearch({ from: '/sign-in' });
  const navigate = useNavigate();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const { asked, error, pending, send, back, field } = useSignIn(() => navigate({ href: next ?? '/', replace: true }));
  return (
    <Door title={asked ? t.codeTitle : t.title}>
      <p className="mb-6 text-std-16N-170 text-ink-soft">{asked ? t.codeWhy(email) : t.what}</p>
      <Form error={error} failed={t.failed} onSubmit={() => void send(email, password)} className="space-y-5">
        {asked ? (
          <>
            <input type="hidden" autoComplete="username" value={email} readOnly />
            <CodeField autoFocus {...field} />
          </>
        ) : (
          <>
            <TextField
              label={t.email}
              pointer="/email"
              type="email"
              autoComplete="username"
              inputMode="email"
              autoFocus
              value={email}
              onChange={setEmail}
            />
            <TextField
              label={t.password}
              pointer="/password"
              type="password"
              autoComplete="current-password"
              value={password}
              onChange={setPassword}
            />
          </>
        )}
        <Button type="submit" look="solid" size="lg" className="w-full" pending={pending}>
          {t.submit}
        </Button>
      </Form>
      <p className="mt-4">
        {asked ? (
          <button
            type="button"
            className="link inline-flex min-h-11 items-center"
            onClick={() => {
              setPassword('');
              back();
            }}
          >
            {t.back}
          </button>
        ) : (
          <Link to="/password-reset" className="link inline-flex min-h-11 items-center">
            {t.forgotten}
          </Link>
        )}
      </p>
      <p className="mt-2 text-dns-16N-130 text-ink-soft">{asked ? t.codeHelp : t.help}</p>
    </Door>
  );
}
