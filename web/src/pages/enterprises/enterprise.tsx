import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import type { EnterpriseCase, EnterpriseView } from '@/api/schema';
import { enterpriseCases, oneEnterprise } from '@/data/enterprises';
import { PhoneLink } from '@/pages/case/people';
import { SubjectRecords } from '@/pages/case/records';
import { shortDesk } from '@/text/format';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { postalCode } from '@/text/format';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { Places, StatusChip } from '@/ui/case-bits';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { Icon } from '@/ui/icon';
import { Facts, Page, Section } from '@/ui/page';
import { Loaded, LoadedPage } from '@/ui/states';
import { enterpriseWords } from './text';
import { Twins } from './twins';

const EditEnterprise = lazy(() => import('./edit-enterprise'));

export function EnterprisePage() {
  const { id } = useParams({ from: '/app/enterprises/$id' });
  const query = useQuery(oneEnterprise(id));
  return <LoadedPage query={query}>{(known) => <Enterprise key={known.id} known={known} />}</LoadedPage>;
}

function Enterprise({ known }: { known: EnterpriseView }) {
  const t = useTexts(enterpriseWords);
  const [editing, setEditing] = useState(false);
  const { permissions } = useMe();
  return (
    <Page
      title={known.name ?? t.anonymous}
      over={
        <Link to="/enterprises" className="link inline-flex min-h-9 items-center text-dns-14N-130">
          <Icon name="back" className="size-4" />
          {t.title}
        </Link>
      }
      beside={
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <SubjectRecords subject={{ scope: 'enterprise', id: known.id, name: known.name ?? t.anonymous }} />
          {permissions.includes('write_enterprises') ? (
            <Button onClick={() => setEditing(true)}>{t.edit}</Button>
          ) : null}
        </div>
      }
    >
      <div className="grid gap-8 wide:grid-cols-[24rem_minmax(0,1fr)]">
        <Section title={t.facts}>
          <EnterpriseFacts known={known} />
        </Section>
        <div className="min-w-0 space-y-8">
          <History known={known} />
          <Twins known={known} />
        </div>
      </div>
      <Suspense>{editing ? <EditEnterprise known={known} onClose={() => setEditing(false)} /> : null}</Suspense>
    </Page>
  );
}

function EnterpriseFacts({ known }: { known: EnterpriseView }) {
  const t = useTexts(enterpriseWords);
  const words = useWords();
  const place = `${known.prefecture ?? ''}${known.address ?? ''}`;
  return (
    <Facts
      facts={[
        [t.kana, known.kana],
        [t.tradeName, known.trade_name],
        [t.kind, words.enterprise[known.kind]],
        [t.corporateNumber, known.corporate_number],
        [t.representative, known.representative],
        [t.place, place && `${known.postal_code ? `${postalCode(known.postal_code)} ` : ''}${place}`],
        [t.phone, known.phone && <PhoneLink number={known.phone} />],
        [t.industry, known.industry_code],
        [t.employees, known.employees ? t.people(known.employees) : null],
        [t.regular, known.employees_regular ? t.people(known.employees_regular) : null],
        [t.year, t.cases(known.this_year.cases, known.this_year.sessions_used)],
      ]}
    />
  );
}

function History({ known }: { known: EnterpriseView }) {
  const t = useTexts(enterpriseWords);
  const query = useQuery(enterpriseCases(known.id));
  const columns = useColumns();
  return (
    <Section title={t.history}>
      <Loaded query={query} lines={3}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-dns-16N-130 text-ink-soft">{t.noCases}</p>
          ) : (
            <DataTable caption={t.history} columns={columns} rows={items} idOf={(row) => row.id} />
          )
        }
      </Loaded>
    </Section>
  );
}

const helper = columnsOf<EnterpriseCase>();

function useColumns(): Column<EnterpriseCase>[] {
  const t = useTexts(enterpriseWords);
  const words = useWords();
  const dates = useDates();
  return [
    helper.display({
      id: 'number',
      header: t.number,
      cell: ({ row: { original } }) => (
        <>
          <Link to="/cases/$id" params={{ id: original.id }} className="link">
            {original.number}
          </Link>
          <span className="block">{original.subject}</span>
        </>
      ),
    }),
    helper.display({
      id: 'status',
      header: t.status,
      cell: ({ row: { original } }) => (
        <>
          <StatusChip status={original.status} />{' '}
          {original.outcome ? <span className="text-dns-14N-130">{words.outcome[original.outcome]}</span> : null}
        </>
      ),
    }),
    helper.display({
      id: 'sessions',
      header: t.sessions,
      cell: ({ row: { original } }) => (
        <Places
          count={{
            limit: original.session_limit,
            used: original.sessions_used,
            remaining: original.session_limit - original.sessions_used,
          }}
        />
      ),
    }),
    helper.display({ id: 'desk', header: t.desk, cell: ({ row }) => shortDesk(row.original.desk ?? undefined) ?? '—' }),
    helper.display({
      id: 'received',
      header: t.received,
      cell: ({ row }) => <span className="whitespace-nowrap">{dates.day(row.original.received_at)}</span>,
    }),
  ] as Column<EnterpriseCase>[];
}
