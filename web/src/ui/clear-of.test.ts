import { expect, it } from 'vitest';
import { wayClear } from './clear-of';

it('moves nothing that is not covered', () => {
  expect(wayClear({ top: 100, bottom: 140 }, { top: 56, bottom: 100 }, 'top')).toBe(0);
  expect(wayClear({ top: 700, bottom: 740 }, { top: 740, bottom: 800 }, 'bottom')).toBe(0);
});

it('brings what is covered out on the side where the page is', () => {
  // Scrolled back, the content goes down; scrolled on, it goes up.
  expect(wayClear({ top: 60, bottom: 90 }, { top: 56, bottom: 100 }, 'top')).toBe(-48);
  expect(wayClear({ top: 760, bottom: 790 }, { top: 740, bottom: 800 }, 'bottom')).toBe(58);
});
