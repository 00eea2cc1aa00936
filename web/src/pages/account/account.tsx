import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '@/api/client';
import type { ChangePasswordRequest } from '@/api/schema';
import { useMe } from '@/shell/use-me';
import { passwordRules } from '@/text/password-rules';
import { prefer, texts, usePreferences, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button, LinkButton } from '@/ui/button';
import { CheckField, Form, SelectField, TextField } from '@/ui/form';
import { Facts, Page, Section } from '@/ui/page';
import { say } from '@/ui/toast';

const words = texts(
  {
    title: '自分の設定',
    me: '登録内容',
    name: '氏名',
    email: 'メールアドレス',
    role: '役割',
    view: '表示',
    language: '言語',
    era: '年を令和で表示する',
    password: 'パスワードの変更',
    current: '現在のパスワード',
    next: '新しいパスワード',
    change: 'パスワードを変更',
    changed: 'パスワードを変更しました。ほかの端末ではサインインが終わります。',
    factor: '二要素認証',
    factorWhy: 'パスワードに加えて、スマートフォンの認証アプリのコードでサインインを守ります。',
    on: '有効です。',
    off: '設定していません。',
    setUp: '設定する',
    manage: '確認・変更する',
  },
  {
    title: 'My settings',
    me: 'Account',
    name: 'Name',
    email: 'E-mail address',
    role: 'Role',
    view: 'Display',
    language: 'Language',
    era: 'Japanese era years',
    password: 'Password',
    current: 'Current password',
    next: 'New password',
    change: 'Change the password',
    changed: 'The password is changed. Other devices are signed out.',
    factor: 'Second factor',
    factorWhy: 'Beside the password, a code of an app on your phone guards your account.',
    on: 'It is on.',
    off: 'It is not set up.',
    setUp: 'Set it up',
    manage: 'Look at it or change it',
  },
);

export function AccountPage() {
  const t = useTexts(words);
  const names = useWords();
  const me = useMe();
  const { language, era } = usePreferences();
  return (
    <Page title={t.title} width="text">
      <div className="space-y-8">
        <Section title={t.me}>
          <Facts
            facts={[
              [t.name, me.name],
              [t.email, me.email],
              [t.role, names.role[me.role]],
            ]}
          />
        </Section>
        <Section title={t.view}>
          <div className="space-y-3">
            <SelectField
              label={t.language}
              pointer="#language"
              className="max-w-xs"
              value={language}
              onChange={(next) => prefer({ language: next })}
              choices={[
                ['ja', '日本語'],
                ['en', 'English'],
              ]}
            />
            <CheckField label={t.era} checked={era} onChange={(next) => prefer({ era: next })} />
          </div>
        </Section>
        <Section title={t.password}>
          <Password />
        </Section>
        <Section title={t.factor}>
          <p className="mb-3 text-std-16N-170">
            <strong>{me.has_second_factor ? t.on : t.off}</strong> {t.factorWhy}
          </p>
          <LinkButton to="/account/second-factor">{me.has_second_factor ? t.manage : t.setUp}</LinkButton>
        </Section>
      </div>
    </Page>
  );
}

function Password() {
  const t = useTexts(words);
  const rules = useTexts(passwordRules);
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const send = useMutation({
    networkMode: 'always',
    mutationFn: (request: ChangePasswordRequest) => api.POST('/api/v1/me/password', { body: request }),
    onSuccess: () => {
      setCurrent('');
      setNext('');
      say(t.changed);
    },
  });
  return (
    <Form
      error={send.error}
      className="max-w-md space-y-4"
      onSubmit={() => send.mutate({ current_password: current, new_password: next })}
    >
      <TextField
        label={t.current}
        pointer="/current_password"
        type="password"
        autoComplete="current-password"
        value={current}
        onChange={setCurrent}
      />
      <TextField
        label={t.next}
        hint={rules.hint}
        pointer="/new_password"
        type="password"
        autoComplete="new-password"
        value={next}
        onChange={setNext}
      />
      <Button type="submit" pending={send.isPending}>
        {t.change}
      </Button>
    </Form>
  );
}
