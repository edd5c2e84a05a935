// Runs the samples of the README, as they stand there, against a deployment whose platforms the sandbox plays:
//   TAJO_URL, TAJO_API_KEY, BREVO_API_KEY, SHOPIFY_API_KEY, SHOPIFY_API_SECRET=… node samples/run.js
// Only imports and the web server stand before them.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../../../', import.meta.url);
const SECTION = '## From code';

const PRELUDE = `
import express from 'express';
import { verifyShopifyWebhook } from '@tajo/sdk';
const app = express().use(express.raw({ type: '*/*' }));
`;

/** The JavaScript of a README's section, in its order. */
function samples(readme) {
  const section = readme.split(`\n${SECTION}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
}

const readme = readFileSync(new URL('README.md', root), 'utf8');
const code = samples(readme);
assert.ok(code.length > 0, `README.md has samples under "${SECTION}"`);

// What the product promises, word for word, where its page is here.
const product = new URL('../shared/product.md', root);
if (existsSync(product)) {
  const lines = readFileSync(product, 'utf8').split('\n## ').find((part) => part.startsWith('6.')).match(/```js\n(.*?)```/s)[1];
  const all = code.join('\n').split('\n');
  // What the call answers is a comment there, with figures of its own.
  const missing = lines.split('\n').filter((line) => line && !line.startsWith('//') && !all.includes(line));
  assert.deepEqual(missing, [], 'lines of the product page that the README lacks');
}

const module = new URL('../dist/samples.js', import.meta.url);
writeFileSync(module, `${PRELUDE}\n${code.join('\n')}\nexport { app, tajo, status };\n`);
const { app, tajo, status } = await import(module);
console.log('the samples ran');

// And they did what they say.
assert.equal(status.connected, true, JSON.stringify(status));
for (const count of ['customersCount', 'ordersCount', 'productsCount']) assert.equal(typeof status[count], 'number');
const { runs } = await tajo.connectors.history('shopify', { limit: 1 });
assert.deepEqual(
  [runs[0].kind, runs[0].resources, runs[0].since],
  ['full', ['customers', 'orders', 'products'], '2023-01-01'],
);

const server = app.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
// Somebody whom nobody has met.
const number = Date.now();
const customer = JSON.parse(readFileSync(new URL('events/shopify/customers-create.json', root), 'utf8'));
const body = JSON.stringify({ ...customer, id: number, email: `jo-${number}@example.com` });
const hmac = createHmac('sha256', process.env.SHOPIFY_API_SECRET).update(body).digest('base64');
const post = (signature) =>
  fetch(`http://127.0.0.1:${server.address().port}/webhooks/shopify`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-shopify-topic': 'customers/create',
      ...(signature ? { 'x-shopify-hmac-sha256': signature } : {}),
    },
    body,
  });
for (const forged of [undefined, 'x', hmac.toLowerCase()]) {
  const refused = await post(forged);
  assert.deepEqual([refused.status, await refused.text()], [401, 'Unauthorized']);
}
const logged = async () => (await tajo.connectors.logs('shopify', { topic: 'customers/create' })).lines;
const before = (await logged()).length;
const taken = await post(hmac);
assert.deepEqual([taken.status, await taken.text()], [200, 'OK']);
server.close();
for (let turn = 0; (await logged()).length === before; turn += 1) {
  assert.ok(turn < 300, 'the webhook was not worked on within a minute');
  await new Promise((resolve) => setTimeout(resolve, 200));
}
const [line] = await logged();
assert.equal(line.outcome, 'applied', JSON.stringify(line));

// With its signature the deployment checks it itself.
const forward = (signature) => tajo.connectors.handleWebhook('shopify', { topic: 'customers/update', payload: body, signature });
assert.equal(typeof (await forward(hmac)).delivery, 'string');
await assert.rejects(forward(createHmac('sha256', 'guess').update(body).digest('base64')), { code: 'refused', status: 422 });

await assert.rejects(
  tajo.connectors.connect('bigcommerce', { store: status.store, storeHash: 'abc', accessToken: 'token', clientId: 'id' }),
  { name: 'TajoError', code: 'refused' },
);
console.log('the samples did what they say');
