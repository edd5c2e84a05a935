import { TajoError } from './error.js';
import { pause, type Call, type CallOptions, type Door } from './http.js';
import type {
  Connect,
  ConnectAnswer,
  Credentials,
  Disconnected,
  LogPage,
  LogType,
  Next,
  RunKind,
  RunPage,
  RunRecord,
  StoreList,
  StoreStatus,
  TestAnswer,
  WebhookAnswer,
} from './types.js';

/** The platforms that have a name. Which of them can be connected, the deployment says. */
export type Platform = 'shopify' | 'bigcommerce';

/** Which store is meant. */
export interface StoreOptions extends CallOptions {
  /** The store's name. Left out: the only one. With several, the call is refused with their names (`error.stores`). */
  store?: string;
}

/** A Shopify store to connect. */
export interface ShopifyStore extends StoreOptions {
  /** The permanent address: `your-store.myshopify.com`. */
  shopUrl: string;
  /** The app's client id. Left out: the app that `tajo shopify app set` stored. */
  apiKey?: string | undefined;
  /** The app's client secret. */
  apiSecret?: string | undefined;
  /** The Admin API access token of an old custom app. */
  accessToken?: string | undefined;
  /** Brevo's API key. Left out: the client's. */
  brevoApiKey?: string | undefined;
  /** The settings document (YAML). */
  settings?: string;
  country?: string;
  currency?: string;
  live?: boolean;
  /** When the first full sync begins. Left out: later. */
  firstSync?: Next;
  /** False: do not wait until webhooks and the Brevo account are set up, which takes some seconds. */
  wait?: boolean;
}

/** A BigCommerce store to connect. */
export interface BigCommerceStore extends StoreOptions {
  storeHash: string;
  accessToken: string;
  clientId?: string;
  brevoApiKey?: string | undefined;
}

/** What a run reads. */
export interface SyncOptions extends StoreOptions {
  type?: RunKind;
  resources?: ('customers' | 'orders' | 'products')[];
  /** Nothing older than this: a day or a timestamp. */
  since?: string | Date;
  includeVariants?: boolean;
  includeImages?: boolean;
}

/** A webhook that you received and verified. */
export interface Webhook extends StoreOptions {
  /** The header `X-Shopify-Topic`. */
  topic: string | undefined;
  /** The body as it came (a Buffer or text), or parsed. With a signature: as it came. */
  payload: unknown;
  /**
   * The header `X-Shopify-Hmac-SHA256`: the deployment checks it. Left out: deletions, merges, compliance topics and
   * `app/uninstalled` need a key with the scope `forward`, and with a lesser key opt-ins are left out of the body.
   */
  signature?: string | undefined;
  /** The header `X-Shopify-Webhook-Id`. Left out: made from topic and body, so that forwarding twice is once. */
  delivery?: string | undefined;
  /** The header `X-Shopify-Triggered-At`. */
  triggeredAt?: string | undefined;
}

/** A page of something, newest first. */
export interface PageOptions extends StoreOptions {
  limit?: number;
  /** The `next` of the page before. */
  cursor?: string;
}

/** Which lines of the log. What is said must hold all together. */
export interface LogOptions extends PageOptions {
  type?: LogType;
  topic?: string;
  outcome?: string;
  /** Not before this: an age (`24h`), a day or a timestamp. */
  since?: string;
}

/** Milliseconds that a set-up may take, before `connect` ends without its end. */
const SET_UP = 60_000;

/** Stores, from connecting them to letting them go. */
export class Connectors {
  readonly #door: Door;
  readonly #brevoApiKey: string | undefined;

  constructor(door: Door, brevoApiKey: string | undefined) {
    this.#door = door;
    this.#brevoApiKey = brevoApiKey;
  }

  /**
   * Connects a store, new or again. Where the answer has `open`, a person opens that link next; else the store is set up when
   * this is done.
   */
  connect(platform: 'shopify', store: ShopifyStore): Promise<ConnectAnswer>;
  connect(platform: 'bigcommerce', store: BigCommerceStore): Promise<ConnectAnswer>;
  async connect(platform: Platform, store: ShopifyStore | BigCommerceStore): Promise<ConnectAnswer> {
    const brevo_api_key = store.brevoApiKey ?? this.#brevoApiKey;
    if (!('shopUrl' in store)) {
      // Refused so far: the secrets need not travel for that.
      const shop_url = `store-${store.storeHash}.mybigcommerce.com`;
      return this.#door.ask({ method: 'POST', path: '/v1/stores', body: { platform, shop_url, store: store.store } });
    }
    const body: Connect = {
      platform,
      shop_url: store.shopUrl,
      store: store.store,
      api_key: store.apiKey,
      api_secret: store.apiSecret,
      access_token: store.accessToken,
      brevo_api_key,
      settings: store.settings,
      country: store.country,
      currency: store.currency,
      live: store.live,
      first_sync: store.firstSync,
    };
    const answer = await this.#door.ask<ConnectAnswer>({ method: 'POST', path: '/v1/stores', body, ...signal(store) });
    if (answer.connected && store.wait !== false) await this.#settled(platform, { ...signal(store), store: answer.store });
    return answer;
  }

  /** Waits until a store's set-up has ended, well or not: `status` tells. */
  async #settled(platform: Platform, options: StoreOptions): Promise<void> {
    for (const until = Date.now() + SET_UP; Date.now() < until; await pause(1000, options.signal)) {
      if ((await this.status(platform, options)).state !== 'connecting') return;
    }
  }

  /** Gives a store new credentials. Nothing of its history is lost. */
  async edit(platform: Platform, credentials: Credentials, options: StoreOptions = {}): Promise<ConnectAnswer> {
    return this.#ask(platform, options, { method: 'PATCH', path: '', body: credentials });
  }

  /** Asks for a run that reads the store. */
  async sync(platform: Platform, options: SyncOptions = {}): Promise<RunRecord> {
    const { type, resources, since, includeVariants, includeImages } = options;
    const from = since instanceof Date ? since.toISOString() : since;
    const body = { type, resources, since: from, includeVariants, includeImages };
    return this.#ask(platform, options, { method: 'POST', path: '/syncs', body });
  }

  /** How a store is, and how much it holds. */
  async status(platform: Platform, options: StoreOptions = {}): Promise<StoreStatus> {
    return this.#ask(platform, options, { method: 'GET', path: '' });
  }

  /** Hands on a webhook that you received. Check its signature first (`verifyShopifyWebhook`), and hand that on too. */
  async handleWebhook(platform: Platform, webhook: Webhook): Promise<WebhookAnswer> {
    const { topic, signature, delivery, triggeredAt } = webhook;
    const body = { topic, payload: text(webhook.payload), signature, delivery, triggeredAt };
    return this.#ask(platform, webhook, { method: 'POST', path: '/webhooks', body });
  }

  /** Runs, newest first. */
  async history(platform: Platform, options: PageOptions = {}): Promise<RunPage> {
    const { limit, cursor } = options;
    return this.#ask(platform, options, { method: 'GET', path: '/syncs', query: { limit, cursor } });
  }

  /** What became of webhooks and of the connector's own work, newest first. */
  async logs(platform: Platform, options: LogOptions = {}): Promise<LogPage> {
    const { type, topic, outcome, since, limit, cursor } = options;
    const query = { type, topic, outcome, since, limit, cursor };
    return this.#ask(platform, options, { method: 'GET', path: '/logs', query });
  }

  /** Checks a store's connection, each part of it. */
  async test(platform: Platform, options: StoreOptions = {}): Promise<TestAnswer> {
    return this.#ask(platform, options, { method: 'POST', path: '/test' });
  }

  /** Lets nothing reach Brevo for now: what comes is kept. */
  async pause(platform: Platform, options: StoreOptions = {}): Promise<StoreStatus> {
    return this.#ask(platform, options, { method: 'POST', path: '/pause' });
  }

  /** Goes on where a pause began. */
  async resume(platform: Platform, options: StoreOptions = {}): Promise<StoreStatus> {
    return this.#ask(platform, options, { method: 'POST', path: '/resume' });
  }

  /** Lets a store go. What is held about it is kept, unless `data` says `erase`. */
  async disconnect(
    platform: Platform,
    options: StoreOptions & { data?: 'keep' | 'erase' } = {},
  ): Promise<Disconnected> {
    return this.#ask(platform, options, { method: 'DELETE', path: '', query: { data: options.data } });
  }

  async #ask<T>(platform: Platform, options: StoreOptions, call: Omit<Call, 'signal'>): Promise<T> {
    const store = options.store ?? (await this.#only(platform, options));
    const path = `/v1/stores/${encodeURIComponent(store)}${call.path}`;
    return this.#door.ask({ ...call, path, ...signal(options) });
  }

  /** `_` is the only store there is; of another platform than Shopify it is looked for. */
  async #only(platform: Platform, options: StoreOptions): Promise<string> {
    if (platform === 'shopify') return '_';
    const { stores } = await this.#door.ask<StoreList>({ method: 'GET', path: '/v1/stores', ...signal(options) });
    const [first, ...others] = stores.filter((store) => store.platform === platform).map((store) => store.store);
    if (first === undefined) {
      throw new TajoError('not_found', `no ${platform} store is connected`, { status: 404 });
    }
    if (others.length === 0) return first;
    throw new TajoError('conflict', 'several stores are connected: name one', {
      status: 409,
      stores: [first, ...others],
    });
  }
}

function signal(options: CallOptions): CallOptions {
  return options.signal ? { signal: options.signal } : {};
}

/** Bytes become the text that they are, a byte order mark included: so the deployment reads the body as it was signed. */
function text(payload: unknown): unknown {
  return payload instanceof Uint8Array ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(payload) : payload;
}
