/** Single keys for what one does all day. They can be switched off (WCAG 2.1.4) and never act while one types. */
import { useEffect, useEffectEvent, useSyncExternalStore } from 'react';

interface Shortcut {
  key: string;
  label: string;
}

let active: readonly Shortcut[] = [];
const listeners = new Set<() => void>();
const OFF = 'madoguchi-shortcuts-off';

function change(next: readonly Shortcut[]) {
  active = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function shortcutsOn(): boolean {
  return localStorage.getItem(OFF) === null;
}

export function switchShortcuts(on: boolean): void {
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, '1');
  change([...active]);
}

/** The keys that mean something on this page, for the help. */
export function useActiveShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore(subscribe, () => active);
}

export function useShortcut(key: string, label: string, act: () => void): void {
  const onAct = useEffectEvent(act);
  useEffect(() => {
    const shortcut = { key, label };
    change([...active, shortcut]);
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey || !shortcutsOn()) return;
      if (isTyping(event.target) || document.querySelector('[role=dialog], [role=alertdialog]')) return;
      event.preventDefault();
      onAct();
    };
    document.addEventListener('keydown', onKey);
    return () => {
      document.removeEventListener('keydown', onKey);
      change(active.filter((other) => other !== shortcut));
    };
  }, [key, label]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]') !== null;
}
