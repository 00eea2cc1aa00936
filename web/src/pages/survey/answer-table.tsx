import { Link } from '@tanstack/react-router';
import { Bars } from '@/pages/figures/bars';
import { useNumbers } from '@/pages/figures/labels';
import { useTexts } from '@/text/preferences';
import type { SurveyRowsSearch } from './search';
import { surveyWords } from './text';

interface NumberProps {
  count: number;
  list: SurveyRowsSearch;
  className?: string;
  /** What is read out with it, where nothing beside it says so. */
  label?: string;
}

/** A number that opens the list it counts. Nothing is behind a zero. */
export function SurveyNumber({ count, list, className = '', label }: NumberProps) {
  const { whole } = useNumbers();
  if (count === 0) return <span className={`inline-block tabular-nums ${className}`}>0</span>;
  return (
    <Link
      to="/figures/survey/rows"
      search={list}
      aria-label={label === undefined ? undefined : `${label} ${whole(count)}`}
      className={`link inline-block tabular-nums print:text-ink print:no-underline ${className}`}
    >
      {whole(count)}
    </Link>
  );
}

export interface AnswerLine {
  id: string;
  name: string;
  count: number;
  list: SurveyRowsSearch;
}

interface AnswerTableProps {
  title: string;
  /** What the first column is. */
  head: string;
  lines: readonly AnswerLine[];
  /** What the lines are shares of. */
  whole: number;
  /** Absent where the lines do not add up. */
  total?: { name: string; list: SurveyRowsSearch };
}

const head = 'px-2 py-2 text-right font-400 first:text-left';
const cell = 'px-2 py-1.5 text-right tabular-nums';

/** Answers with how many gave them: a chart and the table beside it. */
export function AnswerTable({ title, head: first, lines, whole, total }: AnswerTableProps) {
  const t = useTexts(surveyWords);
  const numbers = useNumbers();
  return (
    <div className="grid gap-x-10 gap-y-4 wide:grid-cols-2 wide:items-start">
      <Bars title={t.chart(title)} bars={lines} />
      <table className="w-full border-collapse text-dns-16N-130">
        <caption className="sr-only">{title}</caption>
        <thead>
          <tr className="border-b border-solid-gray-600 text-dns-14N-120 text-ink-soft">
            <th scope="col" className={head}>
              {first}
            </th>
            <th scope="col" className={`${head} w-24`}>
              {t.count}
            </th>
            <th scope="col" className={`${head} w-24`}>
              {t.share}
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ id, name, count, list }) => (
            <tr key={id} className="border-b border-line hover:bg-ground">
              <th scope="row" className="px-2 py-1.5 text-left font-400">
                {name}
              </th>
              <td className={cell}>
                <SurveyNumber count={count} list={list} />
              </td>
              <td className={cell}>{numbers.share(count, whole)}</td>
            </tr>
          ))}
        </tbody>
        {total ? (
          <tfoot>
            <tr className="border-t border-solid-gray-600 font-bold">
              <th scope="row" className="px-2 py-1.5 text-left">
                {total.name}
              </th>
              <td className={cell}>
                <SurveyNumber count={whole} list={total.list} />
              </td>
              <td className={cell}>{numbers.share(whole, whole)}</td>
            </tr>
          </tfoot>
        ) : null}
      </table>
    </div>
  );
}
