/** The papers of a case, as the address names them. */
export const PAPERS = ['form', 'history', 'both'] as const;
export type Paper = (typeof PAPERS)[number];
