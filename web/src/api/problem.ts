import type { ProblemBody } from './schema';

/** An answer of the API that says no (RFC 9457), or no answer at all. */
export class Problem extends Error {
  readonly body: ProblemBody;
  /** When the server is ready to be asked again, in milliseconds from the answer; 0 where it does not say. */
  readonly retryAfterMs: number;

  constructor(body: ProblemBody, retryAfterMs = 0) {
    super(body.detail);
    this.name = 'Problem';
    this.body = body;
    this.retryAfterMs = retryAfterMs;
  }

  /** The slug behind `/problems/`, to branch on. */
  get slug(): string {
    return this.body.type.split('/').at(-1) ?? '';
  }

  get status(): number {
    return this.body.status;
  }

  /** What is wrong with the field at this JSON pointer. */
  at(pointer: string): string | undefined {
    return this.body.errors?.find((error) => error.pointer === pointer)?.detail;
  }
}

/** A problem of our own making, for what never reached the API. */
export function localProblem(slug: string, status: number, detail: string): Problem {
  return new Problem({ type: `/problems/${slug}`, title: detail, detail, status, instance: '' });
}

/** Fields that are wrong, said as the API says it: what the page finds itself, and what comes with it from the API. */
export function faultyFields(errors: NonNullable<ProblemBody['errors']>): Problem {
  const [first] = errors;
  const detail = first?.detail ?? '';
  return new Problem({ type: '/problems/validation', title: detail, detail, status: 422, instance: '', errors });
}

/** The problem in an answer that is not a success. */
export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    const body: unknown = JSON.parse(text);
    // In seconds; our server sends no dates.
    if (isProblem(body)) return new Problem(body, (Number(response.headers.get('retry-after')) || 0) * 1000);
  } catch {
    // A proxy in between answered in its own words.
  }
  const slug = response.status >= 502 && response.status <= 504 ? 'unavailable' : 'internal';
  return localProblem(slug, response.status, response.statusText);
}

function isProblem(body: unknown): body is ProblemBody {
  return typeof body === 'object' && body !== null && 'type' in body && 'status' in body && 'detail' in body;
}

/** Whether the same request may well be taken later: too many at once, or a fault of the server's own. */
export function isPassing(error: unknown): boolean {
  return error instanceof Problem && (error.status === 429 || error.status >= 500);
}

/** Whether an error is a problem of this kind. */
export function isProblemOf(error: unknown, ...slugs: string[]): error is Problem {
  return error instanceof Problem && slugs.includes(error.slug);
}
