import { useSearch } from '@tanstack/react-router';
import { useRef, useState, type KeyboardEvent } from 'react';
import { api, body, ifMatch } from '@/api/client';
import type { CallerEnterprise, CallerPerson, CaseView } from '@/api/schema';
import { useSend } from '@/api/send';
import { useMe } from '@/shell/use-me';
import { instant } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Form } from '@/ui/form';
import { Page } from '@/ui/page';
import { PREFECTURES } from '@/ui/prefectures';
import { CallerPanel } from './caller';
import { Done } from './done';
import { CallerFields, EnterpriseFields, LateFields, MatterFields } from './fields';
import { blank, requestOf, type Typed } from './inquiry';
import { EndFields } from './end';
import { intakeWords } from './text';

const NOTICE = 'madoguchi-notice-version';

/** What became of a call. */
export interface Received {
  made: CaseView;
  /** The name of the desk it went to; `null` where routing failed. */
  desk: string | null | undefined;
}

/** A call on one screen: who calls, what for, and where it goes. */
export function IntakePage() {
  const t = useTexts(intakeWords);
  const { phone } = useSearch({ from: '/app/intake' });
  const [round, setRound] = useState(0);
  const [done, setDone] = useState<Received>();
  return (
    <Page title={t.title} beside={<p className="hidden text-dns-14N-130 text-ink-soft md:block">{t.hint}</p>}>
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
  const [wrong, setWrong] = useState<{ desk?: string; received?: string }>({});
  const change = (part: Partial<Typed>) => setTyped((before) => ({ ...before, ...part }));
  const send = useSend(async (content: { typed: Typed; desk: string; routeNote: string }, once): Promise<Received> => {
    const made = await body(
      api.POST('/api/v1/cases', { params: { header: once }, body: requestOf(content.typed, t.how) }),
    );
    if (content.typed.end !== 'route') return { made, desk: undefined };
    return { made, desk: await route(made, content.desk, content.routeNote, once['Idempotency-Key']) };
  }, onDone);

  const submit = () => {
    const missing = {
      ...(typed.end === 'route' && !desk ? { desk: t.chooseDesk } : {}),
      ...(typed.isLate && !instant(typed.receivedDate, typed.receivedTime) ? { received: t.chooseTime } : {}),
    };
    setWrong(missing);
    if (Object.keys(missing).length > 0) return;
    if (typed.consent) localStorage.setItem(NOTICE, typed.notice);
    send.mutate({ typed, desk, routeNote });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    submit();
  };
  const chooseEnterprise = ({ id, name, prefecture }: CallerEnterprise) => {
    const code = PREFECTURES.find(([, known]) => known === prefecture)?.[0] ?? '';
    change({
      enterprise: { id, name: name ?? '', prefecture: prefecture ?? null },
      ...(code ? { prefecture: code } : {}),
    });
    form.current?.querySelector<HTMLInputElement>('[name=contact]')?.focus();
  };
  const choosePerson = ({ name, role, organisation, authority_confirmed }: CallerPerson) =>
    change({
      name: name ?? '',
      isAgent: role === 'agent',
      organisation: organisation ?? '',
      authority: authority_confirmed,
    });

  return (
    <div ref={form} onKeyDown={onKeyDown}>
      <Form
        error={send.error}
        onSubmit={submit}
        label={t.title}
        className="grid gap-x-10 gap-y-5 wide:grid-cols-[minmax(0,1fr)_27rem] wide:grid-rows-[auto_1fr]"
      >
        <div className="min-w-0 wide:col-start-2">
          <CallerPanel phone={typed.phone} onEnterprise={chooseEnterprise} onPerson={choosePerson} />
        </div>
        <div className="min-w-0 space-y-4 wide:col-start-1 wide:row-span-2 wide:row-start-1">
          <CallerFields typed={typed} onChange={change} />
          <EnterpriseFields typed={typed} onChange={change} />
          <MatterFields typed={typed} onChange={change} />
          <LateFields typed={typed} onChange={change} wrong={wrong.received} />
        </div>
        <div className="min-w-0 space-y-4 wide:col-start-2">
          <EndFields
            typed={typed}
            onChange={change}
            desk={desk}
            onDesk={setDesk}
            note={routeNote}
            onNote={setRouteNote}
            wrong={wrong.desk}
          />
          <Button type="submit" look="solid" size="lg" className="w-full" pending={send.isPending}>
            {typed.end === 'route' ? t.saveRoute : typed.end === 'close' ? t.saveClose : t.save}
          </Button>
        </div>
      </Form>
    </div>
  );
}

/** Routes what was just received. A failure does not undo the receipt, so it is told and not thrown. */
async function route(made: CaseView, desk_id: string, note: string, key: string): Promise<string | null> {
  try {
    const routed = await body(
      api.POST('/api/v1/cases/{id}/route', {
        params: { path: { id: made.id }, header: { 'Idempotency-Key': key } },
        headers: ifMatch(made.version),
        body: { desk_id, ...(note ? { note } : {}) },
      }),
    );
    return routed.desk?.name ?? '';
  } catch {
    return null;
  }
}
