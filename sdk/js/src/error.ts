import type { Code, Problem } from './types.js';

/** What went wrong: the API's codes, and what can happen on the way to it. */
export type ErrorCode = Code | 'unreachable' | 'timeout' | 'aborted' | 'invalid_client';

/** A call that was not answered as hoped. Its message is a sentence; programs look at `code`. */
export class TajoError extends Error {
  override readonly name = 'TajoError';
  readonly code: ErrorCode;
  /** The HTTP status; 0: there was no answer. */
  readonly status: number;
  /** What to do about it. */
  readonly hint: string | undefined;
  /** The connected stores, where one of them must be named. */
  readonly stores: readonly string[];

  constructor(code: ErrorCode, message: string, more: { status?: number; hint?: string; stores?: string[] } = {}) {
    super(message);
    this.code = code;
    this.status = more.status ?? 0;
    this.hint = more.hint;
    this.stores = more.stores ?? [];
  }
}

/** The error in an answer. Whatever stands between here and the deployment may answer without a word why. */
export function fromAnswer(status: number, body: unknown): TajoError {
  const problem = body as Partial<Problem> | undefined;
  if (typeof problem?.code === 'string' && typeof problem.detail === 'string') {
    const { code, detail, hint, stores } = problem as Problem;
    return new TajoError(code, detail, { status, ...(hint ? { hint } : {}), ...(stores ? { stores } : {}) });
  }
  return new TajoError('upstream', `the deployment answered ${status} without a word why`, {
    status,
    hint: 'is baseUrl (or TAJO_URL) the output `ApiUrl` of the deployment?',
  });
}
