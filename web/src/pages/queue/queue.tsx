import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { InfiniteData } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import type { CaseView } from '@/api/schema';
import { caseCounts, caseList } from '@/data/cases';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { Button, LinkButton } from '@/ui/button';
import { useClearOf } from '@/ui/clear-of';
import { DataTable } from '@/ui/data-table';
import { Icon } from '@/ui/icon';
import { Page } from '@/ui/page';
import { useShortcut } from '@/ui/shortcuts';
import { Empty, Loaded } from '@/ui/states';
import { CaseCard, useColumns } from './columns';
import { Facets, StatusTabs } from './facets';
import { filterOf, SORTS, without, type QueueSearch } from './filter';
import { fresh, held, type Steady } from './steady';
import { queueWords } from './text';

/** The day's work: what is late, what is new, and the next step on every row. */
export function QueuePage() {
  const t = useTexts(queueWords);
  const me = useMe();
  const search = useSearch({ from: '/app/cases' });
  const title = search.q ? t.searched(search.q) : me.role === 'manager' ? t.mine : t.title;
  return (
    <Page title={title} beside={<Order search={search} />}>
      <StatusTabs search={search} />
      <div className="grid gap-x-8 gap-y-3 md:grid-cols-[12.5rem_minmax(0,1fr)]">
        <details className="facets group md:hidden">
          <summary className="inline-flex min-h-11 items-center gap-2 rounded-6 border border-line px-3 text-dns-16N-130">
            <Icon name="settings" />
            {t.narrow}
          </summary>
          <div className="mt-3">
            <Facets search={search} />
          </div>
        </details>
        <div className="hidden md:block">
          <Facets search={search} />
        </div>
        <Rows key={JSON.stringify(search)} search={search} />
      </div>
    </Page>
  );
}

function Order({ search }: { search: QueueSearch }) {
  const t = useTexts(queueWords);
  const me = useMe();
  const navigate = useNavigate();
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-dns-14N-130">
      <label className="flex items-center gap-2">
        <span className="text-ink-soft">{t.sort}</span>
        <select
          value={search.sort ?? 'due_at'}
          className="h-9 rounded-6 border border-line-strong bg-white px-2"
          onChange={(event) => {
            const sort = SORTS.find((known) => known === event.target.value) ?? 'due_at';
            void navigate({ to: '/cases', search: { ...search, sort }, replace: true });
          }}
        >
          {SORTS.map((sort) => (
            <option key={sort} value={sort}>
              {t.sorts[sort]}
            </option>
          ))}
        </select>
      </label>
      {me.permissions.includes('make_exports') ? (
        <LinkButton to="/exports" search={{ list: 'cases', ...filterOf(search) }} size="sm">
          {t.exported}
        </LinkButton>
      ) : null}
    </div>
  );
}

function Rows({ search }: { search: QueueSearch }) {
  const t = useTexts(queueWords);
  const me = useMe();
  const filter = filterOf(search);
  const list = useInfiniteQuery(caseList(filter));
  const total = useQuery(caseCounts(filter)).data?.total;
  const { steady, hasCome, bringIn } = useSteady(list.data, list.isFetchedAfterMount);
  const { rows, left } = steady;
  const columns = useColumns(me.role, left);
  useShortcut('j', t.next, () => focusRow(1));
  useShortcut('k', t.previous, () => focusRow(-1));

  return (
    <Loaded query={{ ...list, data: list.data }}>
      {() =>
        rows.length === 0 ? (
          <Nothing search={search} />
        ) : (
          <div id={LIST_ID} tabIndex={-1} className="outline-none">
            <Changes steady={steady} hasCome={hasCome} at={list.dataUpdatedAt} onBringIn={bringIn} />
            <div id={ROWS_ID}>
              <DataTable
                caption={t.title}
                columns={columns}
                rows={rows}
                idOf={(row) => row.id}
                total={total}
                card={(row) => <CaseCard seen={row} role={me.role} left={left.has(row.id)} />}
              />
            </div>
            <div className="mt-4 flex flex-wrap items-center justify-between gap-3">
              <p role="status" className="text-dns-16N-130 text-ink-soft">
                {t.shown(rows.length, Math.max(total ?? 0, rows.length))}
              </p>
              {list.hasNextPage ? (
                <Button pending={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                  {list.isFetchingNextPage ? t.loading : t.more}
                </Button>
              ) : null}
            </div>
          </div>
        )
      }
    </Loaded>
  );
}

type Pages = InfiniteData<{ items: CaseView[] }> | undefined;

const LIST_ID = 'queue-list';
const ROWS_ID = 'queue-rows';

/** Whether a row would move under somebody's eyes, pointer or keyboard. */
function isBeingRead(): boolean {
  const rows = document.getElementById(ROWS_ID);
  if (!rows) return false;
  const isPointedAt = matchMedia('(hover: hover)').matches && rows.matches(':hover');
  return isPointedAt || rows.contains(document.activeElement) || rows.getBoundingClientRect().top < 0;
}

/**
 * The rows as they are to be shown. While somebody is at them, they stay where they are and only what they say is new;
 * what came or moved is offered instead. Whoever is at the top and elsewhere with the pointer sees it come in.
 */
function useSteady(data: Pages, isRead: boolean) {
  const now = data?.pages.flatMap((page) => page.items) ?? [];
  const [state, setState] = useState({ data, isRead, steady: fresh(now), hasCome: false });
  if (state.data !== data || state.isRead !== isRead) {
    const known = new Set(state.steady.rows.map(({ id }) => id));
    // What the page remembered from an earlier visit is old at once; nobody is reading it yet.
    const isHeld = state.isRead && isBeingRead();
    const further = data?.pages.slice(state.data?.pages.length ?? 0).flatMap((page) => page.items);
    setState({
      data,
      isRead,
      steady: isHeld ? held(state.steady.rows, now, further) : fresh(now),
      hasCome: !isHeld && state.isRead && now.some(({ id }) => !known.has(id)),
    });
  }
  return {
    ...state,
    bringIn: () => {
      setState({ data, isRead, steady: fresh(now), hasCome: false });
      // The button is gone with what it offered.
      document.getElementById(LIST_ID)?.focus();
    },
  };
}

interface ChangesProps {
  steady: Steady<CaseView>;
  hasCome: boolean;
  /** When the list was read last. */
  at: number;
  onBringIn: () => void;
}

/**
 * How old the list is, or what would move rows, to be brought in by a button. The line is always there, so that nothing
 * moves when it has something to offer; then it stays in sight below the header. Read out once.
 */
function Changes({ steady: { added, left, moved }, hasCome, at, onBringIn }: ChangesProps) {
  const t = useTexts(queueWords);
  const dates = useDates();
  const bar = useRef<HTMLDivElement>(null);
  const text = added > 0 ? t.added(added) : left.size > 0 ? t.left(left.size) : moved ? t.moved : undefined;
  useClearOf(bar, 'top', text !== undefined);
  return (
    <>
      <p role="status" className="sr-only">
        {text ? t.changed : hasCome ? t.broughtIn : ''}
      </p>
      <div
        ref={bar}
        data-bar={text ? 'top' : undefined}
        className={`no-print mb-1 flex min-h-11 items-center gap-x-3 px-2 ${text ? 'sticky top-14 z-10 rounded-b-8 bg-blue-900 text-white' : ''}`}
      >
        {text ? (
          <>
            <Icon name="list" className="size-5 shrink-0" />
            <span className="min-w-0 flex-1 truncate text-dns-16B-130">{text}</span>
            <Button size="sm" onClick={onBringIn}>
              {t.bringIn}
            </Button>
          </>
        ) : at ? (
          <span className="text-dns-14N-130 text-ink-soft">{t.updated(dates.time(new Date(at)))}</span>
        ) : null}
      </div>
    </>
  );
}

function Nothing({ search }: { search: QueueSearch }) {
  const t = useTexts(queueWords);
  const filtered = Object.keys(without(search, 'sort')).length > 0;
  if (!filtered) {
    return (
      <Empty icon="check" title={t.done}>
        {t.doneWhy}
      </Empty>
    );
  }
  return (
    <Empty icon="search" title={t.empty}>
      <p>{t.emptyWhy}</p>
      <p className="mt-3">
        <Link to="/cases" className="link">
          {t.clear}
        </Link>
      </p>
    </Empty>
  );
}

/** Moves the focus to the case below or above, so that Enter opens it. */
function focusRow(by: 1 | -1) {
  const links = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  const current = links.findIndex((link) => link === document.activeElement);
  const next = current < 0 ? links[0] : links[current + by];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}
