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
  const [found] = useState(() => readKept(name) as Partial<T> | undefined);
  const [values, setValues] = useState<T>({ ...initial, ...found });
  const [at, setAt] = useState<Date>();
  const [restored, setRestored] = useState(found !== undefined);
  const [dirty, setDirty] = useState(false);

  useEffect(() => {
    if (!dirty) return;
    writeKept(name, values);
  }, [dirty, name, values]);

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
      forget(name);
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

/** What was kept under this name; its shape is what was written there. */
export function readKept(name: string): unknown {
  const text = sessionStorage.getItem(PREFIX + name);
  return text === null ? undefined : (JSON.parse(text) as unknown);
}

export function writeKept(name: string, values: unknown): void {
  sessionStorage.setItem(PREFIX + name, JSON.stringify(values));
}
