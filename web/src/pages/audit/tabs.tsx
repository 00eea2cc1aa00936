import { Link } from '@tanstack/react-router';
import { useMe } from '@/shell/use-me';
import { texts, useTexts } from '@/text/preferences';

const words = texts(
  { name: '監査', trail: '監査証跡', samples: '案件の抜き取り' },
  { name: 'Audit', trail: 'Audit trail', samples: 'Sample cases' },
);

/** From the proof that nothing was altered to cases drawn at random. */
export function AuditTabs() {
  const t = useTexts(words);
  if (!useMe().permissions.includes('read_samples')) return null;
  return (
    <nav aria-label={t.name} className="no-print mb-5 flex flex-wrap border-b border-line">
      {(
        [
          ['/audit', t.trail],
          ['/audit/samples', t.samples],
        ] as const
      ).map(([to, name]) => (
        <Link
          key={to}
          to={to}
          activeOptions={{ exact: to === '/audit', includeSearch: false }}
          className="focus-inside flex min-h-11 items-center border-b-4 border-transparent px-4 text-dns-16N-130 hover:bg-blue-50 hover:underline aria-[current=page]:border-blue-900 aria-[current=page]:font-bold aria-[current=page]:text-blue-900"
        >
          {name}
        </Link>
      ))}
    </nav>
  );
}
