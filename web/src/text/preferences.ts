/** What a person chose for this browser: the language, and whether years are written as 令和. */
import { useSyncExternalStore } from 'react';

export type Language = 'ja' | 'en';

interface Preferences {
  language: Language;
  era: boolean;
}

const KEY = 'madoguchi-preferences';
const listeners = new Set<() => void>();
let preferences = read();

function read(): Preferences {
  const preferences: Preferences = { language: 'ja', era: false };
  try {
    return { ...preferences, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>) };
  } catch {
    // No storage, or not ours: what everybody starts with.
    return preferences;
  }
}

export function prefer(change: Partial<Preferences>): void {
  preferences = { ...preferences, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // It holds for this page only.
  }
  showLanguage();
  for (const listener of listeners) listener();
}

/** Screen readers and hyphenation go by the language of the document. */
export function showLanguage(): void {
  document.documentElement.lang = preferences.language;
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, () => preferences);
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The same texts in both languages; the compiler sees to it that none is missing. Pages keep theirs beside them. */
export function texts<T extends object>(ja: T, en: NoInfer<T>): Record<Language, T> {
  return { ja, en };
}

export function useTexts<T>(both: Record<Language, T>): T {
  return both[usePreferences().language];
}
