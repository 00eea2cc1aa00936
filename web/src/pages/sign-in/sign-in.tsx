import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { signIn } from '@/api/session';
import { prefer, texts, usePreferences, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Form, TextField } from '@/ui/form';

const words = texts(
  {
    title: 'サインイン',
    programme: 'テレワーク ワンストップ相談',
    what: '相談案件の受付から支援の完了までを扱う、職員と専門家のための窓口システムです。',
    email: 'メールアドレス',
    password: 'パスワード',
    submit: 'サインイン',
    help: 'サインインできないときは、事務局に連絡してください。',
    language: 'English',
  },
  {
    title: 'Sign in',
    programme: 'Telework one-stop consultation',
    what: 'For staff and experts: every inquiry from the first call to the end of the support.',
    email: 'E-mail address',
    password: 'Password',
    submit: 'Sign in',
    help: 'If you cannot sign in, ask the programme office.',
    language: '日本語',
  },
);

export function SignInPage() {
  const t = useTexts(words);
  const { language } = usePreferences();
  const { next } = useSearch({ from: '/sign-in' });
  const navigate = useNavigate();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>();
  const [pending, setPending] = useState(false);
  useEffect(() => {
    document.title = `${t.title} | 窓口 Madoguchi`;
  }, [t]);

  const submit = async () => {
    setPending(true);
    setError(undefined);
    try {
      await signIn(email, password);
      await navigate({ href: next ?? '/', replace: true });
    } catch (refusal) {
      setError(refusal);
      setPending(false);
    }
  };

  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col px-5 pt-10 pb-8 sm:pt-24">
      <div className="mb-8 flex items-center gap-3">
        <img src="/favicon.svg" alt="" className="size-12" />
        <p>
          <span className="block text-dns-14N-130 text-ink-soft">{t.programme}</span>
          <span className="text-std-24B-150">
            窓口 <span className="text-std-18N-160 text-ink-soft">Madoguchi</span>
          </span>
        </p>
      </div>
      <h1 className="mb-2 text-std-20B-150">{t.title}</h1>
      <p className="mb-6 text-std-16N-170 text-ink-soft">{t.what}</p>
      <Form error={error} onSubmit={() => void submit()} className="space-y-5">
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
        <Button type="submit" look="solid" size="lg" className="w-full" pending={pending}>
          {t.submit}
        </Button>
      </Form>
      <p className="mt-6 text-dns-16N-130 text-ink-soft">{t.help}</p>
      <p className="mt-auto pt-10 text-right">
        <button
          type="button"
          className="link min-h-11 px-2"
          lang={language === 'ja' ? 'en' : 'ja'}
          onClick={() => prefer({ language: language === 'ja' ? 'en' : 'ja' })}
        >
          {t.language}
        </button>
      </p>
    </main>
  );
}
