export * from './browser.js';
export { verifyShopifyWebhook } from './webhook.js';
