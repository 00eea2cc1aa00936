/** What went wrong with a try, out of the words of the network libraries; the words themselves are shown beside it. Pure. */
export type Failure = 'private' | 'name' | 'late' | 'certificate' | 'other';

const SIGNS: readonly (readonly [sign: RegExp, failure: Failure])[] = [
  // Said while the name is looked up, too: it comes before what is said of names.
  [/is not public/, 'private'],
  [/dns error|failed to lookup/i, 'name'],
  [/timed out|timeout/i, 'late'],
  [/certificate/i, 'certificate'],
];

export function failureOf(error: string): Failure {
  return SIGNS.find(([sign]) => sign.test(error))?.[1] ?? 'other';
}

/** The case that a delivery is about, where it is about one. */
export function caseOf(payload: string): { id: string; number: string } | undefined {
  try {
    const { data } = JSON.parse(payload) as { data?: { case_id?: unknown; case_number?: unknown } };
    const id = data?.case_id;
    const number = data?.case_number;
    return typeof id === 'string' && typeof number === 'string' ? { id, number } : undefined;
  } catch {
    return undefined;
  }
}

/** The body with its lines indented, as it is where it is no JSON. */
export function indented(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload;
  }
}
