import { useState } from 'react';
import { api, body, ifMatch } from '@/api/client';
import { isProblemOf } from '@/api/problem';
import type { CaseView, ContactInput, DigitalLevel, Mode, SiteInput, TeleworkStatus, Topic } from '@/api/schema';
import { useSend } from '@/api/send';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { CheckField, ManyField, SelectField, TextArea, TextField } from '@/ui/form';
import { Notice } from '@/ui/notice';
import { PrefectureField } from '@/ui/prefecture';
import { say } from '@/ui/toast';
import { TOPICS } from '@/pages/queue/filter';
import { changesOf, mergeEdits } from '../merge-edits';
import { Frame } from './frame';

export const editWords = texts(
  {
    act: '保存する',
    saved: '訂正しました。',
    nothing: '変更はありません。',
    subject: '件名',
    description: '相談内容',
    topics: '相談分野',
    primary: '主な分野',
    telework: 'テレワークの状況',
    digital: 'デジタル化の程度',
    mode: '希望の方法',
    heard: '知ったきっかけ',
    unknown: '不明',
    contacts: '相談者',
    contact: (n: number) => `相談者 ${n}`,
    add: '相談者を追加',
    remove: 'この相談者を削除',
    role: '立場',
    name: '氏名',
    kana: 'ふりがな',
    department: '部署',
    phone: '電話番号',
    email: 'メールアドレス',
    organisation: '所属(代理人)',
    relation: '企業との関係',
    authority: '委任を確認した',
    site: '事業所',
    siteName: '事業所名',
    postal: '郵便番号',
    prefecture: '都道府県',
    address: '住所(市区町村から)',
    conflict: '別の人が同じ項目を変更しました',
    conflictWhy: '項目ごとに、残す方を選んでください。',
    taken: '別の人の変更を取り込みました',
    mine: 'あなたの入力',
    theirs: '別の人の変更',
  },
  {
    act: 'Save',
    saved: 'Corrected.',
    nothing: 'Nothing was changed.',
    subject: 'Subject',
    description: 'Matter',
    topics: 'Topics',
    primary: 'Main topic',
    telework: 'Telework',
    digital: 'Digital level',
    mode: 'Preferred mode',
    heard: 'Heard by',
    unknown: 'Unknown',
    contacts: 'Contacts',
    contact: (n: number) => `Contact ${n}`,
    add: 'Add a contact',
    remove: 'Remove this contact',
    role: 'Role',
    name: 'Name',
    kana: 'Reading',
    department: 'Department',
    phone: 'Phone',
    email: 'E-mail address',
    organisation: 'Firm (agents)',
    relation: 'Relation to the enterprise',
    authority: 'Authority confirmed',
    site: 'Site',
    siteName: 'Name of the site',
    postal: 'Postal code',
    prefecture: 'Prefecture',
    address: 'Address',
    conflict: 'Somebody else changed the same fields',
    conflictWhy: 'Choose for each which one stays.',
    taken: 'Changes of somebody else were taken over',
    mine: 'What you typed',
    theirs: 'What they wrote',
  },
);

/** The parts of a case that are corrected, in the shape of the request. */
interface Editable {
  subject: string | null;
  description: string;
  topics: Topic[];
  primary_topic: Topic;
  telework_status: TeleworkStatus | null;
  digital_level: DigitalLevel | null;
  desired_mode: Mode | null;
  how_heard: string | null;
  contacts: ContactInput[];
  site: SiteInput;
}

function editable(seen: CaseView): Editable {
  const { name, postal_code, prefecture_code, municipality_code, address, phone } = seen.site;
  return {
    subject: seen.subject ?? null,
    description: seen.description,
    topics: seen.topics,
    primary_topic: seen.primary_topic,
    telework_status: seen.telework_status ?? null,
    digital_level: seen.digital_level ?? null,
    desired_mode: seen.desired_mode ?? null,
    how_heard: seen.how_heard ?? null,
    contacts: seen.contacts,
    site: { name, postal_code, prefecture_code, municipality_code, address, phone } as SiteInput,
  };
}

interface EditProps {
  seen: CaseView;
  onClose: () => void;
}

/** Correcting a case. Somebody else's change in between is merged; where both changed the same, one chooses. */
export function EditDialog({ seen, onClose }: EditProps) {
  const t = useTexts(editWords);
  const [base, setBase] = useState({ version: seen.version, values: editable(seen) });
  const [typed, setTyped] = useState(base.values);
  const [taken, setTaken] = useState<(keyof Editable)[]>([]);
  const theirs = editable(seen);
  const merged = mergeEdits(base.values, typed, theirs);
  const change = (part: Partial<Editable>) => setTyped((before) => ({ ...before, ...part }));
  const names = useWords();

  const send = useSend(
    (changes: Partial<Editable>) =>
      body(
        api.PATCH('/api/v1/cases/{id}', {
          params: { path: { id: seen.id } },
          headers: ifMatch(seen.version),
          body: changes,
        }),
      ),
    () => {
      onClose();
      say(t.saved);
    },
  );

  // What only the other person changed is taken over as soon as it is known; what both changed is asked.
  if (seen.version !== base.version && merged.conflicts.length === 0) {
    setBase({ version: seen.version, values: theirs });
    setTyped(merged.values);
    setTaken((before) => [...new Set([...before, ...merged.taken])]);
  }

  const submit = () => {
    if (merged.conflicts.length > 0) return;
    const changes = changesOf(theirs, merged.values);
    if (Object.keys(changes).length === 0) {
      onClose();
      say(t.nothing);
    } else {
      send.mutate(changes);
    }
  };
  const labels = useLabels();
  return (
    <Frame
      title={names.move.edit}
      act={t.act}
      wide
      // The news of a stale version is shown by the merge below, in more useful words.
      error={isProblemOf(send.error, 'stale') && merged.conflicts.length > 0 ? null : send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={submit}
    >
      {taken.length > 0 ? (
        <Notice kind="info" live title={t.taken}>
          <p>{taken.map((part) => labels[part]).join('、')}</p>
        </Notice>
      ) : null}
      {merged.conflicts.length > 0 ? (
        <Conflicts
          parts={merged.conflicts}
          mine={typed}
          theirs={theirs}
          onMine={(part) => setBase((before) => ({ ...before, values: { ...before.values, [part]: theirs[part] } }))}
          onTheirs={(part) => change({ [part]: theirs[part] })}
        />
      ) : null}
      <Fields values={typed} onChange={change} />
    </Frame>
  );
}

function useLabels(): Record<keyof Editable, string> {
  const t = useTexts(editWords);
  return {
    subject: t.subject,
    description: t.description,
    topics: t.topics,
    primary_topic: t.primary,
    telework_status: t.telework,
    digital_level: t.digital,
    desired_mode: t.mode,
    how_heard: t.heard,
    contacts: t.contacts,
    site: t.site,
  };
}

interface ConflictsProps {
  parts: (keyof Editable)[];
  mine: Editable;
  theirs: Editable;
  onMine: (part: keyof Editable) => void;
  onTheirs: (part: keyof Editable) => void;
}

function Conflicts({ parts, mine, theirs, onMine, onTheirs }: ConflictsProps) {
  const t = useTexts(editWords);
  const labels = useLabels();
  return (
    <Notice kind="warning" live title={t.conflict}>
      <p>{t.conflictWhy}</p>
      {parts.map((part) => (
        <div key={part} className="mt-2">
          <h3 className="mb-1 text-dns-16B-130">{labels[part]}</h3>
          <div className="grid gap-2 sm:grid-cols-2">
            {(
              [
                [t.mine, mine[part], onMine],
                [t.theirs, theirs[part], onTheirs],
              ] as const
            ).map(([who, value, choose]) => (
              <button
                key={who}
                type="button"
                className="rounded-6 border border-line-strong bg-white p-2 text-left hover:border-blue-900 hover:bg-blue-50"
                onClick={() => choose(part)}
              >
                <span className="block text-dns-14B-130">{who}</span>
                <span className="block whitespace-pre-wrap">{shown(value)}</span>
              </button>
            ))}
          </div>
        </div>
      ))}
    </Notice>
  );
}

/** A value of a case in words; people and places by their parts. */
function shown(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  if (Array.isArray(value)) return value.map(shown).join('\n');
  if (typeof value === 'object' && value !== null) {
    const hidden = ['id', 'role', 'authority_confirmed', 'municipality_code', 'prefecture_code'];
    return Object.entries(value)
      .filter(([key, part]) => !hidden.includes(key) && part)
      .map(([, part]) => shown(part))
      .join(' ');
  }
  return '—';
}

interface FieldsProps {
  values: Editable;
  onChange: (part: Partial<Editable>) => void;
}

function Fields({ values, onChange }: FieldsProps) {
  const t = useTexts(editWords);
  const names = useWords();
  const text = (value: string | null | undefined) => value ?? '';
  const orNull = (value: string) => (value === '' ? null : value);
  const unknown = ['', t.unknown] as const;
  return (
    <>
      <TextField
        label={t.subject}
        pointer="/subject"
        value={text(values.subject)}
        onChange={(v) => onChange({ subject: orNull(v) })}
      />
      <TextArea
        label={t.description}
        pointer="/description"
        value={values.description}
        onChange={(description) => onChange({ description })}
      />
      <ManyField
        label={t.topics}
        pointer="/topics"
        value={values.topics}
        onChange={(topics) => {
          const [first] = topics;
          onChange({ topics, ...(first && !topics.includes(values.primary_topic) ? { primary_topic: first } : {}) });
        }}
        choices={TOPICS.map((topic) => [topic, names.topic[topic]])}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label={t.primary}
          pointer="/primary_topic"
          value={values.primary_topic}
          onChange={(primary_topic) => onChange({ primary_topic })}
          choices={values.topics.map((topic) => [topic, names.topic[topic]])}
        />
        <SelectField
          label={t.mode}
          pointer="/desired_mode"
          value={values.desired_mode ?? ''}
          onChange={(mode) => onChange({ desired_mode: mode === '' ? null : mode })}
          choices={[
            unknown,
            ...(['online', 'visit', 'phone'] as const).map((word) => [word, names.mode[word]] as const),
          ]}
        />
        <SelectField
          label={t.telework}
          pointer="/telework_status"
          value={values.telework_status ?? ''}
          onChange={(status) => onChange({ telework_status: status === '' ? null : status })}
          choices={[
            unknown,
            ...(['none', 'considering', 'preparing', 'introduced'] as const).map(
              (word) => [word, names.telework[word]] as const,
            ),
          ]}
        />
        <SelectField
          label={t.digital}
          pointer="/digital_level"
          value={values.digital_level ?? ''}
          onChange={(level) => onChange({ digital_level: level === '' ? null : level })}
          choices={[
            unknown,
            ...(['low', 'basic', 'good'] as const).map((word) => [word, names.digital[word]] as const),
          ]}
        />
        <TextField
          label={t.heard}
          pointer="/how_heard"
          value={text(values.how_heard)}
          onChange={(v) => onChange({ how_heard: orNull(v) })}
        />
      </div>
      <Contacts contacts={values.contacts} onChange={(contacts) => onChange({ contacts })} />
      <Site site={values.site} onChange={(site) => onChange({ site })} />
    </>
  );
}

function Contacts({ contacts, onChange }: { contacts: ContactInput[]; onChange: (contacts: ContactInput[]) => void }) {
  const t = useTexts(editWords);
  const names = useWords();
  const edit = (index: number, part: Partial<ContactInput>) =>
    onChange(contacts.map((contact, at) => (at === index ? { ...contact, ...part } : contact)));
  return (
    <div className="space-y-4">
      {contacts.map((contact, index) => {
        const field = (key: 'name' | 'kana' | 'department' | 'phone' | 'email' | 'organisation' | 'relation') => ({
          label: t[key],
          pointer: `/contacts/${index}/${key}`,
          value: contact[key] ?? '',
          onChange: (value: string) => edit(index, { [key]: value === '' ? null : value }),
        });
        return (
          <fieldset key={contact.id ?? `new${index}`} className="rounded-8 border border-line p-3">
            <legend className="px-1 text-dns-16B-130">{t.contact(index + 1)}</legend>
            <div className="grid gap-3 sm:grid-cols-2">
              <SelectField
                label={t.role}
                pointer={`/contacts/${index}/role`}
                value={contact.role}
                onChange={(role) => edit(index, { role })}
                choices={(['primary', 'cc', 'agent'] as const).map((word) => [word, names.contact[word]])}
              />
              <TextField {...field('name')} />
              <TextField {...field('kana')} />
              <TextField {...field('department')} />
              <TextField {...field('phone')} type="tel" />
              <TextField {...field('email')} type="email" />
              {contact.role === 'agent' ? (
                <>
                  <TextField {...field('organisation')} />
                  <TextField {...field('relation')} />
                  <CheckField
                    label={t.authority}
                    checked={contact.authority_confirmed ?? false}
                    onChange={(authority_confirmed) => edit(index, { authority_confirmed })}
                  />
                </>
              ) : null}
            </div>
            <Button
              size="sm"
              look="text"
              className="mt-2"
              onClick={() => onChange(contacts.filter((_, at) => at !== index))}
            >
              {t.remove}
            </Button>
          </fieldset>
        );
      })}
      <Button size="sm" onClick={() => onChange([...contacts, { role: contacts.length === 0 ? 'primary' : 'cc' }])}>
        {t.add}
      </Button>
    </div>
  );
}

function Site({ site, onChange }: { site: SiteInput; onChange: (site: SiteInput) => void }) {
  const t = useTexts(editWords);
  const edit = (part: Partial<SiteInput>) => onChange({ ...site, ...part });
  const orNull = (value: string) => (value === '' ? null : value);
  return (
    <fieldset className="rounded-8 border border-line p-3">
      <legend className="px-1 text-dns-16B-130">{t.site}</legend>
      <div className="grid gap-3 sm:grid-cols-2">
        <TextField
          label={t.siteName}
          pointer="/site/name"
          value={site.name ?? ''}
          onChange={(v) => edit({ name: orNull(v) })}
        />
        <TextField
          label={t.postal}
          pointer="/site/postal_code"
          inputMode="numeric"
          value={site.postal_code ?? ''}
          onChange={(v) => edit({ postal_code: orNull(v) })}
        />
        <PrefectureField
          label={t.prefecture}
          pointer="/site/prefecture_code"
          value={site.prefecture_code ?? ''}
          onChange={(code) => edit({ prefecture_code: orNull(code), municipality_code: null })}
        />
        <TextField
          label={t.address}
          pointer="/site/address"
          value={site.address ?? ''}
          onChange={(v) => edit({ address: orNull(v) })}
        />
        <TextField
          label={t.phone}
          pointer="/site/phone"
          type="tel"
          value={site.phone ?? ''}
          onChange={(v) => edit({ phone: orNull(v) })}
        />
      </div>
    </fieldset>
  );
}
