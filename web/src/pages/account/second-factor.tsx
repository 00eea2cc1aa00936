import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { api, body } from '@/api/client';
import { isProblemOf } from '@/api/problem';
import type { BothFactorsRequest, SecondFactorOffer } from '@/api/schema';
import { readMe } from '@/api/session';
import { CodeField } from '@/shell/use-sign-in';
import { useMe } from '@/shell/use-me';
import { useTexts } from '@/text/preferences';
import { Button, buttonClass } from '@/ui/button';
import { copyText } from '@/ui/copy';
import { DialogForm } from '@/ui/dialog-form';
import { Form, TextField } from '@/ui/form';
import { Notice } from '@/ui/notice';
import { Page } from '@/ui/page';
import { say, sayFailed } from '@/ui/toast';
import { QrCode } from './qr-code';
import { RecoveryCodes } from './recovery-codes';
import { factorWords } from './text';

interface Shown {
  codes: readonly string[];
  /** At the end of the set-up, or made anew. */
  first: boolean;
}

/** The second factor of whoever is signed in: set up in three steps, looked after, turned off. */
export function SecondFactorPage() {
  const t = useTexts(factorWords);
  const me = useMe();
  const navigate = useNavigate();
  const [shown, setShown] = useState<Shown>();
  // Who was led here goes on to where their day begins; everybody else came from their settings.
  const [led] = useState(me.needs_second_factor);
  const leave = () => void navigate({ to: led ? '/' : '/account' });
  return (
    <Page title={t.title} width="text" over={me.needs_second_factor ? null : <Back />}>
      {shown ? (
        <Step key={shown.codes.join()} title={shown.first ? t.keep : t.renewed}>
          {shown.first ? (
            <div className="no-print mb-4">
              <Notice kind="success" title={t.done} />
            </div>
          ) : null}
          <RecoveryCodes codes={shown.codes} onKept={leave} />
        </Step>
      ) : me.has_second_factor ? (
        <Manage onCodes={(codes) => setShown({ codes, first: false })} />
      ) : (
        <SetUp onCodes={(codes) => setShown({ codes, first: true })} />
      )}
    </Page>
  );
}

function Back() {
  const t = useTexts(factorWords);
  return (
    <p className="no-print mb-1">
      <Link to="/account" className="link inline-flex min-h-9 items-center">
        {t.back}
      </Link>
    </p>
  );
}

/** What comes next on the same page: its heading takes the focus, so that nobody misses it. */
function Step({ title, children }: { title: string; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section aria-label={title}>
      <h2 ref={heading} tabIndex={-1} className="mb-3 text-std-18B-160">
        {title}
      </h2>
      {children}
    </section>
  );
}

function SetUp({ onCodes }: { onCodes: (codes: readonly string[]) => void }) {
  const t = useTexts(factorWords);
  const me = useMe();
  const [password, setPassword] = useState('');
  const [offer, setOffer] = useState<SecondFactorOffer>();
  const start = useMutation({
    networkMode: 'always',
    mutationFn: () => body(api.POST('/api/v1/me/second-factor', { body: { current_password: password } })),
    onSuccess: (made) => {
      setPassword('');
      setOffer(made);
    },
    // It was set up in another window.
    onError: (error) => (isProblemOf(error, 'conflict') ? readMe() : undefined),
  });
  if (offer) return <Confirm offer={offer} onCodes={onCodes} onAgain={() => setOffer(undefined)} />;
  return (
    <div className="space-y-5">
      {me.needs_second_factor ? (
        <Notice kind="warning" title={t.forced}>
          <p>{t.forcedWhy}</p>
        </Notice>
      ) : null}
      <p className="text-std-16N-170">{t.why}</p>
      <p className="text-std-16N-170">{t.needs}</p>
      <h2 className="text-std-18B-160">{t.start}</h2>
      <Form error={start.error} className="max-w-md space-y-4" onSubmit={() => start.mutate()}>
        <Owner />
        <TextField
          label={t.current}
          pointer="/current_password"
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
        />
        <Button type="submit" look="solid" size="lg" pending={start.isPending}>
          {t.next}
        </Button>
      </Form>
    </div>
  );
}

/** Tells a password manager whose password it is. */
function Owner() {
  return <input type="hidden" autoComplete="username" value={useMe().email} readOnly />;
}

interface ConfirmProps {
  offer: SecondFactorOffer;
  onCodes: (codes: readonly string[]) => void;
  onAgain: () => void;
}

function Confirm({ offer, onCodes, onAgain }: ConfirmProps) {
  const t = useTexts(factorWords);
  const [code, setCode] = useState('');
  const confirm = useMutation({
    networkMode: 'always',
    mutationFn: () => body(api.POST('/api/v1/me/second-factor/confirm', { body: { code } })),
    onSuccess: async ({ recovery_codes }) => {
      onCodes(recovery_codes);
      await readMe();
    },
    onError: () => setCode(''),
  });
  const secret = (offer.secret.match(/.{1,4}/g) ?? []).join(' ');
  return (
    <Step title={t.scan}>
      <div className="space-y-5">
        <p className="text-std-16N-170">{t.scanHow}</p>
        <div className="max-w-80 rounded-8 border border-line">
          <QrCode text={offer.uri} label={t.qr} />
        </div>
        <p className="md:hidden">
          <a href={offer.uri} className={buttonClass()}>
            {t.open}
          </a>
        </p>
        <div>
          <p className="text-dns-16B-130">{t.secret}</p>
          <p className="mt-1 flex flex-wrap items-center gap-3">
            <code className="rounded-6 bg-ground px-3 py-2 text-dns-16N-130">{secret}</code>
            <Button
              size="sm"
              onClick={() =>
                void copyText(offer.secret).then((done) => (done ? say(t.copied) : sayFailed(t.notCopied)))
              }
            >
              {t.copy}
            </Button>
          </p>
        </div>
        <Form error={confirm.error} className="max-w-md space-y-4" onSubmit={() => confirm.mutate()}>
          <CodeField label={t.code} hint={t.codeHint} value={code} onChange={setCode} />
          <div className="flex flex-wrap gap-3">
            <Button type="submit" look="solid" size="lg" pending={confirm.isPending}>
              {t.confirm}
            </Button>
            <Button size="lg" onClick={onAgain}>
              {t.again}
            </Button>
          </div>
        </Form>
      </div>
    </Step>
  );
}

function Manage({ onCodes }: { onCodes: (codes: readonly string[]) => void }) {
  const t = useTexts(factorWords);
  const [opened, setOpened] = useState<'renew' | 'turn-off'>();
  const navigate = useNavigate();
  const close = () => setOpened(undefined);
  const renew = async (both: BothFactorsRequest) => {
    const { recovery_codes } = await body(api.POST('/api/v1/me/second-factor/recovery-codes', { body: both }));
    close();
    onCodes(recovery_codes);
  };
  const turnOff = async (both: BothFactorsRequest) => {
    await api.DELETE('/api/v1/me/second-factor', { body: both });
    close();
    say(t.turnedOff);
    await readMe();
    await navigate({ to: '/account' });
  };
  return (
    <div className="space-y-5">
      <Notice kind="success" title={t.on}>
        <p>{t.onWhy}</p>
      </Notice>
      <p className="text-std-16N-170">{t.phone}</p>
      <div className="flex flex-wrap gap-3">
        <Button onClick={() => setOpened('renew')}>{t.renew}</Button>
        <Button onClick={() => setOpened('turn-off')}>{t.turnOff}</Button>
      </div>
      {opened === 'renew' ? (
        <BothFactors title={t.renew} why={t.renewWhy} act={t.renewAct} send={renew} onClose={close} />
      ) : null}
      {opened === 'turn-off' ? (
        <BothFactors title={t.turnOff} why={t.turnOffWhy} act={t.turnOffAct} danger send={turnOff} onClose={close} />
      ) : null}
    </div>
  );
}

interface BothProps {
  title: string;
  why: string;
  act: string;
  danger?: boolean;
  send: (both: BothFactorsRequest) => Promise<void>;
  onClose: () => void;
}

/** What changes the second factor takes the password and a code. */
function BothFactors({ title, why, act, danger = false, send, onClose }: BothProps) {
  const t = useTexts(factorWords);
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const sending = useMutation({
    networkMode: 'always',
    mutationFn: send,
    onError: () => setCode(''),
  });
  return (
    <DialogForm
      title={title}
      act={act}
      danger={danger}
      error={sending.error}
      pending={sending.isPending}
      onClose={onClose}
      onSubmit={() => sending.mutate({ current_password: password, code })}
    >
      <p className="text-std-16N-170">{why}</p>
      <Owner />
      <TextField
        label={t.current}
        pointer="/current_password"
        type="password"
        autoComplete="current-password"
        autoFocus
        value={password}
        onChange={setPassword}
      />
      <CodeField label={t.bothCode} hint={t.bothHint} value={code} onChange={setCode} />
    </DialogForm>
  );
}
