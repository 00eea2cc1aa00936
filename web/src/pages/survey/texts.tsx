import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import type { FreeText } from '@/api/schema';
import { freeTexts } from '@/data/answers';
import { FiguresFrame } from '@/pages/figures/frame';
import { useMe } from '@/shell/use-me';
import { answerWords } from '@/text/answer-words';
import { useDates } from '@/text/dates';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Chip } from '@/ui/chip';
import { SelectField } from '@/ui/form';
import { useShortcut } from '@/ui/shortcuts';
import { Empty, Loaded } from '@/ui/states';
import { CheckText } from './check-text';
import { readTextsSearch, type TextsSearch } from './search';
import { textsWords } from './texts-words';

const STATES = ['unchecked', 'released', 'withheld', 'all'] as const;

/** What enterprises wrote: to be checked for personal data, or as it was released. */
export function TextsPage() {
  const t = useTexts(textsWords);
  const search = readTextsSearch({ ...useSearch({ from: '/app/figures/texts' }) });
  const isChecker = useMe().permissions.includes('check_free_texts');
  return (
    <FiguresFrame title={t.title} permission="read_free_texts">
      <p className="mb-4 max-w-3xl text-dns-16N-130 text-ink-soft">{isChecker ? t.why : t.whyReleased}</p>
      <Filter search={search} isChecker={isChecker} />
      <Texts key={JSON.stringify(search)} search={search} isChecker={isChecker} />
    </FiguresFrame>
  );
}

interface PartProps {
  search: TextsSearch;
  isChecker: boolean;
}

function Filter({ search, isChecker }: PartProps) {
  const t = useTexts(textsWords);
  const names = useTexts(answerWords);
  const navigate = useNavigate();
  const { state, source = '' } = search;
  return (
    <div className="no-print mb-5 flex flex-wrap items-end gap-x-6 gap-y-3">
      <SelectField<NonNullable<TextsSearch['source']> | ''>
        label={t.source}
        pointer="/source"
        className="w-56"
        value={source}
        onChange={(next) => {
          const kept = state ? { state } : {};
          void navigate({ to: '/figures/texts', search: next ? { ...kept, source: next } : kept, replace: true });
        }}
        choices={[
          ['', t.all],
          ['survey', names.source.survey],
          ['evaluation', names.source.evaluation],
        ]}
      />
      {isChecker ? (
        <nav aria-label={t.state} className="flex flex-wrap gap-1.5">
          {STATES.map((one) => (
            <Link
              key={one}
              to="/figures/texts"
              search={{ ...(source ? { source } : {}), ...(one === 'unchecked' ? {} : { state: one }) }}
              activeOptions={{ exact: true, includeSearch: true }}
              className="focus-inside inline-flex min-h-11 items-center rounded-6 border border-line bg-white px-3 text-dns-16N-130 whitespace-nowrap hover:bg-blue-50 hover:underline aria-[current=page]:border-blue-900 aria-[current=page]:bg-blue-900 aria-[current=page]:text-white"
            >
              {one === 'all' ? t.all : names.freeText[one]}
            </Link>
          ))}
        </nav>
      ) : null}
    </div>
  );
}

function Texts({ search, isChecker }: PartProps) {
  const t = useTexts(textsWords);
  const { state = 'unchecked', source } = search;
  const filter = { ...(isChecker && state !== 'all' ? { state } : {}), ...(source ? { source } : {}) };
  const list = useInfiniteQuery(freeTexts(filter));
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const status = useRef<HTMLDivElement>(null);
  const isEmpty = list.data !== undefined && items.length === 0;
  const wasFilled = useRef(false);
  useEffect(() => {
    // The last one is done: the focus goes to where it says so.
    if (isEmpty && wasFilled.current && document.activeElement === document.body) status.current?.focus();
    if (items.length > 0) wasFilled.current = true;
  }, [isEmpty, items.length]);
  return (
    <Loaded query={{ ...list, data: list.data }}>
      {() => (
        <>
          {isChecker && items.length > 0 ? <Keys /> : null}
          {isEmpty ? (
            <div ref={status} tabIndex={-1} role="status">
              <Empty icon="check" title={isChecker && state === 'unchecked' ? t.noneToCheck : t.none} />
            </div>
          ) : (
            <ol className="space-y-5" aria-label={t.title}>
              {items.map((text, index) => (
                <li key={text.id} data-text className="long-list">
                  {isChecker ? <CheckText text={text} onDone={() => toText(index + 1)} /> : <Released text={text} />}
                </li>
              ))}
            </ol>
          )}
          {list.hasNextPage ? (
            <Button
              className="no-print mt-4"
              pending={list.isFetchingNextPage}
              onClick={() => void list.fetchNextPage()}
            >
              {t.more}
            </Button>
          ) : null}
        </>
      )}
    </Loaded>
  );
}

function fields(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>('[data-text] textarea')];
}

/** Into the field of the nth text, or of the one before it where there is none. */
function toText(index: number) {
  const all = fields();
  (all[index] ?? all[index - 2])?.focus();
}

/** j and k go from text to text. */
function Keys() {
  const t = useTexts(textsWords);
  const step = (by: 1 | -1) => {
    const all = fields();
    const here = all.findIndex((field) => field.closest('[data-text]')?.contains(document.activeElement));
    const next = here < 0 ? 0 : Math.min(Math.max(here + by, 0), all.length - 1);
    all[next]?.focus();
  };
  useShortcut('j', t.next, () => step(1));
  useShortcut('k', t.before, () => step(-1));
  return null;
}

/** As the ministry reads it. */
function Released({ text: { source, written_at, released_text } }: { text: FreeText }) {
  const names = useTexts(answerWords);
  const dates = useDates();
  return (
    <figure className="max-w-3xl rounded-8 border border-line bg-white p-4">
      <blockquote className="text-std-16N-170 whitespace-pre-wrap">{released_text}</blockquote>
      <figcaption className="mt-2 flex flex-wrap gap-x-3 gap-y-1 text-dns-14N-130 text-ink-soft">
        <Chip>{names.source[source]}</Chip>
        {dates.day(written_at)}
      </figcaption>
    </figure>
  );
}
