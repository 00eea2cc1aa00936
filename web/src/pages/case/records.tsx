/** What the office does with the records of a case and of a person: holding, erasing, disclosing, and who saw them. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import type { CaseView, ContactView } from '@/api/schema';
import { caseHold } from '@/data/privacy';
import type { Opened, Subject } from '@/pages/privacy/dialogs';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Icon } from '@/ui/icon';
import { Menu, type MenuEntry } from '@/ui/menu';

const Dialogs = lazy(() => import('@/pages/privacy/dialogs'));

const words = texts(
  {
    menu: '記録の管理',
    held: '法的保全中',
    since: (day: string, name: string) => `${day}から${name ? `(${name})` : ''}`,
    place: '法的保全をかける',
    lift: '法的保全を解除',
    views: '閲覧した人',
    person: '個人情報の手続き',
    disclose: '開示の請求を登録',
    erase: '消去の請求を登録',
  },
  {
    menu: 'Records',
    held: 'Under legal hold',
    since: (day: string, name: string) => `since ${day}${name ? ` (${name})` : ''}`,
    place: 'Place a legal hold',
    lift: 'Lift the legal hold',
    views: 'Who saw it',
    person: 'Personal data',
    disclose: 'Enter a request for disclosure',
    erase: 'Enter a request for erasure',
  },
);

/** Who may hold, erase and disclose. */
function useKeepsRecords() {
  return useMe().permissions.includes('manage_retention');
}

/** Says on the case that nothing of it may go, and why. */
export function HoldMark({ seen }: { seen: CaseView }) {
  const t = useTexts(words);
  const dates = useDates();
  const hold = useQuery({ ...caseHold(seen.id), enabled: useKeepsRecords() }).data;
  if (!hold) return null;
  return (
    <p className="mb-3 flex items-start gap-2 rounded-8 border border-purple-300 bg-purple-50 px-3 py-2 text-dns-16N-130 text-purple-1000">
      <Icon name="lock" />
      <span>
        <strong>{t.held}</strong> {t.since(dates.day(hold.placed_at), hold.placed_by?.name ?? '')}
        <span className="block">{hold.reason}</span>
      </span>
    </p>
  );
}

export function CaseRecords({ seen }: { seen: CaseView }) {
  const t = useTexts(words);
  const navigate = useNavigate();
  const { permissions } = useMe();
  const keeps = useKeepsRecords();
  const hold = useQuery({ ...caseHold(seen.id), enabled: keeps }).data;
  const [opened, setOpened] = useState<Opened>();
  const one = { id: seen.id, number: seen.number };
  const entries: MenuEntry[] = [];
  if (keeps && hold !== undefined) {
    entries.push(
      hold
        ? { name: t.lift, press: () => setOpened({ dialog: 'lift', case: one, hold }) }
        : { name: t.place, press: () => setOpened({ dialog: 'hold', case: one }) },
    );
  }
  if (permissions.includes('read_views')) {
    entries.push({
      name: t.views,
      press: () => void navigate({ to: '/privacy', search: { part: 'views', case: seen.number } }),
    });
  }
  if (entries.length === 0) return null;
  return (
    <>
      <Menu quiet="right" label={t.menu} entries={entries} />
      <Suspense>{opened ? <Dialogs opened={opened} onClose={() => setOpened(undefined)} /> : null}</Suspense>
    </>
  );
}

export function ContactRecords({ contact }: { contact: ContactView }) {
  const roles = useWords().contact;
  return <SubjectRecords subject={{ scope: 'contact', id: contact.id, name: contact.name ?? roles[contact.role] }} />;
}

/** Of a person or an enterprise. */
export function SubjectRecords({ subject }: { subject: Subject }) {
  const t = useTexts(words);
  const navigate = useNavigate();
  const { permissions } = useMe();
  const keeps = useKeepsRecords();
  const [opened, setOpened] = useState<Opened>();
  const entries: MenuEntry[] = [];
  if (keeps) {
    entries.push(
      { name: t.disclose, press: () => setOpened({ dialog: 'disclose', subject }) },
      { name: t.erase, press: () => setOpened({ dialog: 'erase', subject }) },
    );
  }
  if (subject.scope === 'enterprise' && permissions.includes('read_views')) {
    entries.push({
      name: t.views,
      press: () => void navigate({ to: '/privacy', search: { part: 'views', enterprise: subject.id } }),
    });
  }
  if (entries.length === 0) return null;
  return (
    <>
      <Menu
        quiet={subject.scope === 'enterprise' ? 'either' : 'left'}
        label={t.person}
        of={subject.name}
        entries={entries}
      />
      <Suspense>{opened ? <Dialogs opened={opened} onClose={() => setOpened(undefined)} /> : null}</Suspense>
    </>
  );
}
