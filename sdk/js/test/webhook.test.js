import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { verifyShopifyWebhook } from '@tajo/sdk';

const secret = 'hush';
const body = '{"id":706405506930370084,"email":"bob@biller.com"}';
const hmac = 'WxDgBL1/ovzvO2Lfp0EetoVjhhhSMbm2zV5VGVf5us8=';

test('what Shopify signed is accepted as a Buffer, as bytes and as text', () => {
  for (const raw of [body, Buffer.from(body), new TextEncoder().encode(body)]) {
    assert.equal(verifyShopifyWebhook(raw, hmac, secret), true);
  }
  process.env.SHOPIFY_API_SECRET = secret;
  assert.equal(verifyShopifyWebhook(body, hmac), true);
  delete process.env.SHOPIFY_API_SECRET;
  assert.equal(verifyShopifyWebhook(body, hmac), false);
});

test('bytes that are no text are checked as they are', () => {
  const bytes = Uint8Array.from([0x7b, 0xff, 0xfe, 0, 0xc3, 0x28]);
  const signature = createHmac('sha256', secret).update(bytes).digest('base64');
  assert.equal(verifyShopifyWebhook(bytes, signature, secret), true);
  assert.equal(verifyShopifyWebhook(Buffer.from(bytes).toString(), signature, secret), false);
});

test('what is signed and no JSON object is no webhook', () => {
  for (const text of ['code=c&shop=a.myshopify.com&state=s&timestamp=1', '[]', ' {}', '\ufeff{}', '']) {
    const signature = createHmac('sha256', secret).update(text).digest('base64');
    for (const raw of [text, Buffer.from(text)]) assert.equal(verifyShopifyWebhook(raw, signature, secret), false, text);
  }
});

test('anything odd is false, and nothing throws', () => {
  const changed = `${hmac.slice(0, -2)}9=`;
  const odd = [
    [`${body} `, hmac, secret],
    [body, changed, secret],
    [body, hmac, 'another'],
    [body, hmac, ''],
    [body, hmac, 7],
    [body, hmac, null],
    [body, undefined, secret],
    [body, null, secret],
    [body, '', secret],
    [body, [hmac], secret],
    [body, { toString: () => hmac }, secret],
    [body, hmac.slice(0, -1), secret],
    [body, `${hmac} `, secret],
    [body, `${hmac}\n`, secret],
    [body, hmac.replace('/', '_'), secret],
    [body, `${hmac}=`, secret],
    [body, hmac.toLowerCase(), secret],
    [body, Buffer.from(hmac, 'base64').toString('hex'), secret],
    [JSON.parse(body), hmac, secret],
    [undefined, hmac, secret],
    [null, hmac, secret],
    [[], hmac, secret],
    [new ArrayBuffer(4), hmac, secret],
  ];
  for (const [raw, signature, key] of odd) {
    assert.equal(verifyShopifyWebhook(raw, signature, key), false, String(signature));
  }
});

test('the vectors of the reference hold', (t) => {
  const file = new URL('../../../../shared/reference/specs/shopify/signature-vectors.json', import.meta.url);
  if (!existsSync(file)) return t.skip('../shared is not here');
  for (const vector of JSON.parse(readFileSync(file)).webhook_hmac) {
    assert.equal(verifyShopifyWebhook(vector.body_utf8, vector.expected_base64, vector.secret), true, vector.source);
  }
});
