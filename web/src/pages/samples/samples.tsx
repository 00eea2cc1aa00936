import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { Sample, SampleItem } from '@/api/schema';
import { sample } from '@/data/privacy';
import { AuditTabs } from '@/pages/audit/tabs';
import { useMe } from '@/shell/use-me';
import { dateOf, fiscalYear, useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Button } from '@/ui/button';
import { columnsOf, DataTable, type Column } from '@/ui/data-table';
import { Form, SelectField, TextField } from '@/ui/form';
import { Page } from '@/ui/page';
import { prefectureName } from '@/ui/prefectures';
import { Empty, Forbidden, Loaded } from '@/ui/states';
import type { SampleSearch } from './search';

const words = texts(
  {
    title: '案件の抜き取り',
    what: '年度の案件から無作為に抜き取り、いつ何が行われたかを確かめます。名称・氏名・文章は表示されません。文章は文字数だけが分かります。案件番号で事務局に原本を照会できます。',
    form: '抜き取りの条件',
    year: '年度',
    size: '件数',
    sizeHint: '1〜500',
    seed: '抽出番号',
    seedHint: '好きな数字。同じ番号なら、誰が引いても同じ案件になります。',
    draw: '抜き取る',
    drawn: (n: number, total: string, seed: string) => `${total}件から${n}件を抜き取りました(抽出番号 ${seed})。`,
    caption: '抜き取った案件',
    number: '案件番号',
    status: '状態',
    channel: '受付方法',
    prefecture: '都道府県',
    topic: '主な分野',
    received: '受付',
    closed: '終了',
    sessions: '使用した回数',
    reports: '承認済みの報告書',
    times: (n: number) => `${n}回`,
    count: (n: number) => `${n}件`,
    none: 'この年度の案件はありません',
    start: '条件を決めて「抜き取る」を押してください',
  },
  {
    title: 'Sample cases',
    what: 'Cases of a fiscal year drawn at random, to see what was done and when. Names and texts are not shown, only how long the texts are. The programme office knows a case by its number.',
    form: 'What to draw',
    year: 'Fiscal year',
    size: 'How many',
    sizeHint: '1 to 500',
    seed: 'Seed',
    seedHint: 'Any number. The same one draws the same cases, whoever asks.',
    draw: 'Draw',
    drawn: (n: number, total: string, seed: string) => `${n} of ${total} cases (seed ${seed}).`,
    caption: 'Drawn cases',
    number: 'Case',
    status: 'Status',
    channel: 'Channel',
    prefecture: 'Prefecture',
    topic: 'Topic',
    received: 'Received',
    closed: 'Closed',
    sessions: 'Sessions used',
    reports: 'Reports approved',
    times: (n: number) => `${n}`,
    count: (n: number) => `${n}`,
    none: 'There is no case in this year',
    start: 'Say what to draw',
  },
);

const YEARS_BACK = 10;

/** For auditors: cases that nobody chose. */
export function SamplesPage() {
  const t = useTexts(words);
  const search = useSearch({ from: '/app/audit/samples' });
  const { permissions } = useMe();
  if (!permissions.includes('read_samples')) {
    return (
      <Page title={t.title}>
        <Forbidden />
      </Page>
    );
  }
  return (
    <Page title={t.title}>
      <AuditTabs />
      <p className="mb-4 max-w-3xl text-std-16N-170">{t.what}</p>
      <Drawing key={JSON.stringify(search)} search={search} />
    </Page>
  );
}

function Drawing({ search }: { search: SampleSearch }) {
  const t = useTexts(words);
  const dates = useDates();
  const navigate = useNavigate();
  const thisYear = fiscalYear(new Date());
  const [year, setYear] = useState(search.year ?? String(thisYear));
  const [size, setSize] = useState(search.size ?? '25');
  const [seed, setSeed] = useState(search.seed ?? dateOf(new Date()).replaceAll('-', ''));
  const isAsked = search.seed !== undefined;
  const query = useQuery({
    ...sample({
      fiscal_year: Number(search.year ?? thisYear),
      size: Number(search.size ?? 25),
      seed: Number(search.seed),
    }),
    enabled: isAsked,
  });
  return (
    <>
      <Form
        label={t.form}
        error={undefined}
        className="mb-6 space-y-3"
        onSubmit={() => void navigate({ to: '/audit/samples', search: { year, size, seed } })}
      >
        <div className="grid max-w-4xl items-end gap-3 sm:grid-cols-3">
          <SelectField
            label={t.year}
            pointer="#year"
            value={year}
            onChange={setYear}
            choices={Array.from({ length: YEARS_BACK }, (_, back) => thisYear - back).map((one) => [
              String(one),
              dates.fiscalYear(one),
            ])}
          />
          <TextField
            label={t.size}
            hint={t.sizeHint}
            pointer="#size"
            type="number"
            min={1}
            max={500}
            value={size}
            onChange={setSize}
          />
          <TextField
            label={t.seed}
            hint={t.seedHint}
            pointer="#seed"
            inputMode="numeric"
            value={seed}
            onChange={setSeed}
          />
        </div>
        <Button type="submit" look="solid">
          {t.draw}
        </Button>
      </Form>
      {isAsked ? (
        <Loaded query={query}>{(drawn) => <Drawn drawn={drawn} />}</Loaded>
      ) : (
        <Empty icon="search" title={t.start} />
      )}
    </>
  );
}

function Drawn({ drawn }: { drawn: Sample }) {
  const t = useTexts(words);
  const columns = useColumns();
  if (drawn.items.length === 0) return <Empty icon="search" title={t.none} />;
  return (
    <>
      <p role="status" className="mb-3 text-dns-16N-130">
        {t.drawn(drawn.items.length, drawn.total.toLocaleString(), String(drawn.seed))}
      </p>
      <DataTable caption={t.caption} columns={columns} rows={drawn.items} idOf={({ id }) => id} />
    </>
  );
}

function useColumns(): Column<SampleItem>[] {
  const t = useTexts(words);
  const w = useWords();
  const dates = useDates();
  const column = columnsOf<SampleItem>();
  return [
    column.display({
      id: 'number',
      header: t.number,
      cell: ({ row: { original } }) => (
        <Link to="/audit/samples/$id" params={{ id: original.id }} className="link whitespace-nowrap">
          {original.number}
        </Link>
      ),
    }),
    column.display({
      id: 'status',
      header: t.status,
      cell: ({ row: { original } }) =>
        `${w.status[original.status]}${original.outcome ? `(${w.outcome[original.outcome]})` : ''}`,
    }),
    column.display({ id: 'channel', header: t.channel, cell: ({ row }) => w.channel[row.original.channel] }),
    column.display({
      id: 'prefecture',
      header: t.prefecture,
      cell: ({ row: { original } }) => (original.prefecture_code ? prefectureName(original.prefecture_code) : '—'),
    }),
    column.display({ id: 'topic', header: t.topic, cell: ({ row }) => w.topic[row.original.primary_topic] }),
    column.display({ id: 'received', header: t.received, cell: ({ row }) => dates.dayTime(row.original.received_at) }),
    column.display({
      id: 'closed',
      header: t.closed,
      cell: ({ row: { original } }) => (original.closed_at ? dates.day(original.closed_at) : '—'),
    }),
    column.display({ id: 'sessions', header: t.sessions, cell: ({ row }) => t.times(row.original.sessions_used) }),
    column.display({ id: 'reports', header: t.reports, cell: ({ row }) => t.count(row.original.reports_approved) }),
  ];
}
