import { createHmac, timingSafeEqual } from 'node:crypto';

/** `{`: every webhook begins with it. */
const OBJECT = 0x7b;

/**
 * Whether Shopify signed these bytes: HMAC-SHA256 of the raw body with the app's client secret, compared in constant time.
 *
 * Give the body exactly as it came (`express.raw({ type: '*' + '/*' })`): a parsed one cannot be checked, and is refused.
 * Anything odd is `false`: no signature, no secret, a signature that is none. So is a body that is no JSON object: the app's secret
 * signs other texts too, such as the query of an installation.
 */
export function verifyShopifyWebhook(
  rawBody: unknown,
  hmac: unknown,
  secret: string | undefined = process.env['SHOPIFY_API_SECRET'],
): boolean {
  if (typeof hmac !== 'string' || typeof secret !== 'string' || secret === '') return false;
  if (typeof rawBody !== 'string' && !(rawBody instanceof Uint8Array)) return false;
  const first = typeof rawBody === 'string' ? rawBody.charCodeAt(0) : rawBody[0];
  // As text: base64 is read leniently, and the same signature must not have several spellings.
  const wanted = Buffer.from(createHmac('sha256', secret).update(rawBody).digest('base64'));
  const given = Buffer.from(hmac);
  return given.length === wanted.length && timingSafeEqual(given, wanted) && first === OBJECT;
}
