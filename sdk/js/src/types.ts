// Made by scripts/types.js from docs/openapi.json. Not written by hand.

/** A key, without the secret that it is. */
export interface ApiKey {
  /** When it was made. */
  created_at: string;
  /** From when on it opens nothing; absent: it does not expire. */
  expires_at?: string;
  /** Its public half: it names the key in lists and logs. */
  id: string;
  /** When it was last used, to the hour; absent: never, or not since this is noted. */
  last_used_at?: string;
  /** What a person called it. */
  name: string;
  /** The key that takes its place, if it was rolled. */
  replaced_by?: string;
  /** What it may do. */
  scope: Scope;
  /** The only shop addresses that it may touch and connect; absent: those that its stores have. */
  shops?: string[];
  /** The only stores it may touch; absent: all. */
  stores?: string[];
}

/** The configuration of a Shopify app for this deployment. */
export interface AppConfig {
  /** The text of `shopify.app.toml`. */
  toml: string;
}

/** A Shopify app's client id and secret. */
export interface AppCredentials {
  /** The client id. */
  client_id: string;
  /** The client secret. The one before stays good as the second. */
  client_secret: string;
}

/** One change that was asked for. */
export interface AuditEntry {
  /** When. */
  at: string;
  /** The public half of the key. */
  key: string;
  /** What the key was called then. */
  key_name: string;
  /** The operation, as this document names it. */
  operation: string;
  /** How it ended. */
  outcome: AuditOutcome;
  /** The HTTP status of the answer; absent while it is unfinished. */
  status?: number;
  /** The store, where it is about one. */
  store?: string;
  /** What was asked for, without secrets and personal data. */
  what: string;
}

/** How a change ended. */
export type AuditOutcome = "done" | "refused" | "failed" | "unfinished";

/** Changes, newest first. */
export interface AuditPage {
  /** Each of them. */
  entries: AuditEntry[];
  /** Where the next page begins; absent: this was the last. */
  next?: string;
}

/** What kind of problem it is, for programs. */
export type Code = "invalid_request" | "unauthenticated" | "forbidden" | "not_found" | "method_not_allowed" | "conflict" | "too_large" | "unsupported_media_type" | "refused" | "rate_limited" | "internal" | "upstream";

/** A store to connect. Without an access token, and where the client-credentials grant is refused, the answer holds a link that the merchant opens. */
export interface Connect {
  /** The Admin API access token of an old custom app. */
  access_token?: string;
  /** The app's client id; absent: the app that `setShopifyApp` stored. */
  api_key?: string;
  /** The app's client secret, which also signs its webhooks; absent: as above. */
  api_secret?: string;
  /** Brevo's API key; absent: the one that was stored before, if the store was connected before. */
  brevo_api_key?: string;
  /** Two letters: phone numbers without a country are read as of there; absent: the shop says it. */
  country?: string;
  /** Three letters, compared with the Brevo account's; absent: the shop says it. */
  currency?: string;
  /** When the first full sync begins. */
  first_sync?: Next;
  /** Real buyers shop there: test orders are skipped. Absent: the shop says it (a development store is not live). */
  live?: boolean;
  /** `shopify`. */
  platform: string;
  /** The settings document (YAML); absent: the defaults, or what is stored. */
  settings?: string;
  /** The shop's permanent address: `your-store.myshopify.com`. */
  shop_url: string;
  /** The store's name in URLs and logs; absent: the first part of the address. */
  store?: string;
}

/** What came of connecting. */
export interface ConnectAnswer {
  /** Whether it is connected already. If not, the link has to be opened. */
  connected: boolean;
  /** The link to open in a browser, as somebody who may install apps in the shop. */
  open?: string;
  /** The store. */
  store: string;
  /** Things a person should know. */
  warnings?: string[];
}

/** New credentials of a store. Nothing of its history is lost. */
export interface Credentials {
  /** An Admin API access token. */
  access_token?: string;
  /** The app's client id. */
  api_key?: string;
  /** The app's client secret. The one before stays good as the second, since Shopify signs with the oldest. */
  api_secret?: string;
  /** Brevo's API key, of the same account. */
  brevo_api_key?: string;
}

/** What was removed of a store that left. */
export interface Disconnected {
  /** The store. */
  store: string;
  /** What could not be removed, and why. Everything else is done. */
  warnings?: string[];
  /** Webhooks that were removed in the shop. */
  webhooks_removed: number;
}

/** What became of parked work. */
export type Fate = "retried" | "dropped" | "gone" | "unreadable";

/** What became of each piece. */
export interface FateOf {
  /** What became of it. */
  fate: Fate;
  /** The piece. */
  id: string;
}

/** What became of the parked work that was meant. */
export interface Fates {
  /** Each piece. */
  fates: FateOf[];
  /** There is more of it: ask again. */
  more: boolean;
}

/** A key that was just made. */
export interface KeyCreated {
  /** When it was made. */
  created_at: string;
  /** From when on it opens nothing; absent: it does not expire. */
  expires_at?: string;
  /** Its public half: it names the key in lists and logs. */
  id: string;
  /** When it was last used, to the hour; absent: never, or not since this is noted. */
  last_used_at?: string;
  /** What a person called it. */
  name: string;
  /** The key that takes its place, if it was rolled. */
  replaced_by?: string;
  /** What it may do. */
  scope: Scope;
  /** The key itself, shown this once: only its hash is kept. */
  secret: string;
  /** The only shop addresses that it may touch and connect; absent: those that its stores have. */
  shops?: string[];
  /** The only stores it may touch; absent: all. */
  stores?: string[];
}

/** All keys. */
export interface KeyList {
  /** Each of them, newest first. */
  keys: ApiKey[];
}

/** A key to be made. */
export interface KeyRequest {
  /** From when on it opens nothing, at most ten years ahead; absent: it does not expire. */
  expires_at?: string;
  /** What to call it. */
  name: string;
  /** What it may do. */
  scope: Scope;
  /** With `stores`: the permanent addresses of the only shops that it may touch and connect. Absent: it may connect again the shops that its stores have already, and no other. */
  shops?: string[];
  /** The only stores it may touch; absent: all. */
  stores?: string[];
}

/** A key that was just rolled. */
export interface KeyRolled {
  /** The new key. */
  made: KeyCreated;
  /** The old one, with the time at which it ends. */
  replaced: ApiKey;
}

/** What became of one notice. No personal data: people are hashes. */
export interface LogEntry {
  /** When. */
  at: string;
  /** Calls made to Brevo. */
  calls: number;
  /** The platform's delivery id. */
  delivery: string;
  /** The platform's order id. */
  order?: string;
  /** `applied`, `unchanged`, `skipped`, `deferred`, `parked`, `held` (the store is paused) or `retried`. */
  outcome: string;
  /** Stands for the person: a keyed hash that only this deployment can make. Only for keys that may `operate`. */
  person?: string;
  /** Why. */
  reason?: string;
  /** The platform's topic. */
  topic: string;
  /** What kind of work. */
  type: LogType;
}

/** Log lines, newest first. */
export interface LogPage {
  /** The lines. */
  lines: LogEntry[];
  /** Where the next page begins; absent: this was the last. */
  next?: string;
}

/** What kind of work a log line is about. */
export type LogType = "webhook" | "own" | "brevo";

/** When the first full sync begins. */
export type Next = "now" | "later";

/** Parked work, newest first. */
export interface ParkedPage {
  /** Where the next page begins; absent: this was the last. */
  next?: string;
  /** Each piece. */
  parked: ParkedWork[];
}

/** Which parked work: all that is said must hold. Nothing said needs `all`. */
export interface ParkedSelection {
  /** All of it. */
  all?: boolean;
  /** One of these. */
  ids?: string[];
  /** The reason holds this text. */
  reason?: string;
  /** Parked at or after this: an age (`24h`), a day or a timestamp. */
  since?: string;
  /** Of this topic. */
  topic?: string;
  /** Parked at or before this. */
  until?: string;
}

/** One piece of parked work. */
export interface ParkedShown {
  /** When it was parked. */
  at: string;
  /** How often it was tried. */
  attempts: number;
  /** The body: personal data, only if asked for, and only with `operate`. */
  body?: unknown;
  /** The size of the body. */
  body_bytes?: number;
  /** What to do about it. */
  hint?: string;
  /** Its id. */
  id: string;
  /** Why. */
  reason: string;
  /** The platform's topic. */
  topic: string;
  /** When the platform says it happened. */
  triggered_at?: string;
}

/** Work that waits for a person. */
export interface ParkedWork {
  /** When it was parked. */
  at: string;
  /** How often it was tried. */
  attempts: number;
  /** What to do about it. */
  hint?: string;
  /** Its id. */
  id: string;
  /** Why. */
  reason: string;
  /** The platform's topic. */
  topic: string;
}

/** A webhook's body, for the document. */
export type Payload = Record<string, unknown> | string;

/** Where in a document something is wrong. */
export interface Place {
  /** From 1. */
  column: number;
  /** The key as a path, such as `connectors.shopify.lists.buyers`; empty: the document itself. */
  key: string;
  /** From 1. */
  line: number;
}

/** A problem, as a sentence and as a code. */
export interface Problem {
  /** What kind of problem it is. */
  code: Code;
  /** What happened, as a sentence. */
  detail: string;
  /** What to do about it. */
  hint?: string;
  /** Where in the settings document. */
  place?: Place;
  /** The HTTP status. */
  status: number;
  /** The connected stores, where one must be named. */
  stores?: string[];
  /** The HTTP status in words. */
  title: string;
  /** Always `about:blank`: `code` says more. */
  type: string;
}

/** Whose earlier secrets are to go: an app's (absent: the one that `setShopifyApp` stored), or one store's own. */
export interface Purge {
  /** The app's client id. Its present secret stays; what its stores have for themselves goes too. */
  client_id?: string;
  /** A store: what signs for it alone goes, but the present secret of one that has no app of the deployment. */
  store?: string;
}

/** Which secrets went. */
export interface Purged {
  /** How many sign nothing any more. */
  secrets_removed: number;
  /** The stores that they signed for. */
  stores: string[];
}

/** A key to be replaced by a new one of the same name, scope, stores and shops. */
export interface RollRequest {
  /** When the new key expires, at most ten years ahead; absent: it lives as long as the old one was to live, or for ever. */
  expires_at?: string;
  /** For how many seconds the old key works on beside the new one; absent: a day. 0 ends it at once. */
  overlap_seconds?: number;
}

/** How far the replacement of a token is. */
export type RotationState = "begun" | "done";

/** What a run did so far. */
export interface RunCounts {
  /** New contacts (0: none were new), orders and products. */
  created: number;
  /** Not taken by Brevo. */
  failed: number;
  /** New contacts among them. */
  new_contacts: number;
  /** Read from the platform. */
  read: number;
  /** Left out, by reason. */
  skipped: Record<string, number>;
  /** Already so. */
  unchanged: number;
  /** Changed. */
  updated: number;
}

/** What a run reads. */
export type RunKind = "full" | "incremental";

/** Runs, newest first. */
export interface RunPage {
  /** Where the next page begins; absent: this was the last. */
  next?: string;
  /** The runs. */
  runs: RunRecord[];
}

/** One run. */
export interface RunRecord {
  /** When it was asked for. */
  asked_at: string;
  /** What it did so far. */
  counts: RunCounts;
  /** When it ended. */
  ended_at?: string;
  /** Its id. */
  id: string;
  /** How much it reads. */
  kind: RunKind;
  /** Why it is so, where there is something to say. */
  note?: string;
  /** What it reads. */
  resources: string[];
  /** Nothing older than this. */
  since?: string;
  /** Who asked: a key's id, `schedule` or `install`. */
  started_by: string;
  /** How far it is. */
  state: RunState;
}

/** How far a run is. */
export type RunState = "waiting" | "running" | "done" | "failed" | "cancelled";

/** What a key may do. Each may also do what the ones before it may. */
export type Scope = "read" | "operate" | "forward" | "admin";

/** Settings as they are, or would be. */
export interface SettingsAnswer {
  /** Things a person should know. */
  warnings?: string[];
  /** YAML, as it was applied; empty: the defaults. */
  yaml: string;
}

/** A settings document. */
export interface SettingsDocument {
  /** YAML, as `docs/tajo.example.yaml` shows it. */
  yaml: string;
}

/** How a store is. */
export type State = "connecting" | "active" | "paused" | "needs_attention" | "uninstalled" | "erased";

/** All stores. */
export interface StoreList {
  /** Each of them. */
  stores: StoreStatus[];
}

/** How a store is, with the figures that the SDK's `status` answers (camel case: they are its words). */
export interface StoreStatus {
  /** Why it needs attention. */
  attention?: string;
  /** Names the Brevo account without naming it: stores with the same one share its limits. */
  brevoAccount: string;
  /** Whether its webhooks flow. */
  connected: boolean;
  /** When it was connected first. */
  connectedAt: string;
  /** When these three were counted; absent: the first count is still under way, and they are at least this. */
  countedAt?: string;
  /** Customers that the connector knows, guests included. */
  customersCount: number;
  /** Notices that are held while it is paused. */
  heldCount: number;
  /** When something of it last reached Brevo, or a run ended; absent: not in the two weeks that the log is kept. */
  lastSync?: string;
  /** Orders that the connector knows. */
  ordersCount: number;
  /** Notices that wait for a person. */
  parkedCount: number;
  /** `shopify`. */
  platform: string;
  /** Products that the connector knows. */
  productsCount: number;
  /** `your-store.myshopify.com`. */
  shop: string;
  /** How it is. */
  state: State;
  /** The store. */
  store: string;
}

/** A sync that is asked for (the SDK's words). */
export interface SyncRequest {
  /** With the images of products; absent: as the settings say. */
  includeImages?: boolean;
  /** With the variants of products; absent: as the settings say. */
  includeVariants?: boolean;
  /** `customers`, `orders`, `products`; absent: all that the settings sync. */
  resources?: string[];
  /** Nothing older than this: a day (`2023-01-01`) or a timestamp. */
  since?: string;
  /** How much. */
  type?: RunKind;
}

/** All checks of a connection. */
export interface TestAnswer {
  /** Whether nothing failed. */
  ok: boolean;
  /** The store. */
  store: string;
  /** Each check, in the order in which it is shown. */
  ticks: Tick[];
}

/** One check of a connection. */
export interface Tick {
  /** What is checked, for programs: `api`, `webhooks`, `products`, `customers`, `orders`, `scopes`, `webhook_versions`, `brevo_key`, `brevo_attributes`, `brevo_lists`, `brevo_addresses`. */
  check: string;
  /** What to do about it. */
  hint?: string;
  /** In words: `API connection successful`. */
  text: string;
  /** How it went. */
  verdict: Verdict;
}

/** The replacement of the token that Brevo's webhooks carry. */
export interface TokenRotation {
  /** Until when the old token is good; absent: until the replacement is done. */
  old_accepted_until?: string;
  /** How far it is. */
  state: RotationState;
  /** In how many seconds to call again; absent: it is done. */
  wait_seconds?: number;
}

/** Everything the connector knows and did for one person or order. Personal data. */
export interface Trace {
  /** What was found: `customer`, `guest`, `order`, `log`, `parked`; empty: nothing is known. */
  found: string[];
  /** Their notices, oldest first: decisions, reasons, calls. */
  lines: LogEntry[];
  /** What could not be looked at, in sentences. */
  notes: string[];
  /** Their orders: state and what was told. */
  orders: TracedOrder[];
  /** Their parked work. */
  parked: ParkedWork[];
  /** Whom it is about: a customer, the same person as a guest. */
  people: TracedPerson[];
}

/** Whom or what to trace. In a body, never in a path: addresses would stand in access logs. */
export interface TraceRequest {
  /** An email address, an order id or name (`#1001`), or a customer id. */
  subject: string;
}

/** One statement. */
export interface TracedConsent {
  /** When it was said. */
  at?: string;
  /** `email`, `sms` or `whatsapp`. */
  channel: string;
  /** `opted_in`, `opted_out`; or `blocked`: in Brevo, where nobody said anything. */
  state: string;
  /** Where it was said: `store`, `brevo`, or `tajo` where nobody said anything and it is blocked for that reason. */
  told_by: string;
}

/** Something that is told once. */
export interface TracedEffect {
  /** Whether it was told; if not, it is being told, or was tried. */
  done: boolean;
  /** Its key: `placed`, `refunded:88`, … */
  key: string;
}

/** What is stored of an order. */
export interface TracedOrder {
  /** When it was deleted in the store. */
  deleted_at?: string;
  /** Its buyer was erased. */
  erased: boolean;
  /** The platform's id. */
  id: string;
  /** What the buyer sees. */
  name?: string;
  /** What has gone back. */
  refunded?: string;
  /** Brevo's order as last accepted: Brevo's own words. */
  sent?: Record<string, unknown>;
  /** Events by their key. */
  told: TracedEffect[];
  /** Total as placed. */
  total?: string;
  /** The platform's time of the state last accepted; absent: the order itself has not come. */
  updated_at?: string;
}

/** What is stored of a person in one store. */
export interface TracedPerson {
  /** What the person said about being written to, by channel. */
  consents: TracedConsent[];
  /** The platform's customer id; absent: a guest. */
  customer?: string;
  /** When the customer left the store. */
  deleted_at?: string;
  /** The address. */
  email?: string;
  /** When the person was erased. */
  erased_at?: string;
  /** What Brevo has: `created` by the connector, `linked` (it was there before), `unknown` (never sent). */
  known_as: string;
  /** Brevo lists that the connector put the contact into. */
  lists: number[];
  /** The customer that this one was merged into. */
  merged_into?: string;
  /** Given and family name. */
  name?: string;
  /** Orders ever placed. */
  orders_count?: number;
  /** The number. */
  phone?: string;
  /** Tags. */
  tags: string[];
  /** Events by their key. */
  told: TracedEffect[];
  /** What they were worth. */
  total_spent?: string;
}

/** How a check went. */
export type Verdict = "ok" | "warning" | "failed" | "not_checked";

/** A forwarded webhook that is on the queue. */
export interface WebhookAnswer {
  /** Names it in the log. */
  delivery: string;
}

/** A webhook that another program received, verified, and forwards. Without its signature, deletions, merges, compliance requests and `app/uninstalled` need a key with the scope `forward`; with a lesser key the opt-ins of a body are left out, and the log says so. */
export interface WebhookRequest {
  /** The platform's delivery id; absent: made from topic and body, so that forwarding twice is once. */
  delivery?: string;
  /** The body: as JSON, or as the text it came as. With `signature`: the text, unchanged. */
  payload: Payload;
  /** The header `X-Shopify-Hmac-SHA256`, checked with the store's secrets. With it, nothing more than `operate` is needed. */
  signature?: string;
  /** The platform's topic. */
  topic: string;
  /** When it happened (`X-Shopify-Triggered-At`). */
  triggeredAt?: string;
}
