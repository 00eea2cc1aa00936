import { useState } from 'react';
import { Button } from './button';
import { controlClass } from './form';

interface SearchFormProps {
  /** Names the form for screen readers. */
  label: string;
  /** Says what may be typed. */
  look: string;
  find: string;
  /** What the address asks for; give it as `key`, too. */
  q: string;
  onFind: (search: { q?: string }) => void;
}

/** A field whose words go into the address of the page. */
export function SearchForm({ label, look, find, q, onFind }: SearchFormProps) {
  const [typed, setTyped] = useState(q);
  return (
    <form
      role="search"
      aria-label={label}
      className="mb-4 flex max-w-2xl gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        onFind(typed.trim() ? { q: typed.trim() } : {});
      }}
    >
      <input
        type="search"
        aria-label={look}
        placeholder={look}
        className={`${controlClass} h-11 placeholder:text-solid-gray-600`}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Button type="submit" look="solid">
        {find}
      </Button>
    </form>
  );
}
