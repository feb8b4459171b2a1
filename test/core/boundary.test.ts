import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const core = new URL('../../src/core/', import.meta.url);

test('src/core imports nothing from outside itself', () => {
  const files = readdirSync(core);
  assert.ok(files.length > 0);
  for (const file of files) {
    const source = readFileSync(new URL(file, core), 'utf8');
    assert.doesNotMatch(source, /\bimport\s*\(|\bimport\.meta/, `${file} imports dynamically`);
    for (const [, from, bare] of source.matchAll(
      /^(?:import|export)\b[^;=]*?\bfrom\s*'([^']+)';|^import\s*'([^']+)'/gm,
    )) {
      assert.match(from ?? bare ?? '', /^\.\/[a-z-]+\.ts$/, file);
    }
  }
});

test('src/metrics imports nothing from outside itself', () => {
  const folder = new URL('../../src/metrics/', import.meta.url);
  for (const file of readdirSync(folder)) {
    const source = readFileSync(new URL(file, folder), 'utf8');
    for (const [, from] of source.matchAll(/\bfrom\s*'([^']+)'/g)) assert.match(from ?? '', /^\.\//, file);
  }
});

test('what runs in the browser imports nothing from outside itself but types', () => {
  const folder = new URL('../../src/web/page/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));
  assert.ok(files.length > 5);
  for (const file of files) {
    const source = readFileSync(new URL(file, folder), 'utf8');
    for (const [, type, from] of source.matchAll(/^import\b( type\b)?[^;=]*?\bfrom\s*'([^']+)';/gm))
      if (type === undefined) assert.match(from ?? '', /^\.\/[a-z]+\.ts$/, file);
  }
});

test('src/core has no clock, no randomness, no process and nothing asynchronous', () => {
  const forbidden =
    /\b(?:Date|performance|Math\.random|process|globalThis|console|setTimeout|setInterval|setImmediate|queueMicrotask|async|await|Promise|fetch|require)\b/;
  for (const file of readdirSync(core)) {
    const source = readFileSync(new URL(file, core), 'utf8');
    const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*/g, '');
    const withoutText = code.replace(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, "''");
    assert.doesNotMatch(withoutText, forbidden, file);
  }
});

/** Where the machine's own time and chance may be asked for: everything else is given a clock and a random. */
const edge = new Set(['client/clock.ts']);

test('but at the edge nothing asks the machine for time or chance, so that the simulator can give its own', () => {
  const src = new URL('../../src/', import.meta.url);
  const files = ['controller', 'client', 'embedded', 'metrics', 'web'].flatMap((folder) =>
    readdirSync(new URL(folder, src))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `${folder}/${file}`),
  );
  assert.ok(files.length > 40);
  // A socket's own idle time lies below the transport, in whose place the simulator puts its own.
  const forbidden =
    /\b(?:Math\.random|performance\.|Date\.now|new Date\(\)|(?<!socket\.)setTimeout|setInterval|setImmediate|randomUUID|randomBytes)/;
  for (const file of files) {
    if (edge.has(file)) continue;
    const source = readFileSync(new URL(file, src), 'utf8');
    const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*/g, '');
    assert.doesNotMatch(code, forbidden, file);
  }
});
