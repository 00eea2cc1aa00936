import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '@/api/client';
import type { EditSettingsRequest, EnterpriseGuard } from '@/api/schema';
import { readMe } from '@/api/session';
import { versionedSettings, type VersionedSettings } from '@/data/settings';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { CheckField, Form, RadioField, TextField } from '@/ui/form';
import { Loaded } from '@/ui/states';
import { say } from '@/ui/toast';
import { LinkFields, linkRequest, linkValues } from './link-settings';
import { orNull } from './save';
import { adminWords } from './text';

const NUMBERS = [
  'session_limit',
  'route_days',
  'accept_days',
  'return_days',
  'first_contact_days',
  'answer_offer_days',
  'report_days',
  'wait_review_days',
  'unreachable_attempts',
  'reopen_days',
] as const;

const MAIL_NUMBERS = [
  'acknowledgements_per_sender',
  'mail_cases_per_sender',
  'automatic_mails_per_hour',
  'message_hold_seconds',
] as const;
const ALL_NUMBERS = [...NUMBERS, ...MAIL_NUMBERS] as const;

/** What an office decides. */
export function SettingsForm() {
  const query = useQuery(versionedSettings);
  return <Loaded query={query}>{(known) => <Fields key={known.etag} known={known} />}</Loaded>;
}

function Fields({ known: { settings, etag } }: { known: VersionedSettings }) {
  const t = useTexts(adminWords);
  const client = useQueryClient();
  const [numbers, setNumbers] = useState(() =>
    Object.fromEntries(ALL_NUMBERS.map((key) => [key, String(settings[key])])),
  );
  const [name, setName] = useState<string>(settings.office_name);
  const [phone, setPhone] = useState<string>(settings.office_phone ?? '');
  const [acknowledge, setAcknowledge] = useState(settings.acknowledge_mail);
  const [guard, setGuard] = useState<EnterpriseGuard>(settings.enterprise_guard);
  const [links, setLinks] = useState(() => linkValues(settings));
  const [factor, setFactor] = useState(settings.second_factor_for_admins);
  const save = useMutation({
    networkMode: 'always',
    mutationFn: (request: EditSettingsRequest) =>
      api.PATCH('/api/v1/settings', { headers: { 'If-Match': etag }, body: request }),
    onSuccess: () => {
      say(t.saved);
      void client.invalidateQueries({ queryKey: ['settings'] });
      // Whoever turns the second factor on for admins may be the first to need one.
      void readMe();
    },
  });
  const submit = () =>
    save.mutate({
      ...Object.fromEntries(ALL_NUMBERS.map((key) => [key, Number(numbers[key])])),
      office_name: name,
      office_phone: orNull(phone),
      acknowledge_mail: acknowledge,
      enterprise_guard: guard,
      second_factor_for_admins: factor,
      ...linkRequest(links),
    });
  const number = (key: (typeof ALL_NUMBERS)[number]) => (
    <TextField
      key={key}
      label={t.settings[key]}
      pointer={`/${key}`}
      type="number"
      min={0}
      value={numbers[key] ?? ''}
      onChange={(value) => setNumbers((before) => ({ ...before, [key]: value }))}
    />
  );
  return (
    <Form error={save.error} onSubmit={submit} className="max-w-3xl space-y-4">
      <h2 className="text-std-18B-160">{t.groups.office}</h2>
      <div className="grid items-end gap-x-8 gap-y-4 sm:grid-cols-2">
        <TextField label={t.officeName} pointer="/office_name" required value={name} onChange={setName} />
        <TextField label={t.officePhone} pointer="/office_phone" type="tel" value={phone} onChange={setPhone} />
      </div>
      <h2 className="pt-4 text-std-18B-160">{t.groups.days}</h2>
      <div className="grid items-end gap-x-8 gap-y-4 sm:grid-cols-2">{NUMBERS.map(number)}</div>
      <RadioField
        label={t.guard}
        pointer="/enterprise_guard"
        value={guard}
        onChange={setGuard}
        choices={(['flag', 'block'] as const).map((word) => [word, t.guards[word]])}
      />
      <h2 className="pt-4 text-std-18B-160">{t.groups.mail}</h2>
      <CheckField label={t.acknowledge} checked={acknowledge} onChange={setAcknowledge} />
      <div className="grid items-end gap-x-8 gap-y-4 sm:grid-cols-2">{MAIL_NUMBERS.map(number)}</div>
      <h2 className="pt-4 text-std-18B-160">{t.groups.links}</h2>
      <LinkFields values={links} onChange={setLinks} />
      <h2 className="pt-4 text-std-18B-160">{t.groups.signIn}</h2>
      <div>
        <CheckField label={t.factorForAdmins} checked={factor} onChange={setFactor} />
        <p className="text-dns-14N-130 text-ink-soft">{t.factorForAdminsHint}</p>
      </div>
      <Button type="submit" look="solid" pending={save.isPending}>
        {t.save}
      </Button>
    </Form>
  );
}
