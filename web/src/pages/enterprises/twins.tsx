import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, body } from '@/api/client';
import type { EnterpriseView } from '@/api/schema';
import { useSend } from '@/api/send';
import { enterpriseList } from '@/data/enterprises';
import { useMe } from '@/shell/use-me';
import { phone } from '@/text/format';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { DialogForm } from '@/ui/dialog-form';
import { RadioField, TextArea } from '@/ui/form';
import { Section } from '@/ui/page';
import { ProblemNotice } from '@/ui/problem-notice';
import { SearchForm } from '@/ui/search-form';
import { say } from '@/ui/toast';
import { enterpriseWords } from './text';

/** What the API holds for possible duplicates, with why; pairs confirmed to be different are left out. */
function duplicatesOf(id: string) {
  return {
    queryKey: ['enterprise', id, 'duplicates'],
    queryFn: async ({ signal }: { signal: AbortSignal }) =>
      (await body(api.GET('/api/v1/enterprises/{id}/duplicates', { params: { path: { id } }, signal }))).items,
  };
}

export function Twins({ known }: { known: EnterpriseView }) {
  const t = useTexts(enterpriseWords);
  const { permissions } = useMe();
  const { data } = useQuery({ ...duplicatesOf(known.id), enabled: permissions.includes('write_enterprises') });
  const found = data ?? [];
  return (
    <>
      {found.length > 0 ? (
        <Section title={t.twins}>
          <p className="mb-3 text-std-16N-170">{t.twinsWhy}</p>
          <ul className="space-y-5">
            {found.map(({ enterprise, reason }) => (
              <li key={enterprise.id}>
                <p className="mb-1 text-dns-16B-130">{reason}</p>
                <SideBySide known={known} other={enterprise} />
              </li>
            ))}
          </ul>
        </Section>
      ) : null}
      {permissions.includes('merge_cases') ? (
        <ByHand known={known} shown={found.map((one) => one.enterprise.id)} />
      ) : null}
    </>
  );
}

/** Another one that the program did not think of, found by its name, number or phone. */
function ByHand({ known, shown }: { known: EnterpriseView; shown: readonly string[] }) {
  const t = useTexts(enterpriseWords);
  const [q, setQ] = useState('');
  const [chosen, setChosen] = useState<EnterpriseView>();
  const list = useInfiniteQuery({ ...enterpriseList(q), enabled: q !== '' });
  const found = (list.data?.pages ?? [])
    .flatMap((page) => page.items)
    .filter(({ id }) => id !== known.id && !shown.includes(id));
  return (
    <Section title={t.byHand}>
      <SearchForm
        label={t.byHand}
        look={t.look}
        find={t.find}
        q={q}
        onFind={(search) => {
          setChosen(undefined);
          setQ(search.q ?? '');
        }}
      />
      {q !== '' && list.data && found.length === 0 ? <p role="status">{t.none}</p> : null}
      {chosen ? (
        <SideBySide known={known} other={chosen} />
      ) : (
        <ul className="space-y-1">
          {found.slice(0, MOST).map((other) => (
            <li key={other.id} className="flex flex-wrap items-center gap-x-3 text-dns-16N-130">
              <Button size="sm" aria-label={`${t.compare}: ${other.name ?? ''}`} onClick={() => setChosen(other)}>
                {t.compare}
              </Button>
              {other.name} {other.prefecture}
              {other.address}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

const MOST = 10;

function SideBySide({ known, other }: { known: EnterpriseView; other: EnterpriseView }) {
  const t = useTexts(enterpriseWords);
  const words = useWords();
  const { permissions } = useMe();
  const [merging, setMerging] = useState(false);
  const confirm = useSend(
    (other_id: string, once) =>
      api.POST('/api/v1/enterprises/{id}/confirm-different', {
        params: { path: { id: known.id }, header: once },
        body: { other_id },
      }),
    () => say(t.confirmed),
  );
  const show = (one: EnterpriseView): readonly (readonly [string, string | null | undefined])[] => [
    [t.name, one.name],
    [t.kana, one.kana],
    [t.corporateNumber, one.corporate_number],
    [t.kind, words.enterprise[one.kind]],
    [t.place, `${one.prefecture ?? ''}${one.address ?? ''}`],
    [t.phone, one.phone ? phone(one.phone) : null],
    [t.representative, one.representative],
    [t.year, t.cases(one.this_year.cases, one.this_year.sessions_used)],
  ];
  const theirs = show(other);
  return (
    <div className="rounded-8 border border-line p-3">
      <table className="w-full table-fixed text-dns-14N-130">
        <thead>
          <tr className="border-b border-line text-left">
            <th scope="col" className="w-24 py-1 pr-2 font-400 text-ink-soft">
              {t.item}
            </th>
            <th scope="col" className="py-1 pr-2">
              {t.this}
            </th>
            <th scope="col" className="py-1">
              <Link to="/enterprises/$id" params={{ id: other.id }} className="link">
                {t.other}
              </Link>
            </th>
          </tr>
        </thead>
        <tbody>
          {show(known).map(([term, mine], index) => {
            const theirsHere = theirs[index]?.[1];
            const same = mine && mine === theirsHere;
            return (
              <tr key={term} className="border-b border-line align-top">
                <th scope="row" className="py-1 pr-2 text-left font-400 text-ink-soft">
                  {term}
                </th>
                <td className="py-1 pr-2">{mine ?? '—'}</td>
                <td className={`py-1 ${same ? 'font-bold' : ''}`}>
                  {theirsHere ?? '—'} {same ? <span className="font-400 text-ink-soft">({t.same})</span> : null}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {permissions.includes('write_enterprises') ? (
        <div className="mt-3 space-y-2">
          {confirm.error ? <ProblemNotice error={confirm.error} /> : null}
          <p className="flex flex-wrap gap-2">
            <Button size="sm" pending={confirm.isPending} onClick={() => confirm.mutate(other.id)}>
              {t.different}
            </Button>
            {permissions.includes('merge_cases') ? (
              <Button size="sm" onClick={() => setMerging(true)}>
                {t.merge}
              </Button>
            ) : null}
          </p>
        </div>
      ) : null}
      {merging ? <MergeDialog known={known} other={other} onClose={() => setMerging(false)} /> : null}
    </div>
  );
}

interface MergeProps {
  known: EnterpriseView;
  other: EnterpriseView;
  onClose: () => void;
}

/** Which of the two stays is a choice: its values stay, the other's cases come to it. */
function MergeDialog({ known, other, onClose }: MergeProps) {
  const t = useTexts(enterpriseWords);
  const navigate = useNavigate();
  const [stays, setStays] = useState<'this' | 'other'>('this');
  const [reason, setReason] = useState('');
  const survivor = stays === 'this' ? known : other;
  const gone = stays === 'this' ? other : known;
  const send = useSend(
    (request: { id: string; other_id: string; reason: string }, once) =>
      body(
        api.POST('/api/v1/enterprises/{id}/merge', {
          params: { path: { id: request.id }, header: once },
          body: { other_id: request.other_id, reason: request.reason },
        }),
      ),
    ({ id }) => {
      onClose();
      say(t.merged);
      void navigate({ to: '/enterprises/$id', params: { id } });
    },
  );
  const label = (one: EnterpriseView) =>
    [one.name ?? t.anonymous, one.corporate_number, `${one.prefecture ?? ''}${one.address ?? ''}`]
      .filter(Boolean)
      .join(' ');
  return (
    <DialogForm
      title={t.merge}
      act={t.merge}
      danger
      error={send.error}
      pending={send.isPending}
      onClose={onClose}
      onSubmit={() => send.mutate({ id: survivor.id, other_id: gone.id, reason })}
    >
      <RadioField
        label={t.stays}
        pointer="/other_id"
        value={stays}
        onChange={setStays}
        choices={[
          ['this', `${t.this}: ${label(known)}`],
          ['other', `${t.other}: ${label(other)}`],
        ]}
      />
      <p className="text-std-16N-170">{t.mergeWhat}</p>
      <TextArea label={t.mergeReason} pointer="/reason" required value={reason} onChange={setReason} />
    </DialogForm>
  );
}
