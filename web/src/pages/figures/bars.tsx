import { useNumbers } from './labels';

interface BarsProps {
  title: string;
  bars: readonly { id: string; name: string; count: number }[];
}

/** Bars that lie, with their names before and their numbers after them. The table beside has the links. */
export function Bars({ title, bars }: BarsProps) {
  const numbers = useNumbers();
  const most = Math.max(1, ...bars.map(({ count }) => count));
  return (
    <figure aria-label={title}>
      <ul className="space-y-1.5 text-dns-14N-130">
        {bars.map(({ id, name, count }) => (
          <li
            key={id}
            className="grid grid-cols-[minmax(0,11rem)_1fr] items-center gap-x-3 max-sm:grid-cols-[minmax(0,8rem)_1fr]"
          >
            <span>{name}</span>
            <span className="flex items-center gap-2">
              <span
                aria-hidden
                className="h-5 shrink-0 bg-blue-700 print-color"
                style={{ width: `calc((100% - 4.5rem) * ${count / most})` }}
              />
              <span className="tabular-nums">{numbers.whole(count)}</span>
            </span>
          </li>
        ))}
      </ul>
    </figure>
  );
}
