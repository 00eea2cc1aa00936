import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMe } from '@/shell/use-me';
import { useTexts } from '@/text/preferences';
import { Page } from '@/ui/page';
import { Forbidden } from '@/ui/states';
import { PARTS, type Part } from './search';
import { privacyWords } from './text';

interface FrameProps {
  /** Of which part the page is. */
  part: Part;
  title?: string;
  over?: ReactNode;
  beside?: ReactNode;
  children: ReactNode;
}

/** Around every page of this area: its other parts, and nothing for who may not see them. */
export function PrivacyFrame({ part, title, over, beside, children }: FrameProps) {
  const t = useTexts(privacyWords);
  const { permissions } = useMe();
  const open = PARTS.filter((one) => permissions.includes(one === 'views' ? 'read_views' : 'manage_retention'));
  if (!open.includes(part)) {
    return (
      <Page title={t.title}>
        <Forbidden />
      </Page>
    );
  }
  return (
    <Page title={title ?? t.title} over={over} beside={beside}>
      <nav aria-label={t.title} className="no-print mb-5 flex flex-wrap border-b border-line">
        {open.map((one) => (
          <Link
            key={one}
            to="/privacy"
            search={{ part: one }}
            aria-current={one === part ? 'page' : undefined}
            className="focus-inside flex min-h-11 items-center border-b-4 border-transparent px-4 text-dns-16N-130 hover:bg-blue-50 hover:underline aria-[current=page]:border-blue-900 aria-[current=page]:font-bold aria-[current=page]:text-blue-900 max-sm:px-2.5"
          >
            {t.parts[one]}
          </Link>
        ))}
      </nav>
      {children}
    </Page>
  );
}
