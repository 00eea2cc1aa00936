import { useRef, useState, type KeyboardEvent } from 'react';
import { tileBeside } from './tiles';

/** A map of tiles is one stop of the Tab key; arrows go from tile to tile, which name themselves by `data-code`. */
export function useTileKeys() {
  const [current, setCurrent] = useState('13');
  const map = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const next = event.key.startsWith('Arrow') ? tileBeside(current, event.key) : undefined;
    if (!next) return;
    event.preventDefault();
    setCurrent(next);
    map.current?.querySelector<HTMLElement>(`[data-code="${next}"]`)?.focus();
  };
  return { map, current, setCurrent, onKeyDown };
}
