import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, body } from '@/api/client';
import type { EnterpriseView } from '@/api/schema';
import { useSend } from '@/api/send';
import { useMe } from '@/shell/use-me';
import { phone } from '@/text/format';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { Section } from '@/ui/page';
import { ProblemNotice } from '@/ui/problem-notice';
import { say } from '@/ui/toast';
import { enterpriseWords } from './text';

const MOST = 5;

/** Enterprises with the same phone number or the same beginning of the name. */
function twinsOf(known: EnterpriseView) {
  return {
    queryKey: ['enterprise', known.id, 'twins', known.phone, known.name],
    queryFn: async ({ signal }: { signal: AbortSignal }) => {
      const look = async (query: { phone: string } | { q: string }) =>
        (await body(api.GET('/api/v1/enterprises', { params: { query: { ...query, limit: 20 } }, signal }))).items;
      const found = await Promise.all([
        known.phone ? look({ phone: known.phone }) : [],
        known.name ? look({ q: known.name }) : [],
      ]);
      const byId = new Map(found.flat().map((one) => [one.id, one]));
      byId.delete(known.id);
      return [...byId.values()].slice(0, MOST);
    },
  };
}

export function Twins({ known }: { known: EnterpriseView }) {
  const t = useTexts(enterpriseWords);
  const { data } = useQuery(twinsOf(known));
  if (!data || data.length === 0) return null;
  return (
    <Section title={t.twins}>
      <p className="mb-3 text-std-16N-170">{t.twinsWhy}</p>
      <ul className="space-y-5">
        {data.map((other) => (
          <li key={other.id}>
            <SideBySide known={known} other={other} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function SideBySide({ known, other }: { known: EnterpriseView; other: EnterpriseView }) {
  const t = useTexts(enterpriseWords);
  const words = useWords();
  const { permissions } = useMe();
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
          <Button size="sm" pending={confirm.isPending} onClick={() => confirm.mutate(other.id)}>
            {t.different}
          </Button>
        </div>
      ) : null}
    </div>
  );
}
