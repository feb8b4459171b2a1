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

/** Hostile texts in the log, in the table of `npm start`, in its List and in what it says. */

function logged(write: (log: ReturnType<typeof createLog>) => void, format = jsonLine): string[] {
  const lines: string[] = [];
  write(createLog((line) => lines.push(line), createFakeClock(), format));
  return lines;
}

test('a line of the log is one line of JSON, whatever is in it, and reads as it was written', () => {
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

test('a long text is cut, so that no container runtime breaks the line', () => {
  const [line = ''] = logged((log) => log.info(hugeText, { error: hugeText }));
  assert.ok(line.length < 16_384, `${line.length}`);
  const { msg } = JSON.parse(line) as { msg: string };
  assert.match(msg, /^x{4000}… \(and 196000 characters more\)$/);
});

test('a line of the log for people is one line, on which nothing acts but its own colours', () => {
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

test('the fields of a message are its own, also those called __proto__ and constructor', () => {
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

/** What an API server takes, and what only a file can hold. */
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

async function trialOf(objects: readonly KubeObject[]) {
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
    turned: () => {},
    refused: ({ metadata }, why) => refused.push(`${metadata.name}: ${why}`),
  });
  await sandbox.settled();
  return { sandbox, refused };
}

test('in the live table nothing acts on the terminal but what draws it', async () => {
  const { sandbox, refused } = await trialOf(world);
  try {
    assert.deepEqual(refused, []);
    for (const colour of [false, true]) {
      const lines = renderReport(sandbox.report(), { width: 100, colour, bars: true, more: [] });
      for (const line of lines) assert.doesNotMatch(line.replace(/\p{Cc}\[\d+m/gu, ''), acting);
      // It throws on a sequence that the screen has no use for.
      const terminal = fakeTerminal(100, 500);
      createScreen(terminal).draw(lines);
      assert.ok(terminal.seen().some((line) => line.includes('shop/s0')));
      assert.ok(!terminal.seen().some((line) => acting.test(line)));
      assert.ok(lines.length < 400, `${lines.length} lines`);
    }
  } finally {
    await sandbox.close();
  }
});

test('the List is read as it was, and shows nothing that acts on a terminal', async () => {
  const { sandbox } = await trialOf(world);
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

/** `npm start` on a file, as a process. */
async function start(text: string, flags: readonly string[]): Promise<Said> {
  const folder = temporaryFolder('kvcp-hostile-');
  const file = join(folder.path, 'world.yaml');
  writeFileSync(file, text);
  try {
    return await startWith([...flags, file]);
  } finally {
    folder.remove();
  }
}

interface Said {
  stdout: string;
  stderr: string;
}

function startWith(args: readonly string[]): Promise<Said> {
  const program = resolve(import.meta.dirname, '../../src/cmd/sandbox/main.ts');
  const { promise, resolve: done } = Promise.withResolvers<Said>();
  execFile(process.execPath, [program, ...args], { env: {} }, (_error, stdout, stderr) => {
    done({ stdout, stderr });
  });
  return promise;
}

test('`npm start` shows hostile manifests in words: names, kinds, keys, and what cannot be read', async () => {
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
    // What cannot be read is said in the same words whatever was asked for.
    const formats = index === 0 ? [[], ['-o', 'json'], ['-o', 'yaml']] : [[]];
    for (const flags of formats) {
      const { stdout, stderr } = await start(text, flags);
      assert.ok(`${stdout}${stderr}`.length > 0);
      assert.doesNotMatch(stdout, acting, `file ${index} ${flags.join(' ')}`);
      assert.doesNotMatch(stderr, acting, `file ${index} ${flags.join(' ')}`);
      assert.doesNotMatch(stderr, /^\{"level"/m, 'no line of its own');
    }
  }
});

test('`npm start` shows the name of a file in words, also where the system says what is wrong with it', async () => {
  const { stderr } = await startWith(['\u001b[2J\n'.repeat(100)]);
  assert.match(stderr, /cannot be read: ENAMETOOLONG/);
  assert.doesNotMatch(stderr, acting);
});
