/** The choices beside the list, each with the number of cases that it would show. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import type { CaseCounts, Role, Status } from '@/api/schema';
import { caseCounts } from '@/data/cases';
import { desks } from '@/data/directory';
import { useMe } from '@/shell/use-me';
import { shortDesk } from '@/text/format';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { DUES, filterOf, FLAGS, STATUSES, TOPICS, WAITING, without, type QueueSearch } from './filter';
import { queueWords } from './text';

function Tally({ n, bad = false }: { n: number | undefined; bad?: boolean }) {
  return (
    <span className={`min-w-6 text-right tabular-nums ${bad && n ? 'font-bold text-error-2' : ''}`}>{n ?? ''}</span>
  );
}

/** The statuses that a case never has in somebody's own list: a desk's begins with routing, an expert's with the assignment. */
const NEVER_MET: Partial<Record<Role, readonly Status[]>> = {
  desk: ['received'],
  manager: ['received', 'routed', 'accepted'],
};

/** The statuses as tabs above the list. */
export function StatusTabs({ search }: { search: QueueSearch }) {
  const t = useTexts(queueWords);
  const words = useWords();
  const { role } = useMe();
  const { data } = useQuery(caseCounts(filterOf({ ...search, status: 'all' })));
  const current = search.status ?? 'open';
  const met = STATUSES.filter((status) => status === current || !NEVER_MET[role]?.includes(status));
  const count = (status: QueueSearch['status']) => {
    if (!data) return undefined;
    if (status === 'all') return data.total;
    if (status === 'open') return data.total - (of(data.status, 'closed') ?? 0);
    return of(data.status, status ?? '') ?? 0;
  };
  return (
    <nav aria-label={t.status} className="mb-3 flex gap-1.5 overflow-x-auto pb-1 md:flex-wrap md:overflow-visible">
      {(['open', ...met, 'all'] as const).map((status) => (
        <Link
          key={status}
          to="/cases"
          search={{ ...search, status }}
          aria-current={status === current ? 'true' : undefined}
          // Not by `aria-current`: the router writes its own word there.
          className={`inline-flex min-h-10 items-center gap-2 rounded-6 max-md:focus-inside border px-3 text-dns-16N-130 whitespace-nowrap hover:underline ${status === current ? 'border-blue-900 bg-blue-900 text-white' : 'border-line bg-white hover:bg-blue-50'}`}
        >
          {status === 'open' ? t.open : status === 'all' ? t.all : short(words.status[status])}
          <Tally n={count(status)} />
        </Link>
      ))}
    </nav>
  );
}

/** 「受理(専門家調整中)」 is 「受理」 on a tab. */
function short(status: string): string {
  return status.replace(/\s*\(.*\)/, '');
}

function of(counts: CaseCounts['status'], key: string): number | undefined {
  return (counts as Record<string, number | undefined>)[key];
}

/** Narrows the list by words, together with everything else. */
function Within({ search }: { search: QueueSearch }) {
  const t = useTexts(queueWords);
  const navigate = useNavigate();
  const [typed, setTyped] = useState(search.q ?? '');
  return (
    <form
      role="search"
      aria-label={t.within}
      onSubmit={(event) => {
        event.preventDefault();
        const q = typed.trim();
        void navigate({ to: '/cases', search: { ...without(search, 'q'), ...(q ? { q } : {}) } });
      }}
    >
      <input
        type="search"
        aria-label={t.within}
        placeholder={t.within}
        className="h-10 w-full rounded-6 border border-line-strong bg-white px-2 text-dns-16N-130 placeholder:text-solid-gray-600"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </form>
  );
}

export function Facets({ search }: { search: QueueSearch }) {
  const t = useTexts(queueWords);
  const words = useWords();
  const me = useMe();
  const dueCounts = useQuery(caseCounts(filterOf(without(search, 'due', 'overdue')))).data;
  const flagCounts = useQuery(caseCounts(filterOf(without(search, 'flag')))).data;
  const seesDesks = me.role !== 'desk' && me.role !== 'manager';
  return (
    <div className="space-y-5">
      <Within key={search.q ?? ''} search={search} />
      <Facet title={t.due}>
        <Choice
          on={search.overdue === 'true'}
          search={search.overdue ? without(search, 'overdue') : { ...without(search, 'due'), overdue: 'true' }}
          count={<Tally n={dueCounts?.overdue} bad />}
        >
          {t.overdue}
        </Choice>
        {DUES.map((due) => {
          const n = dueCounts ? of(dueCounts.due, due) : undefined;
          if (!n && search.due !== due) return null;
          return (
            <Choice
              key={due}
              on={search.due === due}
              search={search.due === due ? without(search, 'due') : { ...without(search, 'overdue'), due }}
              count={<Tally n={n ?? 0} />}
            >
              {words.due[due]}
            </Choice>
          );
        })}
      </Facet>
      {FLAGS.some((flag) => flag === search.flag || (flagCounts && of(flagCounts.flag, flag))) ? (
        <Facet title={t.flag}>
          {FLAGS.map((flag) => {
            const n = flagCounts ? of(flagCounts.flag, flag) : undefined;
            if (!n && search.flag !== flag) return null;
            return (
              <Choice
                key={flag}
                on={search.flag === flag}
                search={search.flag === flag ? without(search, 'flag') : { ...search, flag }}
                count={<Tally n={n ?? 0} />}
              >
                {words.flag[flag]}
              </Choice>
            );
          })}
        </Facet>
      ) : null}
      <Facet title={t.waiting}>
        {WAITING.map((waiting_on) => (
          <Choice
            key={waiting_on}
            on={search.waiting_on === waiting_on}
            search={search.waiting_on === waiting_on ? without(search, 'waiting_on') : { ...search, waiting_on }}
          >
            {words.waiting[waiting_on]}
          </Choice>
        ))}
      </Facet>
      <Facet title={t.topic}>
        {TOPICS.map((topic) => (
          <Choice
            key={topic}
            on={search.topic === topic}
            search={search.topic === topic ? without(search, 'topic') : { ...search, topic }}
          >
            {words.topic[topic]}
          </Choice>
        ))}
      </Facet>
      {seesDesks ? <DeskFacet search={search} /> : null}
    </div>
  );
}

function DeskFacet({ search }: { search: QueueSearch }) {
  const t = useTexts(queueWords);
  const { data } = useQuery(desks);
  return (
    <Facet title={t.desk}>
      {data?.items.map(({ id, name }) => (
        <Choice
          key={id}
          on={search.desk_id === id}
          search={search.desk_id === id ? without(search, 'desk_id') : { ...search, desk_id: id }}
        >
          {shortDesk(name)}
        </Choice>
      ))}
    </Facet>
  );
}

function Facet({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2 className="mb-1 text-dns-14B-130">{title}</h2>
      <ul>{children}</ul>
    </section>
  );
}

interface ChoiceProps {
  on: boolean;
  search: QueueSearch;
  count?: ReactNode;
  children: ReactNode;
}

function Choice({ on, search, count, children }: ChoiceProps) {
  return (
    <li>
      <Link
        to="/cases"
        search={search}
        replace
        aria-current={on ? 'true' : undefined}
        className={`focus-inside -mx-2 flex min-h-9 items-center justify-between gap-2 rounded-6 px-2 text-dns-16N-130 hover:underline ${on ? 'bg-blue-100 font-bold text-blue-1000' : 'hover:bg-blue-50'}`}
      >
        <span>{children}</span>
        {count}
      </Link>
    </li>
  );
}
