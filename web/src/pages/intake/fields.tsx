import { useQuery } from '@tanstack/react-query';
import { useEffect, useEffectEvent } from 'react';
import type { EnterpriseKind, PlaceView } from '@/api/schema';
import { placesOf, POSTAL_DIGITS } from '@/data/directory';
import { TOPICS } from '@/pages/queue/filter';
import { digitsOf } from '@/text/format';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { CheckField, ManyField, RadioField, SelectField, TextArea, TextField } from '@/ui/form';
import { Section } from '@/ui/page';
import { PrefectureField } from '@/ui/prefecture';
import { isNamed, ofPlace, type Typed } from './inquiry';
import { intakeWords } from './text';

interface FieldsProps {
  typed: Typed;
  onChange: (part: Partial<Typed>) => void;
}

const KINDS: readonly EnterpriseKind[] = [
  'company',
  'sole_proprietor',
  'association',
  'local_government',
  'worker',
  'other',
  'anonymous',
];

/** Where `takesFocus`, the first field that is still empty has the focus at once. */
export function CallerFields({ typed, onChange, takesFocus = true }: FieldsProps & { takesFocus?: boolean }) {
  const t = useTexts(intakeWords);
  const words = useWords();
  return (
    <Section title={t.caller}>
      <div className="grid gap-x-3 gap-y-2 sm:grid-cols-4">
        <TextField
          label={t.phone}
          pointer="/contacts/0/phone"
          type="tel"
          inputMode="tel"
          autoFocus={takesFocus && typed.phone === ''}
          value={typed.phone}
          onChange={(phone) => onChange({ phone })}
        />
        <TextField
          label={t.name}
          pointer="/contacts/0/name"
          name="contact"
          autoFocus={takesFocus && typed.phone !== ''}
          value={typed.name}
          onChange={(name) => onChange({ name })}
        />
        <TextField
          label={t.kana}
          pointer="/contacts/0/kana"
          value={typed.kana}
          onChange={(kana) => onChange({ kana })}
        />
        <TextField
          label={t.email}
          pointer="/contacts/0/email"
          type="email"
          value={typed.email}
          onChange={(email) => onChange({ email })}
        />
        <TextField
          label={t.department}
          pointer="/contacts/0/department"
          value={typed.department}
          onChange={(department) => onChange({ department })}
        />
        <SelectField
          label={t.channel}
          pointer="/channel"
          value={typed.channel}
          onChange={(channel) => onChange({ channel })}
          choices={(['phone', 'visit', 'web', 'fax', 'letter', 'event'] as const).map((word) => [
            word,
            words.channel[word],
          ])}
        />
        <CheckField
          label={t.agent}
          className="self-end sm:col-span-2"
          checked={typed.isAgent}
          onChange={(isAgent) => onChange({ isAgent })}
        />
      </div>
      {typed.isAgent ? (
        <div className="mt-2 grid items-end gap-x-3 sm:grid-cols-4">
          <TextField
            label={t.organisation}
            pointer="/contacts/0/organisation"
            value={typed.organisation}
            onChange={(organisation) => onChange({ organisation })}
          />
          <CheckField label={t.authority} checked={typed.authority} onChange={(authority) => onChange({ authority })} />
        </div>
      ) : null}
    </Section>
  );
}

export function EnterpriseFields({ typed, onChange }: FieldsProps) {
  const t = useTexts(intakeWords);
  const words = useWords();
  const named = isNamed(typed.kind);
  if (typed.enterprise) {
    return (
      <Section title={t.enterprise}>
        <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-dns-16N-130">
          <span className="text-ink-soft">{t.chosen}</span>
          <strong>{typed.enterprise.name}</strong>
          {typed.enterprise.prefecture}
          <Button size="sm" look="text" onClick={() => onChange({ enterprise: undefined })}>
            {t.unchoose}
          </Button>
        </p>
      </Section>
    );
  }
  return (
    <Section title={t.enterprise}>
      <div className="grid gap-x-3 gap-y-2 sm:grid-cols-4">
        <SelectField
          label={t.kind}
          pointer="/enterprise/kind"
          value={typed.kind}
          onChange={(kind) => onChange({ kind })}
          choices={KINDS.map((kind) => [kind, words.enterprise[kind]])}
        />
        {named ? (
          <>
            <TextField
              label={t.enterpriseName}
              pointer="/enterprise/name"
              required
              className="sm:col-span-2"
              value={typed.enterpriseName}
              onChange={(enterpriseName) => onChange({ enterpriseName })}
            />
            <TextField
              label={t.corporateNumber}
              pointer="/enterprise/corporate_number"
              inputMode="numeric"
              value={typed.corporateNumber}
              onChange={(corporateNumber) => onChange({ corporateNumber })}
            />
          </>
        ) : null}
        <PostalField typed={typed} onChange={onChange} />
        <PrefectureField
          label={t.prefecture}
          pointer="/enterprise/prefecture_code"
          value={typed.prefecture}
          // Another prefecture by hand, and the municipality is no longer known.
          onChange={(prefecture) => onChange({ prefecture, municipality: '' })}
        />
        <TextField
          label={t.address}
          pointer="/enterprise/address"
          value={typed.address}
          onChange={(address) => onChange({ address })}
        />
        <TextField
          label={t.employees}
          pointer="/enterprise/employees"
          inputMode="numeric"
          value={typed.employees}
          onChange={(employees) => onChange({ employees })}
        />
      </div>
    </Section>
  );
}

/** A postal code fills the place; where it means several, one of them is chosen. */
function PostalField({ typed, onChange }: FieldsProps) {
  const t = useTexts(intakeWords);
  const code = digitsOf(typed.postalCode);
  const query = useQuery(placesOf(code));
  const places = code.length === POSTAL_DIGITS ? (query.data?.items ?? []) : [];
  const [only] = places.length === 1 ? places : [];
  const fill = useEffectEvent((place: PlaceView) => onChange(ofPlace(place, typed)));
  useEffect(() => {
    if (only) fill(only);
  }, [only]);
  const known = places.some((place) => (place.municipality_code ?? '') === typed.municipality);
  return (
    <div className="min-w-0">
      <TextField
        label={t.postalCode}
        pointer="/enterprise/postal_code"
        inputMode="numeric"
        value={typed.postalCode}
        onChange={(postalCode) => onChange({ postalCode })}
      />
      <div aria-live="polite" className="text-dns-14N-130">
        {query.data?.items.length === 0 ? <p className="mt-1 text-ink-soft">{t.postalNone}</p> : null}
        {places.length > 1 && !known ? (
          <ul className="mt-1 flex flex-wrap gap-1">
            {places.map((place) => (
              <li key={`${place.prefecture_code}${place.municipality_code ?? ''}`}>
                <Button size="sm" onClick={() => onChange(ofPlace(place, typed))}>
                  {place.municipality ?? place.prefecture}
                </Button>
              </li>
            ))}
          </ul>
        ) : null}
      </div>
    </div>
  );
}

export function MatterFields({ typed, onChange }: FieldsProps) {
  const t = useTexts(intakeWords);
  const words = useWords();
  const unknown = ['', t.unknown] as const;
  return (
    <Section title={t.matter}>
      <div className="space-y-2">
        <TextField
          label={t.subject}
          pointer="/subject"
          value={typed.subject}
          onChange={(subject) => onChange({ subject })}
        />
        <TextArea
          label={t.description}
          pointer="/description"
          required
          value={typed.description}
          onChange={(description) => onChange({ description })}
        />
        <ManyField
          label={t.topics}
          pointer="/topics"
          required
          value={typed.topics}
          onChange={(topics) => onChange({ topics })}
          choices={TOPICS.map((topic) => [topic, words.topic[topic]])}
        />
        <div className="grid gap-x-3 gap-y-2 sm:grid-cols-2">
          <RadioField
            label={t.mode}
            pointer="/desired_mode"
            value={typed.mode}
            onChange={(mode) => onChange({ mode })}
            choices={(['online', 'visit', 'phone'] as const).map((word) => [word, words.mode[word]])}
          />
          <SelectField
            label={t.telework}
            pointer="/telework_status"
            value={typed.telework}
            onChange={(telework) => onChange({ telework })}
            choices={[
              unknown,
              ...(['none', 'considering', 'preparing', 'introduced'] as const).map(
                (word) => [word, words.telework[word]] as const,
              ),
            ]}
          />
        </div>
        <div className="flex flex-wrap items-end gap-x-6 gap-y-2">
          <CheckField label={t.consent} checked={typed.consent} onChange={(consent) => onChange({ consent })} />
          {typed.consent ? (
            <TextField
              label={t.notice}
              pointer="/consents/0/notice_version"
              required
              value={typed.notice}
              onChange={(notice) => onChange({ notice })}
            />
          ) : null}
        </div>
      </div>
    </Section>
  );
}

export function LateFields({ typed, onChange }: FieldsProps) {
  const t = useTexts(intakeWords);
  return (
    <div>
      <CheckField label={t.late} checked={typed.isLate} onChange={(isLate) => onChange({ isLate })} />
      {typed.isLate ? (
        <div className="mt-2 grid gap-3 sm:grid-cols-[12rem_9rem_1fr]">
          <TextField
            label={t.receivedDate}
            pointer="/received_at"
            type="date"
            value={typed.receivedDate}
            onChange={(receivedDate) => onChange({ receivedDate })}
          />
          <TextField
            label={t.receivedTime}
            pointer="/received_at#time"
            type="time"
            value={typed.receivedTime}
            onChange={(receivedTime) => onChange({ receivedTime })}
          />
          <TextField
            label={t.lateReason}
            pointer="/late_reason"
            required
            value={typed.lateReason}
            onChange={(lateReason) => onChange({ lateReason })}
          />
        </div>
      ) : null}
    </div>
  );
}
