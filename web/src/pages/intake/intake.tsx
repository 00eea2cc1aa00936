import { Link, useSearch } from '@tanstack/react-router';
import { useRef, useState, type KeyboardEvent } from 'react';
import type { CallerEnterprise } from '@/api/schema';
import { faultyFields, type Problem } from '@/api/problem';
import { useSend } from '@/api/send';
import { useMe } from '@/shell/use-me';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Form } from '@/ui/form';
import { Page } from '@/ui/page';
import { CallerPanel } from './caller';
import { Done } from './done';
import { CallerFields, EnterpriseFields, LateFields, MatterFields } from './fields';
import { blank, ofEnterprise, ofPerson, undecided, type Typed } from './inquiry';
import { EndFields } from './end';
import { receive, type Inquiry, type Received } from './receive';
import { intakeWords } from './text';

const NOTICE = 'madoguchi-notice-version';

/** A call on one screen: who calls, what for, and where it goes. */
export function IntakePage() {
  const t = useTexts(intakeWords);
  const { phone } = useSearch({ from: '/app/intake' });
  const [round, setRound] = useState(0);
  const [done, setDone] = useState<Received>();
  return (
    <Page title={t.title} beside={<Beside types={done === undefined} />}>
      {done ? (
        <Done
          received={done}
          onNext={() => {
            setDone(undefined);
            setRound(round + 1);
          }}
        />
      ) : (
        <Call key={`${round}${phone ?? ''}`} phone={round === 0 ? (phone ?? '') : ''} onDone={setDone} />
      )}
    </Page>
  );
}

function Beside({ types }: { types: boolean }) {
  const t = useTexts(intakeWords);
  return (
    <p className="flex flex-wrap items-center gap-x-5 text-dns-14N-130 text-ink-soft">
      {types ? <span className="hidden md:block">{t.hint}</span> : null}
      <Link to="/late-entry" className="link inline-flex min-h-8 items-center">
        {t.stack}
      </Link>
      <Link to="/print/intake-form" className="link inline-flex min-h-8 items-center">
        {t.blankForm}
      </Link>
    </p>
  );
}

function Call({ phone, onDone }: { phone: string; onDone: (received: Received) => void }) {
  const t = useTexts(intakeWords);
  const me = useMe();
  const form = useRef<HTMLDivElement>(null);
  const [typed, setTyped] = useState(() =>
    blank({
      phone,
      channel: me.role === 'desk' ? 'visit' : 'phone',
      end: me.role === 'desk' ? 'keep' : 'route',
      notice: localStorage.getItem(NOTICE) ?? '',
    }),
  );
  const [desk, setDesk] = useState('');
  const [routeNote, setRouteNote] = useState('');
  const [wrong, setWrong] = useState<Problem>();
  const change = (part: Partial<Typed>) => setTyped((before) => ({ ...before, ...part }));
  const send = useSend((inquiry: Inquiry, once) => receive(inquiry, t.how, once), onDone);

  const submit = () => {
    const found = undecided(typed, desk, t);
    setWrong(found.length > 0 ? faultyFields(found) : undefined);
    if (found.length > 0) return;
    if (typed.consent) localStorage.setItem(NOTICE, typed.notice);
    send.mutate({ typed, desk, routeNote });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    submit();
  };
  const chooseEnterprise = (enterprise: CallerEnterprise) => {
    change(ofEnterprise(enterprise));
    form.current?.querySelector<HTMLInputElement>('[name=contact]')?.focus();
  };

  return (
    <div ref={form} onKeyDown={onKeyDown}>
      <Form error={wrong ?? send.error} onSubmit={submit} label={t.title}>
        <div className="grid gap-x-10 gap-y-5 wide:grid-cols-[minmax(0,1fr)_27rem] wide:grid-rows-[auto_1fr]">
          <div className="min-w-0 wide:col-start-2">
            <CallerPanel
              phone={typed.phone}
              onEnterprise={chooseEnterprise}
              onPerson={(person) => change(ofPerson(person))}
            />
          </div>
          <div className="min-w-0 space-y-4 wide:col-start-1 wide:row-span-2 wide:row-start-1">
            <CallerFields typed={typed} onChange={change} />
            <EnterpriseFields typed={typed} onChange={change} />
            <MatterFields typed={typed} onChange={change} />
            <LateFields typed={typed} onChange={change} />
          </div>
          <div className="min-w-0 space-y-4 wide:col-start-2">
            <EndFields
              typed={typed}
              onChange={change}
              desk={desk}
              onDesk={setDesk}
              note={routeNote}
              onNote={setRouteNote}
            />
            <Button type="submit" look="solid" size="lg" className="w-full" pending={send.isPending}>
              {typed.end === 'route' ? t.saveRoute : typed.end === 'close' ? t.saveClose : t.save}
            </Button>
          </div>
        </div>
      </Form>
    </div>
  );
}
