import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { saveDisclosure } from '@/api/download';
import type { DisclosureView } from '@/api/schema';
import { disclosureList } from '@/data/privacy';
import { useDates } from '@/text/dates';
import { fileSize } from '@/text/format';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { columnsOf, type Column } from '@/ui/data-table';
import { ProblemNotice } from '@/ui/problem-notice';
import { DiscloseDialog } from './disclose';
import { PagedList } from './list';
import { countsOf, privacyWords } from './text';

const words = texts(
  {
    title: '開示の請求',
    what: '本人または企業・団体からの請求で、記録しているものを1つのファイルにまとめます。案件の画面の相談者、企業・団体の画面、またはここから登録します。',
    add: '開示の請求を登録',
    reference: '整理番号',
    scope: '対象',
    contacts: (n: number) => `個人(相談者の登録 ${n}件)`,
    enterprise: '企業・団体',
    staff: '職員・専門家の氏名',
    shown: '載せる',
    masked: '伏せる',
    asked: '登録',
    package: '資料',
    pending: '作成しています…',
    expired: '期限が過ぎたため削除しました',
    download: 'ダウンロード',
    downloadOf: (reference: string) => `ダウンロード: ${reference}`,
    until: (day: string) => `${day}まで`,
    inside: '内容と検証の値',
    digest: 'SHA-256',
    none: '開示の請求はありません',
  },
  {
    title: 'Disclosure',
    what: 'On request of a person or an enterprise, everything that is kept of them becomes one file. A request is entered at the contact of a case, on the page of an enterprise, or here.',
    add: 'Enter a request',
    reference: 'Reference',
    scope: 'Whose',
    contacts: (n: number) => `A person (${n} contacts)`,
    enterprise: 'An enterprise',
    staff: 'Names of staff',
    shown: 'shown',
    masked: 'masked',
    asked: 'Entered',
    package: 'Package',
    pending: 'Being made…',
    expired: 'Removed, as its time is over',
    download: 'Download',
    downloadOf: (reference: string) => `Download: ${reference}`,
    until: (day: string) => `until ${day}`,
    inside: 'What is in it',
    digest: 'SHA-256',
    none: 'There is no request',
  },
);

export function Disclosures() {
  const t = useTexts(words);
  const dates = useDates();
  const query = useInfiniteQuery(disclosureList);
  const [adding, setAdding] = useState(false);
  const column = columnsOf<DisclosureView>();
  const columns: Column<DisclosureView>[] = [
    column.display({ id: 'reference', header: t.reference, cell: ({ row }) => row.original.request_reference }),
    column.display({
      id: 'scope',
      header: t.scope,
      cell: ({ row: { original } }) =>
        original.enterprise_id ? t.enterprise : t.contacts(original.contact_ids.length),
    }),
    column.display({
      id: 'staff',
      header: t.staff,
      cell: ({ row }) => (row.original.with_staff_names ? t.shown : t.masked),
    }),
    column.display({
      id: 'asked',
      header: t.asked,
      cell: ({ row: { original } }) => (
        <>
          {dates.dayTime(original.requested_at)} {original.requested_by?.name}
          <span className="block text-dns-14N-130 text-ink-soft">{original.reason}</span>
        </>
      ),
    }),
    column.display({ id: 'package', header: t.package, cell: ({ row }) => <Package of={row.original} /> }),
  ];
  return (
    <>
      <div className="mb-4 flex flex-wrap items-end justify-between gap-3">
        <p className="max-w-3xl text-std-16N-170">{t.what}</p>
        <Button look="solid" onClick={() => setAdding(true)}>
          {t.add}
        </Button>
      </div>
      <PagedList
        caption={t.title}
        query={query}
        columns={columns}
        idOf={({ id }) => id}
        empty={{ icon: 'file', title: t.none }}
      />
      {adding ? <DiscloseDialog subject={undefined} onClose={() => setAdding(false)} /> : null}
    </>
  );
}

function Package({ of }: { of: DisclosureView }) {
  const t = useTexts(words);
  const p = useTexts(privacyWords);
  const dates = useDates();
  const save = useMutation({
    mutationFn: () => saveDisclosure(of.id, of.request_reference),
    networkMode: 'always',
  });
  if (of.state !== 'ready') return of.state === 'pending' ? t.pending : t.expired;
  const counts = countsOf(of.counts, p.counts);
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Button
          size="sm"
          aria-label={t.downloadOf(of.request_reference)}
          pending={save.isPending}
          onClick={() => save.mutate()}
        >
          {t.download}
        </Button>
        <span className="text-dns-14N-130 text-ink-soft">
          {of.size == null ? '' : fileSize(of.size)} {of.expires_at ? t.until(dates.day(of.expires_at)) : ''}
        </span>
      </div>
      <details className="text-dns-14N-130">
        <summary className="min-h-6 text-blue-900 underline">{t.inside}</summary>
        <ul>
          {counts.map(([name, n]) => (
            <li key={name}>
              {name} {p.count(n)}
            </li>
          ))}
        </ul>
        <p className="break-all">
          {t.digest}: {of.sha256}
        </p>
      </details>
      {save.error ? <ProblemNotice error={save.error} /> : null}
    </>
  );
}
