import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { TajoClient, TajoError } from '@tajo/sdk';

import { deployment, problem } from './deployment.js';

const client = (there, more = {}) =>
  new TajoClient({ apiKey: 'key-1', brevoApiKey: 'brevo-1', baseUrl: there.baseUrl, ...more });

test('every call is the operation that it is named after', async () => {
  const there = await deployment({ body: { stores: [] } });
  const { connectors } = client(there);
  await connectors.connect('shopify', { shopUrl: 'a.myshopify.com', apiKey: 'id', apiSecret: 's', firstSync: 'now' });
  await connectors.edit('shopify', { access_token: 't' }, { store: 'a' });
  await connectors.sync('shopify', { type: 'full', resources: ['customers'], since: new Date('2023-01-01') });
  await connectors.status('shopify');
  await connectors.handleWebhook('shopify', { topic: 'orders/create', payload: Buffer.from('{"id":1}') });
  await connectors.handleWebhook('shopify', { topic: 'orders/create', payload: { id: 1 }, delivery: 'd-1' });
  await connectors.handleWebhook('shopify', { topic: 'customers/delete', payload: Buffer.from('\ufeff{"id":1}'), signature: 'c2ln' });
  await connectors.history('shopify', { limit: 10 });
  await connectors.logs('shopify', { type: 'webhook', since: '24h', store: 'a b' });
  await connectors.test('shopify');
  await connectors.pause('shopify');
  await connectors.resume('shopify');
  await connectors.disconnect('shopify', { data: 'erase' });
  assert.deepEqual(
    there.asked.map(({ line, body }) => (body === undefined ? [line] : [line, body])),
    [
      ['POST /v1/stores', { platform: 'shopify', shop_url: 'a.myshopify.com', api_key: 'id', api_secret: 's', brevo_api_key: 'brevo-1', first_sync: 'now' }],
      ['PATCH /v1/stores/a', { access_token: 't' }],
      ['POST /v1/stores/_/syncs', { type: 'full', resources: ['customers'], since: '2023-01-01T00:00:00.000Z' }],
      ['GET /v1/stores/_'],
      ['POST /v1/stores/_/webhooks', { topic: 'orders/create', payload: '{"id":1}' }],
      ['POST /v1/stores/_/webhooks', { topic: 'orders/create', payload: { id: 1 }, delivery: 'd-1' }],
      ['POST /v1/stores/_/webhooks', { topic: 'customers/delete', payload: '\ufeff{"id":1}', signature: 'c2ln' }],
      ['GET /v1/stores/_/syncs?limit=10'],
      ['GET /v1/stores/a%20b/logs?type=webhook&since=24h'],
      ['POST /v1/stores/_/test'],
      ['POST /v1/stores/_/pause'],
      ['POST /v1/stores/_/resume'],
      ['DELETE /v1/stores/_?data=erase'],
    ],
  );
  assert.ok(there.asked.every(({ authorization }) => authorization === 'Bearer key-1'));
});

test('connecting ends when the set-up has ended, unless it need not', async () => {
  const shop = { shopUrl: 'a.myshopify.com' };
  const connected = { body: { store: 'a', connected: true } };
  const there = await deployment(connected, { body: { state: 'connecting' } }, { body: { state: 'active' } });
  assert.deepEqual(await client(there).connectors.connect('shopify', shop), connected.body);
  assert.deepEqual(there.asked.map(({ line }) => line), ['POST /v1/stores', 'GET /v1/stores/a', 'GET /v1/stores/a']);
  const other = await deployment(connected);
  await client(other).connectors.connect('shopify', { ...shop, wait: false });
  const link = await deployment({ body: { store: 'a', connected: false, open: 'https://a' } });
  await client(link).connectors.connect('shopify', shop);
  assert.deepEqual([other.asked.length, link.asked.length], [1, 1]);
});

test('an error has the code, the sentence, the hint and the stores of the API', async () => {
  const there = await deployment(problem(409, 'conflict', { hint: 'name one', stores: ['a', 'b'] }));
  await assert.rejects(client(there).connectors.pause('shopify'), (error) => {
    assert.ok(error instanceof TajoError && error instanceof Error);
    const { code, status, message, hint, stores } = error;
    assert.deepEqual(
      { code, status, message, hint, stores },
      { code: 'conflict', status: 409, message: 'it is conflict', hint: 'name one', stores: ['a', 'b'] },
    );
    return true;
  });
  const stranger = await deployment({ status: 403, body: '<html>' });
  await assert.rejects(client(stranger).connectors.pause('shopify'), { code: 'upstream', status: 403 });
});

test('BigCommerce is refused in the words of the API, and its token does not travel', async () => {
  const there = await deployment(problem(422, 'refused'), { body: { stores: [{ store: 'a', platform: 'shopify' }] } });
  const { connectors } = client(there);
  const store = { storeHash: 'abc', accessToken: 'bc-token', clientId: 'id' };
  await assert.rejects(connectors.connect('bigcommerce', store), { code: 'refused', status: 422 });
  assert.ok(!JSON.stringify(there.asked).includes('bc-token'));
  await assert.rejects(connectors.sync('bigcommerce', { type: 'full', includeVariants: true }), { code: 'not_found' });
});

test('only what is safe is repeated', async () => {
  const busy = { ...problem(429, 'rate_limited'), headers: { 'retry-after': '0' } };
  const good = { body: { state: 'active' } };
  const cases = [
    // answers, calls that change nothing, calls that change something
    [[problem(500, 'internal'), good], 2, 1],
    [['cut', good], 2, 1],
    [[busy, good], 2, 2],
    [[busy, busy, busy], 3, 3],
    [[problem(404, 'not_found')], 1, 1],
    [[{ ...problem(429, 'rate_limited'), headers: { 'retry-after': '3600' } }], 1, 1],
    [[problem(429, 'rate_limited')], 1, 1],
  ];
  for (const [answers, reads, writes] of cases) {
    for (const [call, times] of [['status', reads], ['pause', writes]]) {
      const there = await deployment(...structuredClone(answers));
      await client(there).connectors[call]('shopify').catch(() => {});
      assert.equal(there.asked.length, times, `${call}: ${JSON.stringify(answers)}`);
    }
  }
});

test('a call ends when its time is over, or when it is told to', async () => {
  const there = await deployment('silence');
  await assert.rejects(client(there, { timeout: 50 }).connectors.status('shopify'), { code: 'timeout', status: 0 });
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  const { connectors } = client(there);
  await assert.rejects(connectors.status('shopify', { signal: controller.signal }), { code: 'aborted' });
  await assert.rejects(connectors.status('shopify', { signal: AbortSignal.abort() }), { code: 'aborted' });
});

test('the key goes to one host, over https or on this machine', async () => {
  const other = await deployment({});
  const there = await deployment({ status: 302, headers: { location: `${other.baseUrl}/v1/stores/_/pause` } });
  await assert.rejects(client(there).connectors.pause('shopify'), { code: 'unreachable' });
  assert.equal(other.asked.length, 0);
  for (const baseUrl of ['http://example.com', 'http://localhost.example.com', 'ftp://localhost', 'no address', '']) {
    assert.throws(() => client({ baseUrl }), { code: 'invalid_client' }, baseUrl);
  }
  for (const baseUrl of ['https://example.com/stage/', 'http://abc.localhost:1', 'http://127.0.0.1', 'http://[::1]:1']) {
    client({ baseUrl });
  }
  assert.throws(() => new TajoClient({ apiKey: '', baseUrl: 'https://example.com' }), { code: 'invalid_client' });
});

test('the address may come from TAJO_URL', async () => {
  const there = await deployment({});
  process.env.TAJO_URL = `${there.baseUrl}/`;
  await new TajoClient({ apiKey: 'key-1' }).connectors.status('shopify');
  delete process.env.TAJO_URL;
  assert.equal(there.asked[0].line, 'GET /v1/stores/_');
  assert.throws(() => new TajoClient({ apiKey: 'key-1' }), { code: 'invalid_client' });
});

test('no secret is in what is printed of a client or an error', async () => {
  const secret = 'a-secret-of-nobody';
  const options = { apiKey: secret, brevoApiKey: secret, baseUrl: 'http://127.0.0.1:9', timeout: 50 };
  const it = new TajoClient(options);
  const error = await it.connectors.pause('shopify').catch((error) => error);
  for (const thing of [it, it.connectors, error]) {
    assert.ok(!inspect(thing, { depth: 9, showHidden: true }).includes(secret));
    assert.ok(!JSON.stringify(thing).includes(secret));
  }
});
