import { useState } from 'react';
import { session } from '@/api/session';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Dialog, DialogButtons } from '@/ui/dialog';
import { Form, TextField } from '@/ui/form';
import { CodeField, useSignIn } from './use-sign-in';

const words = texts(
  {
    title: 'もう一度サインインしてください',
    why: '一定の時間が過ぎたため、サインインの期限が切れました。入力中の内容はそのまま残っています。サインインすると、送信途中の操作も続きから行われます。',
    password: 'パスワード',
    submit: 'サインインして続ける',
  },
  {
    title: 'Please sign in again',
    why: 'Your sign-in has expired. What you were typing is still here, and what was being sent goes on when you have signed in.',
    password: 'Password',
    submit: 'Sign in and go on',
  },
);

/** Lies over the page when the session is over, so that nothing typed is lost. */
export default function SignInAgain() {
  const t = useTexts(words);
  const email = session.me()?.email ?? '';
  const [password, setPassword] = useState('');
  const { asked, error, pending, send, field } = useSignIn();
  return (
    <Dialog title={t.title} persistent onClose={() => undefined}>
      <Form error={error} onSubmit={() => void send(email, password)}>
        <p className="text-std-16N-170">{t.why}</p>
        <p className="text-dns-16B-130">{email}</p>
        <input type="hidden" autoComplete="username" value={email} readOnly />
        {asked ? (
          <CodeField autoFocus {...field} />
        ) : (
          <TextField
            label={t.password}
            pointer="/password"
            type="password"
            autoComplete="current-password"
            autoFocus
            value={password}
            onChange={setPassword}
          />
        )}
        <DialogButtons>
          <Button type="submit" look="solid" size="lg" pending={pending}>
            {t.submit}
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  );
}
