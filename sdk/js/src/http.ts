import { fromAnswer, TajoError } from './error.js';

/** How the door is reached. */
export interface DoorOptions {
  baseUrl: string;
  apiKey: string;
  timeout: number;
  fetch: typeof globalThis.fetch;
}

/** What may be said with every call. */
export interface CallOptions {
  /** Ends the call early. */
  signal?: AbortSignal;
}

/** One call. */
export interface Call extends CallOptions {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
}

/** How often a call is repeated that may be. */
const REPEATS = 2;
/** The longest that a 429 is waited for. */
const LONGEST_WAIT = 30_000;

/** The one way to the deployment. The key goes to `baseUrl` and nowhere else: no redirect is followed. */
export class Door {
  readonly #options: DoorOptions;

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /** Asks, and gives back the answer's body. */
  async ask<T>(call: Call): Promise<T> {
    for (let turn = 0; ; turn += 1) {
      const last = turn === REPEATS;
      let wait = 250 * 2 ** turn;
      try {
        const answer = await this.#once(call);
        if (answer.status < 300) return answer.body as T;
        const error = fromAnswer(answer.status, answer.body);
        // A 429 was not worked on, so anything may be repeated; of the rest only what changes nothing.
        const repeats = answer.status === 429 ? answer.retryAfter : call.method === 'GET' && answer.status >= 500;
        if (last || repeats === false || repeats === undefined) throw error;
        if (typeof repeats === 'number') wait = repeats;
        if (wait > LONGEST_WAIT) throw error;
      } catch (error) {
        const repeats = error instanceof TajoError && error.code === 'unreachable' && call.method === 'GET';
        if (last || !repeats) throw error;
      }
      await pause(wait, call.signal);
    }
  }

  async #once(call: Call): Promise<{ status: number; body: unknown; retryAfter: number | undefined }> {
    const { baseUrl, apiKey, timeout, fetch } = this.#options;
    const url = new URL(baseUrl.replace(/\/+$/, '') + call.path);
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const controller = new AbortController();
    const abort = () => controller.abort();
    if (call.signal?.aborted) abort();
    call.signal?.addEventListener('abort', abort, { once: true });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      abort();
    }, timeout);
    try {
      const answer = await fetch(url, {
        method: call.method,
        redirect: 'error',
        signal: controller.signal,
        headers: {
          authorization: `Bearer ${apiKey}`,
          accept: 'application/json',
          ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      });
      const text = await answer.text();
      const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN);
      return {
        status: answer.status,
        body: parsed(text),
        retryAfter: Number.isFinite(seconds) ? seconds * 1000 : undefined,
      };
    } catch {
      // The cause stays out: it may repeat headers.
      if (late) throw new TajoError('timeout', `${url.host} did not answer within ${timeout} ms`);
      if (call.signal?.aborted) throw new TajoError('aborted', 'the call was ended early');
      throw new TajoError('unreachable', `${url.host} cannot be reached`, { hint: 'check baseUrl, or TAJO_URL' });
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', abort);
    }
  }
}

/** Nothing but this machine is asked without TLS: the key would travel in plain text. */
export function isSafe(baseUrl: string): boolean {
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch {
    return false;
  }
  const host = url.hostname;
  const here = host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
  return url.protocol === 'https:' || (url.protocol === 'http:' && here);
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Waits, unless it is told not to. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const end = () => {
      clearTimeout(timer);
      reject(new TajoError('aborted', 'the call was ended early'));
    };
    if (signal?.aborted) end();
    signal?.addEventListener('abort', end, { once: true });
  });
}
