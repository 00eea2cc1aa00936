import { useEffect, useRef, useState } from 'react';
import { isProblemOf } from '@/api/problem';
import { signIn } from '@/api/session';
import { texts, useTexts } from '@/text/preferences';
import { TextField } from '@/ui/form';

const words = texts(
  {
    code: '確認コード',
    hint: '認証アプリに表示されている6桁の数字です。スマートフォンが手元にないときは、リカバリーコードを入力してください。',
    empty: '確認コードを入力してください。',
    refused:
      'このコードは使えません。アプリに今表示されているコードを入力してください。一度使ったコードは、もう使えません。',
  },
  {
    code: 'Code',
    hint: 'The six digits in your authenticator app. Without your phone, enter a recovery code.',
    empty: 'Enter the code.',
    refused: 'This code does not count. Enter what the app shows now; each code is good once.',
  },
);

/** Signing in by steps: the password, and only where the API asks for it, a code. */
export function useSignIn(done: () => unknown = () => undefined) {
  const t = useTexts(words);
  const [asked, setAsked] = useState(false);
  const [code, setCode] = useState('');
  const [wrong, setWrong] = useState<string>();
  const [error, setError] = useState<unknown>();
  const [pending, setPending] = useState(false);

  const send = async (email: string, password: string) => {
    setError(undefined);
    setWrong(undefined);
    if (asked && code.trim() === '') {
      setWrong(t.empty);
      return;
    }
    setPending(true);
    try {
      await signIn({ email, password, ...(asked ? { code } : {}) });
      await done();
    } catch (refusal) {
      if (isProblemOf(refusal, 'second-factor-required')) {
        if (asked) setWrong(t.refused);
        setAsked(true);
      } else {
        // The password is asked for anew where it is wrong by now.
        if (isProblemOf(refusal, 'unauthenticated')) setAsked(false);
        setError(refusal);
      }
      setCode('');
      setPending(false);
    }
  };
  const back = () => {
    setAsked(false);
    setError(undefined);
    setWrong(undefined);
    setCode('');
  };
  return { asked, error, pending, send, back, field: { value: code, onChange: setCode, wrong } };
}

interface CodeProps {
  value: string;
  onChange: (code: string) => void;
  /** What is wrong with the code that was sent. */
  wrong?: string | undefined;
  hint?: string;
  label?: string;
  autoFocus?: boolean;
}

/** A code of the app, which a phone offers by itself, or a recovery code. */
export function CodeField({ value, onChange, wrong, hint, label, autoFocus = false }: CodeProps) {
  const t = useTexts(words);
  const box = useRef<HTMLDivElement>(null);
  // A code that was refused is typed anew.
  useEffect(() => {
    if (wrong) box.current?.querySelector('input')?.focus();
  }, [wrong]);
  return (
    <div ref={box}>
      <TextField
        label={label ?? t.code}
        hint={hint ?? t.hint}
        pointer="/code"
        autoComplete="one-time-code"
        inputMode="numeric"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={64}
        autoFocus={autoFocus}
        wrong={wrong}
        value={value}
        onChange={onChange}
      />
    </div>
  );
}
