import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import type { ReportKind } from '@/api/schema';
import { figureReport } from '@/data/figures';
import { useMe } from '@/shell/use-me';
import { texts, useTexts } from '@/text/preferences';
import { Icon } from '@/ui/icon';
import { Loaded } from '@/ui/states';
import { Days } from './days';
import { useFilterWords } from './filters';
import { FiguresFrame } from './frame';
import { useNumbers } from './labels';
import { EnterpriseList, FactList } from './row-lists';
import { selectionOf, type RowsSearch } from './search';
import { figuresWords } from './text';

const words = texts(
  {
    back: '集計表',
    count: '集計の数',
    reached: { first_answer: '初回回答済み', acceptance: '受理済み', first_session: '初回コンサルティング済み' },
    masked: '企業・団体と個人の名前は表示されません。案件番号で事務局に照会できます。',
  },
  {
    back: 'Table',
    count: 'The number',
    reached: { first_answer: 'answered', acceptance: 'accepted', first_session: 'with a session' },
    masked: 'Names of enterprises and people are not shown. The programme office knows a case by its number.',
  },
);

/** The list that a number counts, and that number above it. */
export function RowsPage() {
  const t = useTexts(words);
  const f = useTexts(figuresWords);
  const search = useSearch({ from: '/app/figures/rows' });
  const { report = 'cases' } = search;
  const selection = selectionOf(search);
  const numbers = useNumbers();
  const people = useQuery(figureReport(report, { ...selection, by: 'desk' }));
  return (
    <FiguresFrame
      title={`${f.list}: ${f.reports[report]}`}
      over={
        <Link
          to="/figures/tables"
          search={search}
          className="link no-print mb-1 inline-flex min-h-9 items-center gap-1 text-dns-16N-130"
        >
          <Icon name="back" />
          {t.back}
        </Link>
      }
    >
      <Loaded query={people}>
        {(known) => {
          const desks = new Map(
            known.rows.flatMap(({ keys }) => (keys['desk'] ? [[keys['desk'].code, keys['desk'].label]] : [])),
          );
          return (
            <>
              <Head report={report} search={search} />
              <Days report={known} />
              <p className="mb-4 text-dns-16N-130">
                {t.count} <strong className="text-std-22B-150 tabular-nums">{numbers.whole(known.total)}</strong>
                {f.counts[report]}
              </p>
              {report === 'enterprises' ? (
                <EnterpriseList key={JSON.stringify(search)} selection={selection} total={known.total} />
              ) : (
                <FactList
                  key={JSON.stringify(search)}
                  report={report}
                  selection={selection}
                  total={known.total}
                  desks={desks}
                />
              )}
            </>
          );
        }}
      </Loaded>
    </FiguresFrame>
  );
}

/** What was asked, in words. */
function Head({ report, search }: { report: ReportKind; search: RowsSearch }) {
  const t = useTexts(words);
  const { role } = useMe();
  const filters = useFilterWords(report, search).map(([, text]) => text);
  const all = [...filters, ...(search.reached ? [t.reached[search.reached]] : [])];
  return (
    <>
      {all.length > 0 ? (
        <ul className="mb-2 flex flex-wrap gap-2 text-dns-16N-130">
          {all.map((text) => (
            <li key={text} className="rounded-6 border border-line bg-ground px-2 py-1">
              {text}
            </li>
          ))}
        </ul>
      ) : null}
      {role === 'auditor' ? <p className="mb-2 text-dns-14N-130 text-ink-soft">{t.masked}</p> : null}
    </>
  );
}
