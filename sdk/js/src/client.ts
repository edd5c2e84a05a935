import { Connectors } from './connectors.js';
import { TajoError } from './error.js';
import { Door, isSafe } from './http.js';

/** How a deployment is reached. */
export interface TajoClientOptions {
  /** The API key (`tajo keys create`). */
  apiKey: string | undefined;
  /** Brevo's API key, for stores that are connected. */
  brevoApiKey?: string | undefined;
  /** The output `ApiUrl` of the deployment. Left out: the variable `TAJO_URL`. */
  baseUrl?: string | undefined;
  /** Milliseconds that a call may take. Left out: 35 seconds, since API Gateway gives up after 30. */
  timeout?: number;
  /** Another `fetch`. */
  fetch?: typeof globalThis.fetch;
}

/** A deployment. */
export class TajoClient {
  /** Stores, from connecting them to letting them go. */
  readonly connectors: Connectors;

  constructor(options: TajoClientOptions) {
    const environment = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env;
    const baseUrl = options.baseUrl ?? environment?.['TAJO_URL'];
    if (!options.apiKey) throw wrong('no apiKey is given', '`tajo keys create` makes one');
    if (!baseUrl) throw wrong('no deployment is named', 'give baseUrl, or set TAJO_URL to the output `ApiUrl`');
    if (!isSafe(baseUrl)) throw wrong('baseUrl must begin with https://', 'http:// is for this machine only');
    const fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    const door = new Door({ baseUrl, apiKey: options.apiKey, timeout: options.timeout ?? 35_000, fetch });
    this.connectors = new Connectors(door, options.brevoApiKey);
  }
}

function wrong(message: string, hint: string): TajoError {
  return new TajoError('invalid_client', message, { hint });
}
