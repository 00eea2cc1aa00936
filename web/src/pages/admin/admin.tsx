import { Link, useSearch } from '@tanstack/react-router';
import { Webhooks } from '@/pages/webhooks/webhooks';
import { useMe } from '@/shell/use-me';
import { useTexts } from '@/text/preferences';
import { Page } from '@/ui/page';
import { Forbidden } from '@/ui/states';
import { CalendarPart } from './calendar';
import { CoverageMap } from './coverage-map';
import { Desks } from './desks';
import { Mailboxes } from './mailboxes';
import { Managers } from './managers';
import { PARTS } from './parts';
import { SettingsForm } from './settings';
import { Templates } from './templates';
import { adminWords } from './text';
import { Users } from './users';

/** The programme office: who works here, where, and by which rules. */
export function AdminPage() {
  const t = useTexts(adminWords);
  const { part = 'users' } = useSearch({ from: '/app/admin' });
  const { permissions } = useMe();
  if (!permissions.includes('manage_office')) {
    return (
      <Page title={t.title}>
        <Forbidden />
      </Page>
    );
  }
  return (
    <Page title={t.title}>
      <nav aria-label={t.title} className="mb-5 flex flex-wrap border-b border-line">
        {PARTS.map((one) => (
          <Link
            key={one}
            to="/admin"
            search={{ part: one }}
            aria-current={one === part ? 'page' : undefined}
            className="focus-inside flex min-h-11 items-center border-b-4 border-transparent px-4 text-dns-16N-130 hover:bg-blue-50 hover:underline aria-[current=page]:border-blue-900 aria-[current=page]:font-bold aria-[current=page]:text-blue-900"
          >
            {t.parts[one]}
          </Link>
        ))}
      </nav>
      {part === 'users' ? <Users /> : null}
      {part === 'desks' ? <Desks /> : null}
      {part === 'map' ? <CoverageMap /> : null}
      {part === 'managers' ? <Managers /> : null}
      {part === 'templates' ? <Templates /> : null}
      {part === 'mailboxes' ? <Mailboxes /> : null}
      {part === 'webhooks' ? <Webhooks /> : null}
      {part === 'calendar' ? <CalendarPart /> : null}
      {part === 'settings' ? <SettingsForm /> : null}
    </Page>
  );
}
