import { Link } from '@tanstack/react-router';
import { useRef, useState, type KeyboardEvent } from 'react';
import type { CallerEnterprise } from '@/api/schema';
import { faultyFields, type Problem } from '@/api/problem';
import { useSend } from '@/api/send';
import { CallerPanel } from '@/pages/intake/caller';
import { EndFields } from '@/pages/intake/end';
import { CallerFields, EnterpriseFields, MatterFields } from '@/pages/intake/fields';
import { ofEnterprise, ofPerson, undecided } from '@/pages/intake/inquiry';
import { receive, type Inquiry, type Received } from '@/pages/intake/receive';
import { intakeWords } from '@/pages/intake/text';
import { useMe } from '@/shell/use-me';
import { dateOf } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Form, TextField } from '@/ui/form';
import { forget, useKept } from '@/ui/kept';
import { Notice } from '@/ui/notice';
import { Page, Section } from '@/ui/page';
import { Forbidden } from '@/ui/states';
import { say } from '@/ui/toast';
import { EnteredList } from './entered';
import { enteredOf, firstSheet, inquiryOf, nextSheet, type Entered, type Sheet } from './sitting';
import { lateWords } from './text';

/** A stack of paper forms, typed in one after the other. */
export function LateEntryPage() {
  const t = useTexts(lateWords);
  const intake = useTexts(intakeWords);
  const me = useMe();
  const [first] = useState(() => firstSheet(me, dateOf(new Date()), t.reasonFirst, ''));
  // By person: somebody else who signs in on this device begins afresh.
  const sitting = useKept<{ entered: Entered[]; next: Sheet }>(`late-sitting-${me.id}`, { entered: [], next: first });
  const { entered, next } = sitting.values;
  if (!me.permissions.includes('create_case')) {
    return (
      <Page title={t.title}>
        <Forbidden />
      </Page>
    );
  }
  return (
    <Page
      title={t.title}
      beside={
        <p className="flex flex-wrap items-center gap-x-5 text-dns-14N-130 text-ink-soft">
          <span className="hidden md:block">{t.hint}</span>
          <Link to="/print/intake-form" className="link inline-flex min-h-8 items-center">
            {intake.blankForm}
          </Link>
        </p>
      }
    >
      <OneSheet
        key={entered[0]?.id ?? 'first'}
        initial={next}
        name={`late-sheet-${me.id}`}
        isFirst={entered.length === 0}
        onSaved={(received, sheet) => {
          sitting.change({ entered: [enteredOf(received), ...entered], next: nextSheet(sheet) });
          say(t.saved(received.made.number));
        }}
      />
      <EnteredList entered={entered} onFinish={sitting.drop} />
    </Page>
  );
}

interface SheetProps {
  initial: Sheet;
  /** Under which it is kept while it is typed. */
  name: string;
  /** The first of the sitting, on which also the day is typed. */
  isFirst: boolean;
  onSaved: (received: Received, sheet: Sheet) => void;
}

function OneSheet({ initial, name, isFirst, onSaved }: SheetProps) {
  const t = useTexts(lateWords);
  const intake = useTexts(intakeWords);
  const form = useRef<HTMLDivElement>(null);
  const { values: sheet, change, restored, drop } = useKept<Sheet>(name, initial);
  const [wrong, setWrong] = useState<Problem>();
  const send = useSend(
    (inquiry: Inquiry, once) => receive(inquiry, t.how, once),
    (received) => {
      forget(name);
      onSaved(received, sheet);
    },
    `${name}-sent`,
  );

  const submit = () => {
    const found = undecided(sheet, sheet.desk, intake);
    setWrong(found.length > 0 ? faultyFields(found) : undefined);
    if (found.length > 0) return;
    send.mutate(inquiryOf(sheet, t.withReceiver));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || send.isPending) return;
    event.preventDefault();
    submit();
  };
  const chooseEnterprise = (enterprise: CallerEnterprise) => {
    change(ofEnterprise(enterprise));
    form.current?.querySelector<HTMLInputElement>('[name=contact]')?.focus();
  };

  return (
    <div ref={form} onKeyDown={onKeyDown}>
      {restored ? (
        <div className="mb-4">
          <Notice kind="info" title={t.restored}>
            <Button size="sm" look="text" onClick={drop}>
              {t.drop}
            </Button>
          </Notice>
        </div>
      ) : null}
      <Form error={wrong ?? send.error} onSubmit={submit} label={t.title}>
        <div className="grid gap-x-10 gap-y-5 wide:grid-cols-[minmax(0,1fr)_27rem] wide:grid-rows-[auto_1fr]">
          <div className="min-w-0 space-y-4 wide:col-start-1 wide:row-span-2 wide:row-start-1">
            <PaperFields sheet={sheet} onChange={change} isFirst={isFirst} />
            <CallerFields typed={sheet} onChange={change} takesFocus={false} />
            <EnterpriseFields typed={sheet} onChange={change} />
            <MatterFields typed={sheet} onChange={change} />
          </div>
          <div className="min-w-0 wide:col-start-2">
            <CallerPanel
              phone={sheet.phone}
              onEnterprise={chooseEnterprise}
              onPerson={(person) => change(ofPerson(person))}
            />
          </div>
          <div className="min-w-0 space-y-4 wide:col-start-2">
            <EndFields
              typed={sheet}
              onChange={change}
              desk={sheet.desk}
              onDesk={(desk) => change({ desk })}
              note={sheet.routeNote}
              onNote={(routeNote) => change({ routeNote })}
            />
            <Button type="submit" look="solid" size="lg" className="w-full" pending={send.isPending}>
              {t.save}
            </Button>
          </div>
        </div>
      </Form>
    </div>
  );
}

interface PaperProps {
  sheet: Sheet;
  onChange: (part: Partial<Sheet>) => void;
  isFirst: boolean;
}

/** What the paper says about its own receipt. */
function PaperFields({ sheet, onChange, isFirst }: PaperProps) {
  const t = useTexts(lateWords);
  return (
    <Section title={t.paper}>
      <div className="grid gap-x-3 gap-y-2 sm:grid-cols-[11rem_8rem_1fr_1fr]">
        <TextField
          label={t.date}
          pointer="/received_at"
          type="date"
          max={dateOf(new Date())}
          autoFocus={isFirst}
          value={sheet.receivedDate}
          onChange={(receivedDate) => onChange({ receivedDate })}
        />
        <TextField
          label={t.time}
          pointer="/received_at#time"
          type="time"
          autoFocus={!isFirst}
          value={sheet.receivedTime}
          onChange={(receivedTime) => onChange({ receivedTime })}
        />
        <TextField
          label={t.receivedBy}
          pointer="#received-by"
          value={sheet.receivedBy}
          onChange={(receivedBy) => onChange({ receivedBy })}
        />
        <TextField
          label={t.reason}
          pointer="/late_reason"
          required
          value={sheet.lateReason}
          onChange={(lateReason) => onChange({ lateReason })}
        />
      </div>
      <p className="mt-1 text-dns-14N-130 text-ink-soft">{t.stays}</p>
    </Section>
  );
}
