import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { MailSummary } from '@/api/schema';
import { mailList } from '@/data/mail';
import { useMe } from '@/shell/use-me';
import { useDates } from '@/text/dates';
import { useMailWords } from '@/text/mail-words';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Chip } from '@/ui/chip';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { controlClass } from '@/ui/form';
import { Page } from '@/ui/page';
import { Empty, Forbidden, Loaded } from '@/ui/states';
import { mailsWords } from './text';

/** Mail that a person must look at, and what became of the rest. */
export function MailsPage() {
  const t = useTexts(mailsWords);
  const allowed = useMe().permissions.includes('check_mail');
  return <Page title={t.title}>{allowed ? <Mails /> : <Forbidden />}</Page>;
}

function Mails() {
  const t = useTexts(mailsWords);
  const { show, q } = useSearch({ from: '/app/mails' });
  const list = useInfiniteQuery(mailList({ to_check: show !== 'done', ...(q ? { q } : {}) }));
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const columns = useColumns();
  return (
    <>
      <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <nav aria-label={t.shown} className="flex border-b border-line">
          <Tab show={undefined} current={show}>
            {t.open}
          </Tab>
          <Tab show="done" current={show}>
            {t.done}
          </Tab>
        </nav>
        <Filter key={q ?? ''} />
      </div>
      <Loaded query={{ ...list, data: list.data }}>
        {() =>
          rows.length === 0 ? (
            <Empty icon="mail" title={show === 'done' || q ? t.emptyDone : t.emptyOpen}>
              {show === 'done' || q ? null : t.emptyOpenWhy}
            </Empty>
          ) : (
            <DataTable
              caption={t.title}
              columns={columns}
              rows={rows}
              idOf={(row) => row.id}
              card={(row) => <Card mail={row} />}
            />
          )
        }
      </Loaded>
      {list.hasNextPage ? (
        <Button className="mt-4" pending={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t.more}
        </Button>
      ) : null}
    </>
  );
}

function Tab({ show, current, children }: { show: 'done' | undefined; current: 'done' | undefined; children: string }) {
  return (
    <Link
      to="/mails"
      search={show ? { show } : {}}
      aria-current={show === current ? 'page' : undefined}
      className="focus-inside flex min-h-11 items-center border-b-4 border-transparent px-4 text-dns-16N-130 hover:bg-blue-50 hover:underline aria-[current=page]:border-blue-900 aria-[current=page]:font-bold aria-[current=page]:text-blue-900"
    >
      {children}
    </Link>
  );
}

function Filter() {
  const t = useTexts(mailsWords);
  const navigate = useNavigate();
  const { q = '', ...rest } = useSearch({ from: '/app/mails' });
  const [typed, setTyped] = useState(q);
  return (
    <form
      role="search"
      aria-label={t.look}
      className="flex w-full max-w-md gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        void navigate({ to: '/mails', search: { ...rest, ...(typed.trim() ? { q: typed.trim() } : {}) } });
      }}
    >
      <input
        type="search"
        aria-label={t.look}
        placeholder={t.look}
        className={`${controlClass} h-11 placeholder:text-solid-gray-600`}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Button type="submit">{t.find}</Button>
    </form>
  );
}

const helper = columnsOf<MailSummary>();

function useColumns(): Column<MailSummary>[] {
  const t = useTexts(mailsWords);
  const dates = useDates();
  return [
    helper.display({ id: 'mail', header: t.columns.mail, cell: ({ row }) => <What mail={row.original} /> }),
    helper.display({ id: 'reason', header: t.columns.reason, cell: ({ row }) => <Why mail={row.original} /> }),
    helper.display({ id: 'case', header: t.columns.suggestion, cell: ({ row }) => <Where mail={row.original} /> }),
    helper.display({
      id: 'received',
      header: t.columns.received,
      cell: ({ row }) => <span className="whitespace-nowrap">{dates.dayTime(row.original.received_at)}</span>,
    }),
  ] as Column<MailSummary>[];
}

function Card({ mail }: { mail: MailSummary }) {
  const dates = useDates();
  return (
    <div className="space-y-1.5 text-dns-16N-130">
      <What mail={mail} />
      <Why mail={mail} />
      <p className="flex flex-wrap justify-between gap-x-3 border-t border-line pt-1.5 text-dns-14N-130 text-ink-soft">
        <Where mail={mail} />
        {dates.dayTime(mail.received_at)}
      </p>
    </div>
  );
}

function What({ mail }: { mail: MailSummary }) {
  const t = useTexts(mailsWords);
  return (
    <>
      <Link to="/mails/$id" params={{ id: mail.id }} data-row className="link text-dns-16B-130">
        {mail.subject ?? t.noSubject}
      </Link>
      <span className="block text-dns-14N-130 text-ink-soft">
        {mail.from ? [mail.from.name, mail.from.address].filter(Boolean).join(' ') : t.noSender}
        {mail.attachments > 0 ? `・${t.files(mail.attachments)}` : ''}
      </span>
      <span className="line-clamp-2 text-dns-14N-130">{mail.excerpt}</span>
    </>
  );
}

function Why({ mail }: { mail: MailSummary }) {
  const t = useTexts(mailsWords);
  const words = useMailWords();
  return (
    <span className="flex max-w-96 flex-wrap items-center gap-1.5">
      {mail.discarded_at ? <Chip>{t.discarded}</Chip> : null}
      {mail.kind && mail.kind !== 'normal' ? <Chip tone="yellow">{words.kind[mail.kind]}</Chip> : null}
      <span>
        {mail.quarantine_reason
          ? words.reason[mail.quarantine_reason]
          : mail.placed_by
            ? words.placed[mail.placed_by]
            : null}
      </span>
    </span>
  );
}

function Where({ mail }: { mail: MailSummary }) {
  const t = useTexts(mailsWords);
  const id = mail.case_id ?? mail.suggested_case_id;
  const number = mail.case_number ?? mail.suggested_case_number;
  if (!id || !number) return <span>—</span>;
  return (
    <Link to="/cases/$id" params={{ id }} className="link whitespace-nowrap">
      {mail.case_id ? number : t.suggested(number)}
    </Link>
  );
}
