import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { printList } from '../../src/cmd/sandbox/print-list.ts';
import { createSandbox } from '../../src/cmd/sandbox/sandbox.ts';
import type { KubeObject } from '../../src/core/model/objects.ts';
import { annotations as names } from '../../src/core/model/well-known-names.ts';
import { textLine } from '../../src/terminal/log-text.ts';
import { createLog, jsonLine } from '../../src/terminal/log-writer.ts';
import { createScreen } from '../../src/terminal/screen.ts';
import { renderReport } from '../../src/terminal/table.ts';
import { createFakeClock } from '../client/fake-clock.ts';
import { createMemoryLog } from '../client/memory-log.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { fakeTerminal } from '../terminal/terminal.ts';
import { acting, hostileText, hugeText } from './hostile-text.ts';

/** Hostile texts in the log, and in the table, the List and the messages of `npm start`. */

function logged(write: (log: ReturnType<typeof createLog>) => void, format = jsonLine): string[] {
  const lines: string[] = [];
  write(createLog((line) => lines.push(line), createFakeClock(), format));
  return lines;
}

test('a log entry with any text is one line of JSON, from which the text can be read unchanged', () => {
  const [line = '', ...more] = logged((log) =>
    log.warn(hostileText, { service: hostileText, error: hostileText }),
  );
  assert.deepEqual(more, []);
  assert.match(line, /^[^\n]*\n$/);
  assert.doesNotMatch(line, acting);
  const read = JSON.parse(line) as Record<string, unknown>;
  assert.equal(read.msg, hostileText);
  assert.equal(read.error, hostileText);
  assert.equal(read.level, 'warn');
});

test('a long text is truncated, so that no container runtime splits the line', () => {
  const [line = ''] = logged((log) => log.info(hugeText, { error: hugeText }));
  assert.ok(line.length < 16_384, `${line.length}`);
  const { msg } = JSON.parse(line) as { msg: string };
  assert.match(msg, /^x{4000}… \(and 196000 characters more\)$/);
});

test('a text log entry is one line whose only control sequences are its colors', () => {
  for (const isColoured of [false, true]) {
    const [line = '', ...more] = logged(
      (log) => log.error(hostileText, { service: hostileText, error: hugeText }),
      textLine(isColoured),
    );
    assert.deepEqual(more, []);
    assert.match(line, /^[^\n]*\n$/);
    const own = /\p{Cc}\[(?:31|90|0)m/gu;
    assert.equal([...line.matchAll(own)].length, isColoured ? 6 : 0);
    assert.doesNotMatch(line.replaceAll(own, ''), acting);
    assert.ok(line.length < 16_384, `${line.length}`);
    assert.match(line, /\(and 196000 characters more\)/);
  }
});

test('fields with the names __proto__ and constructor are logged like any other', () => {
  const fields = JSON.parse('{"__proto__": "a", "constructor": "b"}') as Record<string, unknown>;
  const [line = ''] = logged((log) => log.info('m', fields));
  assert.deepEqual(Object.entries(JSON.parse(line) as object).slice(3), [
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ]);
});

const record = JSON.stringify({
  from: hostileText,
  ips: '10.1.0.5',
  ports: hostileText,
  families: '',
  uid: 'x',
  by: hostileText,
});

/** Objects that an API server accepts, and objects that can only exist in a file. */
const world: readonly KubeObject[] = [
  {
    kind: 'ConfigMap',
    metadata: { namespace: 'kube-system', name: 'kubevip' },
    data: JSON.parse(
      JSON.stringify({
        'range-shop': '10.1.0.1-10.1.0.9',
        'range-global': hostileText,
        constructor: hostileText,
      }).replace('{', `{"__proto__": ${JSON.stringify(hostileText)}, `),
    ) as object,
  },
  ...[
    { [names.addresses]: hostileText },
    { [names.addresses]: `10.1.0.3,${hostileText}` },
    { [names.addresses]: hugeText },
    { [names.addresses]: '1,'.repeat(100_000) },
    { [names.addresses]: '10.1.0.5', [names.allocationRecord]: record },
    { [names.addresses]: '10.1.0.5', [names.allocationRecord]: `{"__proto__":${record},"toString":1}` },
    { [names.allocationRecord]: '['.repeat(100_000) },
    { [names.interface]: hostileText, [names.requestedIP]: hostileText, constructor: hostileText },
    { [names.addresses]: '0.0.0.0', [names.requestedIP]: `${hostileText},10.1.0.6` },
  ].map((annotations, i) => ({
    kind: 'Service',
    metadata: { namespace: 'shop', name: `s${i}`, annotations },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
  })),
  {
    kind: 'Service',
    metadata: { namespace: 'shop', name: 'spec' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], loadBalancerIP: hostileText },
  },
  {
    kind: 'Service',
    metadata: { namespace: 'constructor', name: 'valueof' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
  },
].map((object) => ({ apiVersion: 'v1', ...object }) as KubeObject);

async function sandboxWith(objects: readonly KubeObject[]) {
  const refused: string[] = [];
  const sandbox = await createSandbox({
    objects: structuredClone(objects) as KubeObject[],
    options: {
      class: undefined,
      configMap: { namespace: 'kube-system', name: 'kubevip' },
      controller: 'test',
      claims: false,
    },
    log: createMemoryLog(),
    version: 'test',
    onUpdate: () => {},
    onRejected: ({ metadata }, why) => refused.push(`${metadata.name}: ${why}`),
  });
  await sandbox.settled();
  return { sandbox, refused };
}

test('the live table sends only its own control sequences to the terminal', async () => {
  const { sandbox, refused } = await sandboxWith(world);
  try {
    assert.deepEqual(refused, []);
    for (const colour of [false, true]) {
      const lines = renderReport(sandbox.report(), { width: 100, color: colour, bars: true, nextSteps: [] });
      for (const line of lines) assert.doesNotMatch(line.replace(/\p{Cc}\[\d+m/gu, ''), acting);
      // The fake terminal throws on a sequence that the screen does not use.
      const terminal = fakeTerminal(100, 500);
      createScreen(terminal).draw(lines);
      assert.ok(terminal.content().some((line) => line.includes('shop/s0')));
      assert.ok(!terminal.content().some((line) => acting.test(line)));
      assert.ok(lines.length < 400, `${lines.length} lines`);
    }
  } finally {
    await sandbox.close();
  }
});

test('the List preserves texts, and contains no control characters', async () => {
  const { sandbox } = await sandboxWith(world);
  try {
    const services = sandbox.services();
    const json = printList(services, 'json');
    assert.doesNotMatch(json, acting);
    const { items } = JSON.parse(json) as { items: { metadata: { name: string; annotations: object } }[] };
    const s7 = items.find(({ metadata }) => metadata.name === 's7')?.metadata.annotations ?? {};
    assert.equal(new Map(Object.entries(s7)).get('constructor'), hostileText);
    assert.doesNotMatch(printList(services, 'yaml'), acting);
  } finally {
    await sandbox.close();
  }
});

/** Runs `npm start` with a file, as a process. */
async function start(text: string, flags: readonly string[]): Promise<Output> {
  const folder = temporaryFolder('kvcp-hostile-');
  const file = join(folder.path, 'world.yaml');
  writeFileSync(file, text);
  try {
    return await startWith([...flags, file]);
  } finally {
    folder.remove();
  }
}

interface Output {
  stdout: string;
  stderr: string;
}

function startWith(args: readonly string[]): Promise<Output> {
  const program = resolve(import.meta.dirname, '../../src/cmd/sandbox/main.ts');
  const { promise, resolve: done } = Promise.withResolvers<Output>();
  execFile(process.execPath, [program, ...args], { env: {} }, (_error, stdout, stderr) => {
    done({ stdout, stderr });
  });
  return promise;
}

test('`npm start` escapes hostile manifests: names, kinds, keys, and syntax errors', async () => {
  const files: readonly string[] = [
    world.map((object) => stringify(object)).join('---\n'),
    stringify({ apiVersion: 'v1', kind: hostileText, metadata: { name: hostileText } }),
    stringify({
      apiVersion: hostileText,
      kind: 'Service',
      metadata: { name: hostileText, [hostileText]: 1 },
    }),
    stringify({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { type: hostileText, [hostileText]: {} },
    }),
    stringify({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop', labels: { [hostileText]: hostileText } },
      spec: { type: 'LoadBalancer', ports: [{ port: 80, name: hostileText }] },
    }),
    `kind: Service\n${hostileText}: [\n`,
    hostileText,
  ];
  for (const [index, text] of files.entries()) {
    // Errors are the same for all output formats.
    const formats = index === 0 ? [[], ['-o', 'json'], ['-o', 'yaml']] : [[]];
    for (const flags of formats) {
      const { stdout, stderr } = await start(text, flags);
      assert.ok(`${stdout}${stderr}`.length > 0);
      assert.doesNotMatch(stdout, acting, `file ${index} ${flags.join(' ')}`);
      assert.doesNotMatch(stderr, acting, `file ${index} ${flags.join(' ')}`);
      assert.doesNotMatch(stderr, /^\{"level"/m, 'no separate line');
    }
  }
});

test('`npm start` escapes the name of a file, including in errors of the operating system', async () => {
  const { stderr } = await startWith(['\u001b[2J\n'.repeat(100)]);
  assert.match(stderr, /cannot be read: ENAMETOOLONG/);
  assert.doesNotMatch(stderr, acting);
});
