import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const manifest = JSON.parse(readFileSync(here('package.json')));

test('the types are those of the deployment', () => {
  execFileSync(process.execPath, [here('scripts/types.js'), '--check']);
});

test('nothing is needed at run time, and nothing is published', () => {
  assert.equal(manifest.dependencies, undefined);
  assert.equal(manifest.private, true);
});

test('what browsers get imports nothing of Node', () => {
  const seen = new Set();
  const look = (name) => {
    if (seen.has(name)) return;
    seen.add(name);
    const text = readFileSync(here(`dist/${name}`), 'utf8');
    for (const [, from] of text.matchAll(/from\s+'([^']+)'/g)) {
      assert.match(from, /^\.\//, `${name} imports ${from}`);
      look(from.slice(2));
    }
    assert.doesNotMatch(text, /\bBuffer\b|require\(|import\(/, name);
  };
  look(manifest.exports['.'].browser.replace('./dist/', ''));
  assert.ok(seen.has('client.js') && !seen.has('webhook.js'));
});

test('every operation of a store that the API has is a call, or is for people', () => {
  const document = JSON.parse(readFileSync(here('../../docs/openapi.json')));
  const source = readFileSync(here('src/connectors.ts'), 'utf8');
  const forPeople = /\/(settings|parked|trace|brevo-token)\b|\{run\}/;
  for (const path of Object.keys(document.paths).filter((path) => path.startsWith('/v1/stores/{store}/'))) {
    if (forPeople.test(path)) continue;
    assert.ok(source.includes(`'${path.replace('/v1/stores/{store}', '')}'`), path);
  }
});
