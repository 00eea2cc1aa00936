import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { CaseView } from '@/api/schema';
import { caseList } from '@/data/cases';
import { nextStep, useStepWords } from '@/data/next-step';
import { PhoneLink } from '@/pages/case/people';
import { useMe } from '@/shell/use-me';
import { useNow } from '@/text/now';
import { texts, useTexts } from '@/text/preferences';
import { LinkButton } from '@/ui/button';
import { Section } from '@/ui/page';

const words = texts({ title: '日程を決める案件', book: '日程を予約' }, { title: 'Sessions to agree on', book: 'Book' });

/** Where an expert goes on after accepting an offer. */
export const TO_BOOK_ID = 'to-book';

/** The running cases of whoever is signed in. */
export const running = caseList({ status: 'assigned,consulting', sort: 'due_at' });

/** The expert's cases whose next session has no date: whom to ring, and the way to book. */
export function ToBook() {
  const t = useTexts(words);
  const { role } = useMe();
  const now = useNow();
  const { data } = useInfiniteQuery(running);
  const cases = data?.pages.flatMap(({ items }) => items) ?? [];
  const steps = new Set(['book', 'book_next']);
  const open = cases.filter((seen) => steps.has(nextStep(seen, role, now)));
  if (open.length === 0) return null;
  return (
    <Section title={t.title}>
      <ul id={TO_BOOK_ID} tabIndex={-1} className="space-y-3">
        {open.map((seen) => (
          <li key={seen.id}>
            <Card seen={seen} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Card({ seen }: { seen: CaseView }) {
  const t = useTexts(words);
  const steps = useStepWords();
  const { role } = useMe();
  const now = useNow();
  const contact = seen.contacts.find(({ role }) => role === 'primary') ?? seen.contacts[0];
  return (
    <article className="space-y-2 rounded-8 border border-line-strong p-4 text-dns-16N-130">
      <p>
        <Link to="/cases/$id" params={{ id: seen.id }} className="link text-dns-17B-130">
          {seen.enterprise.name ?? seen.number}
        </Link>
        <span className="block text-ink-soft">
          {[contact?.department, contact?.name].filter((part) => part).join(' ')}
        </span>
      </p>
      {contact?.phone ? <PhoneLink number={contact.phone} /> : null}
      <p className="flex flex-wrap items-center justify-between gap-2">
        <span className="text-dns-16B-130">{steps[nextStep(seen, role, now)]}</span>
        <LinkButton to="/cases/$id" params={{ id: seen.id }} search={{ do: 'book' }} look="solid">
          {t.book}
        </LinkButton>
      </p>
    </article>
  );
}
