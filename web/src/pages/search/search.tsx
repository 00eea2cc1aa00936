import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { Found, Passage, PassageKind } from '@/api/schema';
import { search } from '@/data/cases';
import { useDates } from '@/text/dates';
import { texts, useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { FlagChip, StatusChip } from '@/ui/case-bits';
import { Page } from '@/ui/page';
import { SearchForm } from '@/ui/search-form';
import { Empty, Loaded } from '@/ui/states';

interface SearchWords {
  title: string;
  found: (q: string) => string;
  look: string;
  find: string;
  start: string;
  startWhy: string;
  none: string;
  noneWhy: string;
  more: string;
  anonymous: string;
  cut: string;
  from: Record<PassageKind, string>;
}

const words = texts<SearchWords>(
  {
    title: '検索',
    found: (q) => `「${q}」の検索結果`,
    look: '番号・電話・企業名・本文の言葉',
    find: '探す',
    start: '探す言葉を入力してください',
    startWhy: '案件番号、企業名、電話番号、相談内容、対応履歴、メモ、メール、報告書の中を探します。',
    none: '見つかりませんでした',
    noneWhy: '言葉を減らすか、短くしてお試しください。全角・半角、ひらがな・カタカナの違いは問いません。',
    more: 'さらに表示',
    anonymous: '匿名の相談',
    cut: '長いため、終わりの部分は検索していません。',
    from: {
      case: '案件',
      description: '相談内容',
      enterprise: '企業・団体',
      contact: '相談者',
      interaction: '対応',
      note: 'メモ',
      mail: '受信メール',
      message: '送信メール',
      report: '報告書',
    },
  },
  {
    title: 'Search',
    found: (q) => `Found for “${q}”`,
    look: 'Number, phone, enterprise or any words',
    find: 'Find',
    start: 'Type what to look for',
    startWhy: 'In numbers, enterprises, phones, matters, contacts, notes, mail and reports.',
    none: 'Nothing was found',
    noneWhy: 'Try fewer or shorter words. Width of letters and kind of kana do not matter.',
    more: 'More',
    anonymous: 'Anonymous',
    cut: 'So long that its end is not searched.',
    from: {
      case: 'Case',
      description: 'Matter',
      enterprise: 'Enterprise',
      contact: 'Contact',
      interaction: 'Call',
      note: 'Note',
      mail: 'Mail received',
      message: 'Mail sent',
      report: 'Report',
    },
  },
);

/** Everything that is written on cases, searched at once. */
export function SearchPage() {
  const t = useTexts(words);
  const { q = '' } = useSearch({ from: '/app/search' });
  const navigate = useNavigate();
  const list = useInfiniteQuery({ ...search(q), enabled: q !== '' });
  return (
    <Page title={q ? t.found(q) : t.title}>
      <SearchForm
        key={q}
        label={t.title}
        look={t.look}
        find={t.find}
        q={q}
        onFind={(search) => void navigate({ to: '/search', search })}
      />
      {q === '' ? (
        <Empty icon="search" title={t.start}>
          {t.startWhy}
        </Empty>
      ) : (
        <Loaded query={{ ...list, data: list.data }}>
          {({ pages }) => {
            const items = pages.flatMap((page) => page.items);
            return items.length === 0 ? (
              <Empty icon="search" title={t.none}>
                {t.noneWhy}
              </Empty>
            ) : (
              <ol className="max-w-4xl divide-y divide-line border-y border-line">
                {items.map((found) => (
                  <Hit key={found.case.id} found={found} />
                ))}
              </ol>
            );
          }}
        </Loaded>
      )}
      {list.hasNextPage ? (
        <Button className="mt-4" pending={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t.more}
        </Button>
      ) : null}
    </Page>
  );
}

function Hit({ found: { case: seen, passages } }: { found: Found }) {
  const t = useTexts(words);
  const dates = useDates();
  return (
    <li className="long-list space-y-1.5 py-4 text-dns-16N-130">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Link to="/cases/$id" params={{ id: seen.id }} data-row className="link text-dns-16B-130">
          {seen.enterprise.name ?? t.anonymous}
        </Link>
        <StatusChip status={seen.status} />
        {seen.flags.map((flag) => (
          <FlagChip key={flag} flag={flag} />
        ))}
      </p>
      <p className="text-dns-14N-130 text-ink-soft">
        {seen.number}・{dates.day(seen.received_at)}
        {seen.site.prefecture ? `・${seen.site.prefecture}` : ''}
      </p>
      {seen.subject ? <p>{seen.subject}</p> : null}
      <ul className="space-y-1.5">
        {passages.map((passage) => (
          <Excerpt key={`${passage.kind}${passage.id}`} passage={passage} />
        ))}
      </ul>
    </li>
  );
}

function Excerpt({ passage }: { passage: Passage }) {
  const t = useTexts(words);
  return (
    <li className="grid grid-cols-[5.5rem_1fr] gap-x-3">
      <span className="text-dns-14N-130 text-ink-soft">{t.from[passage.kind]}</span>
      <span className="line-clamp-3 min-w-0">
        {passage.segments.map(({ text, is_match }, index) =>
          is_match ? (
            <mark key={index} className="bg-yellow-200 font-bold text-ink">
              {text}
            </mark>
          ) : (
            <span key={index}>{text}</span>
          ),
        )}
        {passage.is_cut ? <span className="block text-dns-14N-130 text-ink-soft">{t.cut}</span> : null}
      </span>
    </li>
  );
}
