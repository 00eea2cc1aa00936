import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMe } from '@/shell/use-me';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Icon } from '@/ui/icon';
import { Page } from '@/ui/page';
import { Forbidden } from '@/ui/states';
import { useNumbers } from './labels';
import { rowsOf, type RowsSearch } from './search';
import { figuresWords } from './text';

const TABS = [
  ['/figures', 'overview', 'read_figures'],
  ['/figures/tables', 'tables', 'read_figures'],
  ['/figures/survey', 'survey', 'read_survey_figures'],
  ['/figures/texts', 'texts', 'read_free_texts'],
  ['/figures/periods', 'periods', 'read_figures'],
  ['/figures/targets', 'targets', 'read_figures'],
] as const;

interface FrameProps {
  title: string;
  over?: ReactNode;
  /** What one must be allowed to see the page. */
  permission?: (typeof TABS)[number][2];
  children: ReactNode;
}

/** Around every page of figures: the other pages of figures, and nothing for who may not read them. */
export function FiguresFrame({ title, over, permission = 'read_figures', children }: FrameProps) {
  const t = useTexts(figuresWords);
  const { permissions } = useMe();
  if (!permissions.includes(permission)) {
    return (
      <Page title={title}>
        <Forbidden />
      </Page>
    );
  }
  return (
    <Page title={title} over={over} beside={<PrintButton />}>
      <nav aria-label={t.title} className="no-print mb-5 flex flex-wrap border-b border-line">
        {TABS.filter(([, , needed]) => permissions.includes(needed)).map(([to, name]) => (
          <Link
            key={to}
            to={to}
            activeOptions={{ exact: to === '/figures', includeSearch: false }}
            className="focus-inside flex min-h-11 items-center border-b-4 border-transparent px-4 text-dns-16N-130 hover:bg-blue-50 hover:underline aria-[current=page]:border-blue-900 aria-[current=page]:font-bold aria-[current=page]:text-blue-900 max-sm:px-2.5"
          >
            {t.tabs[name]}
          </Link>
        ))}
      </nav>
      {children}
    </Page>
  );
}

function PrintButton() {
  const t = useTexts(figuresWords);
  return (
    <Button size="sm" className="no-print" onClick={() => window.print()}>
      <Icon name="print" />
      {t.print}
    </Button>
  );
}

interface NumberProps {
  count: number;
  /** Where the list is: as the API gives it, or an address of ours. */
  list: string | RowsSearch;
  className?: string;
  /** What is read out with it, where nothing beside it says so. */
  label?: string;
}

/** A number that opens the list it counts. Nothing is behind a zero. */
export function FigureNumber({ count, list, className = '', label }: NumberProps) {
  const { whole } = useNumbers();
  if (count === 0) return <span className={`inline-block py-0.5 tabular-nums ${className}`}>0</span>;
  return (
    <Link
      to="/figures/rows"
      search={typeof list === 'string' ? rowsOf(list) : list}
      aria-label={label === undefined ? undefined : `${label} ${whole(count)}`}
      className={`link inline-block min-w-6 py-0.5 whitespace-nowrap tabular-nums print:text-ink print:no-underline ${className}`}
    >
      {whole(count)}
    </Link>
  );
}
