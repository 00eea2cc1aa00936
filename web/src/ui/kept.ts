/**
 * What is typed into a form, kept in this tab's storage: it survives a reload and a lost connection, and is gone with the
 * tab, because it is about people.
 */
import { useEffect, useState } from 'react';

const PREFIX = 'madoguchi-kept-';

interface Kept<T> {
  values: T;
  change: (part: Partial<T>) => void;
  /** When it was kept last; nothing before something was typed. */
  at: Date | undefined;
  /** Whether it was typed before this page was opened. */
  restored: boolean;
  drop: () => void;
}

export function useKept<T extends object>(name: string, initial: T): Kept<T> {
  const key = PREFIX + name;
  const [found] = useState(() => read<T>(key));
  const [values, setValues] = useState<T>({ ...initial, ...found });
  const [at, setAt] = useState<Date>();
  const [restored, setRestored] = useState(found !== undefined);
  const [dirty, setDirty] = useState(false);

  useEffect(() => {
    if (!dirty) return;
    sessionStorage.setItem(key, JSON.stringify(values));
  }, [dirty, key, values]);

  return {
    values,
    at,
    restored,
    change: (part) => {
      setValues((before) => ({ ...before, ...part }));
      setDirty(true);
      setAt(new Date());
    },
    drop: () => {
      sessionStorage.removeItem(key);
      setValues(initial);
      setDirty(false);
      setAt(undefined);
      setRestored(false);
    },
  };
}

export function forget(name: string): void {
  sessionStorage.removeItem(PREFIX + name);
}

function read<T>(key: string): Partial<T> | undefined {
  const text = sessionStorage.getItem(key);
  return text === null ? undefined : (JSON.parse(text) as Partial<T>);
}
