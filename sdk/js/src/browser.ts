// What browsers get: all but `verifyShopifyWebhook`, since a client secret has no business there.
export { TajoClient, type TajoClientOptions } from './client.js';
export * from './connectors.js';
export { TajoError, type ErrorCode } from './error.js';
export type { CallOptions } from './http.js';
export type * from './types.js';
