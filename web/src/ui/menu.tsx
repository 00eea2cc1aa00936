import { Icon } from './icon';

export interface MenuEntry {
  name: string;
  press: () => void;
}

/** By its left side, its right side, or its right one where there is room for the list at the left of it. */
const SIDES = { left: 'left-0', right: 'right-0', either: 'left-0 sm:right-0 sm:left-auto' };

interface MenuProps {
  label: string;
  /** What is read out with the label, where the same menu stands there several times. */
  of?: string;
  entries: readonly MenuEntry[];
  /** A quiet one is as small as the text around it, and its list hangs on it by this side. */
  quiet?: keyof typeof SIDES;
}

/** A few less frequent things to do, one tap further. */
export function Menu({ label, of, entries, quiet }: MenuProps) {
  return (
    <details
      // On a phone the list hangs on the box around it, wherever in it the button stands.
      className={`group ${quiet ? 'no-print relative inline-block' : 'sm:relative'}`}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.currentTarget.removeAttribute('open');
        event.currentTarget.querySelector('summary')?.focus();
      }}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) event.currentTarget.removeAttribute('open');
      }}
    >
      <summary
        className={`inline-flex list-none items-center gap-1 text-blue-900 underline underline-offset-4 hover:bg-blue-50 ${
          quiet ? 'min-h-8 rounded-4 text-dns-14N-130' : 'min-h-11 rounded-8 px-3 text-oln-16B-100'
        }`}
      >
        {label}
        {of ? <span className="sr-only">: {of}</span> : null}
        <Icon name="down" className="size-4 group-open:rotate-180" />
      </summary>
      <ul
        className={`absolute z-10 mt-1 w-56 rounded-8 border border-line bg-white py-1 shadow-2 ${quiet ? SIDES[quiet] : 'right-3 sm:right-0'}`}
      >
        {entries.map(({ name, press }) => (
          <li key={name}>
            <button
              type="button"
              className="focus-inside flex min-h-11 w-full items-center px-4 text-left text-dns-16N-130 hover:bg-blue-50 hover:underline"
              onClick={(event) => {
                const menu = event.currentTarget.closest('details');
                menu?.removeAttribute('open');
                // What has the focus gets it back from the dialog.
                menu?.querySelector('summary')?.focus();
                press();
              }}
            >
              {name}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
