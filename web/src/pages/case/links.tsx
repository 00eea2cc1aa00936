import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { CaseView, LinkView } from '@/api/schema';
import { caseLinks, oneCase } from '@/data/cases';
import { useTexts } from '@/text/preferences';
import { useWords } from '@/text/words';
import { Chip } from '@/ui/chip';
import { Section } from '@/ui/page';
import { caseWords } from './text';

/** Cases that belong to this one; nothing where there are none. */
export function Links({ seen }: { seen: CaseView }) {
  const t = useTexts(caseWords);
  const { data } = useQuery(caseLinks(seen.id));
  if (!data || data.items.length === 0) return null;
  return (
    <Section title={t.links}>
      <ul className="space-y-1 text-dns-16N-130">
        {data.items.map((link) => (
          <Linked key={`${link.case_id}${link.other_id}${link.kind}`} link={link} from={seen.id} />
        ))}
      </ul>
    </Section>
  );
}

function Linked({ link, from }: { link: LinkView; from: string }) {
  const words = useWords();
  const id = link.case_id === from ? link.other_id : link.case_id;
  const { data } = useQuery({ ...oneCase(id), refetchInterval: false });
  return (
    <li className="flex flex-wrap items-center gap-2">
      <Chip>{words.link[link.kind]}</Chip>
      <Link to="/cases/$id" params={{ id }} className="link">
        {data ? `${data.number} ${data.enterprise.name ?? ''} ${data.subject ?? ''}` : id}
      </Link>
    </li>
  );
}
