/** The parts of the office, as they stand in the address. */
export const PARTS = [
  'users',
  'desks',
  'map',
  'managers',
  'templates',
  'mailboxes',
  'webhooks',
  'calendar',
  'settings',
] as const;
export type Part = (typeof PARTS)[number];
