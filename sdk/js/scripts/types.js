// Writes src/types.ts from the deployment's own OpenAPI document (docs/openapi.json), or checks that it is up to date:
//   node scripts/types.js [--check]
import { readFileSync, writeFileSync } from 'node:fs';

const document = JSON.parse(readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'));
const target = new URL('../src/types.ts', import.meta.url);

/** A schema in TypeScript. */
function type(schema, pad) {
  if (schema.$ref) return schema.$ref.split('/').at(-1);
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const any = schema.anyOf ?? schema.oneOf;
  if (any) return any.map((one) => type(one, pad)).filter((one) => one !== '').join(' | ');
  const kinds = [schema.type ?? 'unknown'].flat().filter((kind) => kind !== 'null');
  return kinds.map((kind) => plain(kind, schema, pad)).join(' | ');
}

function plain(kind, schema, pad) {
  if (kind === 'array') {
    const item = type(schema.items ?? {}, pad);
    return item.includes('|') ? `(${item})[]` : `${item}[]`;
  }
  if (kind === 'integer') return 'number';
  if (kind !== 'object') return kind;
  if (schema.properties) return `{\n${properties(schema, `${pad}  `)}${pad}}`;
  const values = typeof schema.additionalProperties === 'object' ? type(schema.additionalProperties, pad) : 'unknown';
  return `Record<string, ${values}>`;
}

function properties(schema, pad) {
  const required = new Set(schema.required ?? []);
  const line = ([name, property]) =>
    `${comment(property, pad)}${pad}${name}${required.has(name) ? '' : '?'}: ${type(property, pad)};\n`;
  return Object.entries(schema.properties).map(line).join('');
}

function comment(schema, pad) {
  return schema.description ? `${pad}/** ${schema.description.replace(/\s+/g, ' ')} */\n` : '';
}

const types = Object.entries(document.components.schemas).map(([name, schema]) => {
  const is = schema.properties ? `interface ${name} ${type(schema, '')}` : `type ${name} = ${type(schema, '')};`;
  return `${comment(schema, '')}export ${is}\n`;
});
const text = `// Made by scripts/types.js from docs/openapi.json. Not written by hand.\n\n${types.join('\n')}`;

if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('error: src/types.ts is not what docs/openapi.json says\nhint: npm run types');
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
