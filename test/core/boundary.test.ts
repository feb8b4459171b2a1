import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { test } from 'node:test';

const src = new URL('../../src/', import.meta.url);
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.ts'))
  .sort();
const textOf = new Map(files.map((file) => [file, readFileSync(new URL(file, src), 'utf8')]));

interface Import {
  /** A path below src/, or the name of a package. */
  readonly target: string;
  readonly typesOnly: boolean;
}

function importsOf(file: string): Import[] {
  const statements = (textOf.get(file) ?? '').matchAll(
    /^(?:import|export)\b( type\b)?[^;=]*?\bfrom\s*'([^']+)';|^import\s*'([^']+)'/gm,
  );
  return [...statements].map(([, type, from, bare]) => {
    const name = from ?? bare ?? '';
    return {
      target: name.startsWith('.') ? join(dirname(file), name) : name,
      typesOnly: type !== undefined,
    };
  });
}

/**
 * Each room with the rooms that it may import. A room comes after all rooms that it uses. From rooms in `types` it imports only
 * types, so that no code of them runs there.
 */
const rooms: Readonly<
  Record<string, { readonly uses: readonly string[]; readonly types?: readonly string[] }>
> = {
  'core/text': { uses: [] },
  'core/ip': { uses: [] },
  'core/model': { uses: ['core/text', 'core/ip'] },
  'core/config': { uses: ['core/text', 'core/ip', 'core/model'] },
  'core/queue': { uses: ['core/ip'] },
  'core/ledger': { uses: ['core/ip', 'core/model', 'core/config'] },
  'core/claims': { uses: ['core/ip', 'core/model', 'core/queue', 'core/ledger'] },
  'core/decide': {
    uses: ['core/ip', 'core/model', 'core/config', 'core/queue', 'core/ledger', 'core/claims'],
  },
  'core/explain': {
    uses: ['core/text', 'core/ip', 'core/model', 'core/config', 'core/ledger', 'core/decide'],
  },
  'core/queries': {
    uses: ['core/ip', 'core/model', 'core/config', 'core/ledger', 'core/decide', 'core/explain'],
  },
  metrics: { uses: [] },
  client: { uses: ['metrics'], types: ['core/model'] },
  'client/http': { uses: ['client'] },
  'client/kubeconfig': { uses: ['client'] },
  schema: { uses: [] },
  embedded: { uses: ['client', 'schema'], types: ['core/model'] },
  terminal: { uses: ['core/text'], types: ['client', 'core/queries'] },
  yaml: { uses: ['core/text', 'terminal'] },
  manifest: { uses: ['core/model', 'core/config', 'core/explain', 'core/text', 'schema', 'yaml'] },
  controller: { uses: ['core/*', 'client', 'metrics'] },
  'web/page': { uses: [], types: ['web', 'core/explain', 'core/queries'] },
  web: { uses: ['core/*', 'client'] },
  'cmd/flags': { uses: ['core/text', 'core/model', 'schema', 'controller'] },
  'cmd/controller': {
    uses: [
      'cmd/flags',
      'core/text',
      'client',
      'client/http',
      'controller',
      'schema',
      'metrics',
      'terminal',
      'web',
    ],
    types: ['core/model'],
  },
  'cmd/sandbox': {
    uses: [
      'cmd/flags',
      'core/*',
      'client',
      'client/http',
      'controller',
      'embedded',
      'manifest',
      'terminal',
      'web',
    ],
  },
  'cmd/kubectl-vip': {
    uses: [
      'cmd/flags',
      'core/*',
      'client',
      'client/kubeconfig',
      'controller',
      'embedded',
      'manifest',
      'terminal',
      'web',
    ],
  },
};

/** The innermost room that the file is in. */
function roomOf(file: string): string {
  const room = Object.keys(rooms)
    .filter((name) => dirname(file) === name || dirname(file).startsWith(`${name}/`))
    .sort((a, b) => b.length - a.length)[0];
  assert.ok(room !== undefined, `src/${file} is in no room: add its folder to the table in this test`);
  return room;
}

function allows(list: readonly string[] | undefined, room: string): boolean {
  return (list ?? []).some((name) => name === room || (name === 'core/*' && room.startsWith('core/')));
}

test('imports between rooms go in the allowed direction only', () => {
  assert.ok(files.length > 200);
  for (const file of files) {
    const room = roomOf(file);
    for (const { target, typesOnly } of importsOf(file)) {
      if (!textOf.has(target)) continue;
      const other = roomOf(target);
      const isAllowed =
        other === room ||
        allows(rooms[room]?.uses, other) ||
        (typesOnly && allows(rooms[room]?.types, other));
      assert.ok(isAllowed, `src/${file} imports src/${target}: ${room} may not use ${other}`);
    }
  }
});

test('every permission in the table is used', () => {
  const used = new Set(
    files.flatMap((file) =>
      importsOf(file).flatMap(({ target }) =>
        textOf.has(target) ? [`${roomOf(file)} > ${roomOf(target)}`] : [],
      ),
    ),
  );
  for (const [room, { uses, types = [] }] of Object.entries(rooms))
    for (const other of [...uses, ...types].filter((name) => name !== 'core/*'))
      assert.ok(used.has(`${room} > ${other}`), `${room} does not use ${other}: remove it from the table`);
});

test('the rooms have no cycle, except that the page shares types with its server', () => {
  const level = Object.keys(rooms);
  const expand = (name: string): string[] =>
    name === 'core/*' ? level.filter((room) => room.startsWith('core/')) : [name];
  for (const [room, { uses, types = [] }] of Object.entries(rooms))
    for (const other of [...uses, ...types].flatMap(expand)) {
      if (room === 'web/page' && other === 'web') continue;
      assert.ok(level.indexOf(other) < level.indexOf(room), `${room} uses ${other}, which comes after it`);
    }
});

test('no file imports itself through others', () => {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(
      !path.includes(file),
      `import cycle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`,
    );
    if (done.has(file)) return;
    for (const { target } of importsOf(file)) if (textOf.has(target)) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

test('src/core and src/metrics import nothing from outside src/, and nothing dynamically', () => {
  for (const file of files.filter((name) => /^(?:core|metrics)\//.test(name))) {
    assert.doesNotMatch(
      textOf.get(file) ?? '',
      /\bimport\s*\(|\bimport\.meta/,
      `${file} imports dynamically`,
    );
    for (const { target } of importsOf(file)) assert.ok(textOf.has(target), `${file} imports ${target}`);
  }
});

test('src/core has no clock, no randomness, no process and nothing asynchronous', () => {
  const forbidden =
    /\b(?:Date|performance|Math\.random|process|globalThis|console|setTimeout|setInterval|setImmediate|queueMicrotask|async|await|Promise|fetch|require)\b/;
  for (const file of files.filter((name) => name.startsWith('core/'))) {
    const withoutText = codeOf(file).replace(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, "''");
    assert.doesNotMatch(withoutText, forbidden, file);
  }
});

/** Files that may read the system clock and system randomness. All others take both as parameters. */
const edge = new Set(['client/clock.ts']);

test('only the edge reads the system clock or system randomness, so the simulator can replace both', () => {
  const rooms = /^(?:controller|client|embedded|metrics|web)\//;
  const pure = files.filter((file) => rooms.test(file) && !file.startsWith('web/page/'));
  assert.ok(pure.length > 40);
  // The idle timeout of a socket is below the transport, which the simulator replaces.
  const forbidden =
    /\b(?:Math\.random|performance\.|Date\.now|new Date\(\)|(?<!socket\.)setTimeout|setInterval|setImmediate|randomUUID|randomBytes)/;
  for (const file of pure.filter((file) => !edge.has(file)))
    assert.doesNotMatch(codeOf(file), forbidden, file);
});

/** The file without its comments. */
function codeOf(file: string): string {
  return (textOf.get(file) ?? '').replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*/g, '');
}
