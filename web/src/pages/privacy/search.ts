/** The parts of the area, and what of them is asked for, as they stand in the address. */
export const PARTS = ['retention', 'log', 'holds', 'erasures', 'disclosures', 'views'] as const;
export type Part = (typeof PARTS)[number];

export interface PrivacySearch {
  part?: Part;
  /** Of retention: the day, and the class and fiscal year whose items are listed. */
  day?: string;
  class?: string;
  year?: string;
  /** How far a request is, or whether a hold holds. */
  state?: string;
  /** Of views: a case by its number, a person, an enterprise, first and last day. */
  case?: string;
  who?: string;
  enterprise?: string;
  from?: string;
  to?: string;
}

const ID = /^[0-9a-f-]{36}$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const WORD = /^[a-z_]+$/;
const SHAPES: Record<Exclude<keyof PrivacySearch, 'part'>, RegExp> = {
  day: DAY,
  class: WORD,
  year: /^\d{4}$/,
  state: WORD,
  case: /\S/,
  who: ID,
  enterprise: ID,
  from: DAY,
  to: DAY,
};

/** Anything else in an address is dropped. */
export function readPrivacySearch(search: Record<string, unknown>): PrivacySearch {
  const part = PARTS.find((known) => known === search['part']);
  const found: PrivacySearch = part ? { part } : {};
  for (const [name, shape] of Object.entries(SHAPES) as [keyof typeof SHAPES, RegExp][]) {
    const value = search[name];
    if (typeof value === 'string' && shape.test(value)) found[name] = value.trim();
  }
  return found;
}
