import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { CaseView } from '@/api/schema';
import { caseFlags, oneCase, wholeTimeline } from '@/data/cases';
import { desks, managers, settings } from '@/data/directory';
import { oneEnterprise } from '@/data/enterprises';
import { useMe } from '@/shell/use-me';
import { texts, useTexts } from '@/text/preferences';
import { CheckField, RadioField } from '@/ui/form';
import { Icon } from '@/ui/icon';
import { Loaded, LoadedPage } from '@/ui/states';
import { History } from './history';
import { IntakeForm } from './intake-form';
import { PAPERS } from './papers';
import { PrintPage } from './sheet';
import { printWords } from './text';

const words = texts({ notes: '内部メモも印刷する' }, { notes: 'With internal notes' });

/** The papers of one case. */
export function CasePrintPage() {
  const { id } = useParams({ from: '/app/cases/$id/print' });
  const query = useQuery({ ...oneCase(id), refetchInterval: false });
  return <LoadedPage query={query}>{(seen) => <Papers seen={seen} />}</LoadedPage>;
}

function Papers({ seen }: { seen: CaseView }) {
  const t = useTexts(printWords);
  const w = useTexts(words);
  const { paper = 'form' } = useSearch({ from: '/app/cases/$id/print' });
  const [withNotes, setWithNotes] = useState(true);
  const navigate = useNavigate({ from: '/cases/$id/print' });
  const me = useMe();
  const timeline = useQuery(wholeTimeline(seen.id));
  const office = useQuery(settings).data?.office_name;
  const found = {
    desks: useQuery(desks).data?.items,
    managers: useQuery(managers).data,
    flags: useQuery(caseFlags(seen.id)).data?.items,
    enterprise: useQuery({
      ...oneEnterprise(seen.enterprise.id),
      enabled: me.permissions.includes('read_enterprises'),
    }).data,
  };
  return (
    <PrintPage
      title={`${seen.number} ${t[paper]}`}
      over={
        <Link
          to="/cases/$id"
          params={{ id: seen.id }}
          className="link inline-flex min-h-9 items-center text-dns-14N-130"
        >
          <Icon name="back" className="size-4" />
          {t.toCase}
        </Link>
      }
      choice={
        <div className="flex flex-wrap items-end gap-x-6">
          <RadioField
            label={t.what}
            pointer="#paper"
            value={paper}
            onChange={(next) => void navigate({ search: { paper: next }, replace: true })}
            choices={PAPERS.map((one) => [one, t[one]])}
          />
          {paper === 'form' ? null : <CheckField label={w.notes} checked={withNotes} onChange={setWithNotes} />}
        </div>
      }
    >
      <Loaded query={timeline} lines={8}>
        {(items) => (
          <>
            {paper === 'history' ? null : (
              <IntakeForm
                office={office}
                filled={{
                  seen,
                  enterprise: found.enterprise,
                  receivedBy: items.at(-1)?.actor?.name,
                  late: found.flags?.find(({ flag }) => flag === 'late_entry'),
                }}
              />
            )}
            {paper === 'form' ? null : (
              <History
                seen={seen}
                items={items}
                managers={found.managers}
                desks={found.desks}
                office={office}
                withNotes={withNotes}
              />
            )}
          </>
        )}
      </Loaded>
    </PrintPage>
  );
}
