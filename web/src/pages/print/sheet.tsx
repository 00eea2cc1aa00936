/** Paper on the screen: what a sheet is built of. It is always Japanese, as the office files it. */
import type { ReactNode } from 'react';
import { useTexts } from '@/text/preferences';
import { Button } from '@/ui/button';
import { Icon } from '@/ui/icon';
import { Page } from '@/ui/page';
import { eraDay } from './japanese';
import { printWords } from './text';
import './sheet.css';

/** A space as wide as a character, which linters take for a slip. */
export const GAP = '\u3000';

interface PrintPageProps {
  title: string;
  /** The way back. */
  over: ReactNode;
  /** What one chooses about the paper. */
  choice?: ReactNode;
  children: ReactNode;
}

/** The sheets with a button above them; only the sheets are printed. */
export function PrintPage({ title, over, choice, children }: PrintPageProps) {
  const t = useTexts(printWords);
  return (
    <Page title={title} width="paper" over={<div className="no-print">{over}</div>}>
      <div className="no-print mb-5 flex flex-wrap items-center gap-x-6 gap-y-3">
        <Button look="solid" size="lg" onClick={() => print()}>
          <Icon name="print" />
          {t.print}
        </Button>
        {choice}
        <p className="text-dns-14N-130 text-ink-soft">{t.paper}</p>
      </div>
      {children}
    </Page>
  );
}

interface SheetProps {
  title: string;
  office: string | undefined;
  /** Who puts a seal on it. */
  seals: readonly string[];
  /** What stands above the title at the left: the number. */
  number?: ReactNode;
  children: ReactNode;
}

/** One paper with its title, the boxes for seals and the foot. */
export function Sheet({ title, office, seals, number, children }: SheetProps) {
  return (
    <article className="sheet" lang="ja" aria-label={title}>
      <header>
        {number}
        <table className="seals">
          <tbody>
            <tr>
              {seals.map((seal) => (
                <th key={seal} scope="col">
                  {seal}
                </th>
              ))}
            </tr>
            <tr>
              {seals.map((seal) => (
                <td key={seal} />
              ))}
            </tr>
          </tbody>
        </table>
      </header>
      <h2>{title}</h2>
      {children}
      <footer>
        <span>{office}</span>
        <span>印刷日 {eraDay(new Date())}</span>
      </footer>
    </article>
  );
}

/** 受付番号, or the box in which it is written by hand. */
export function NumberBox({ number }: { number: string | undefined }) {
  return (
    <table className="number">
      <tbody>
        <tr>
          <th scope="row">受付番号</th>
          <td>{number}</td>
        </tr>
      </tbody>
    </table>
  );
}

/** Words of which some are marked: ■電話 □来所. */
export function Boxes<T extends string>({
  choices,
  chosen,
}: {
  choices: readonly (readonly [value: T, label: string])[];
  chosen: readonly T[];
}) {
  return (
    <ul className="boxes">
      {choices.map(([value, label]) => {
        const marked = chosen.includes(value);
        return (
          <li key={value}>
            <span aria-hidden="true">{marked ? '■' : '□'}</span>
            {label}
            {marked ? <span className="sr-only">(該当)</span> : null}
          </li>
        );
      })}
    </ul>
  );
}
