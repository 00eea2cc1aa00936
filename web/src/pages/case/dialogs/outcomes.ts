/** How a case may be closed by hand; a duplicate comes from a merge only. */
export const OUTCOMES = [
  'completed',
  'answered',
  'referred',
  'withdrawn',
  'ineligible',
  'unreachable',
  'spam',
] as const;
