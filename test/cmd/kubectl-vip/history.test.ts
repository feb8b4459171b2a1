import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { systemClock } from '../../../src/client/clock.ts';
import type { HttpRequest, Transport } from '../../../src/client/transport.ts';
import { printValue } from '../../../src/cmd/kubectl-vip/command-result.ts';
import { history, queryIn } from '../../../src/cmd/kubectl-vip/history-command.ts';
import type { IOStreams } from '../../../src/cmd/kubectl-vip/io-streams.ts';
import { factsIn, linesOf, mergedByTime } from '../../../src/cmd/kubectl-vip/log-lines.ts';
import { openFile } from '../../../src/cmd/kubectl-vip/open-file.ts';
import { type Invocation, pluginRequest } from '../../../src/cmd/kubectl-vip/plugin-arguments.ts';
import { readAddress } from '../../../src/core/ip/address.ts';
import { canonicalList } from '../../../src/core/model/address-list.ts';
import { formatRecord } from '../../../src/core/model/allocation-record.ts';
import { claimObject } from '../../../src/core/model/claim.ts';
import { annotations } from '../../../src/core/model/well-known-names.ts';
import { createEmbeddedApi } from '../../../src/embedded/embedded-api.ts';
import { serve } from '../../../src/embedded/server.ts';
import { ansiFor } from '../../../src/terminal/ansi.ts';
import { textLine } from '../../../src/terminal/log-text.ts';
import { jsonLine, type LogLine } from '../../../src/terminal/log-writer.ts';
import { respond, serviceNamed } from '../../controller/harness.ts';

const { signal } = new AbortController();
const noon = Date.UTC(2026, 0, 2, 12);

function logLine(seconds: number, fields: LogLine['fields'], format = jsonLine): string {
  const time = new Date(noon + seconds * 1000).toISOString();
  return `${format({ time, level: 'info', message: 'a message', fields })}\n`;
}

const write = (service: string, addresses: string, cause = 'allocate'): LogLine['fields'] => ({
  service,
  decision: 'write',
  cause,
  addresses,
  source: 'cidr-global',
});

const release = (service: string, previous: string): LogLine['fields'] => ({
  service,
  cause: 'deleted',
  previous,
});

const holders = (text: string): LogLine['fields'] => ({ holders: text, part: 1, parts: 1 });

async function* bytes(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

function invocationOf(line: string): Invocation {
  const request = pluginRequest(line.split(' '), {});
  if (request.kind !== 'run') throw new Error(JSON.stringify(request));
  return request.invocation;
}

/** Runs the command in this process. */
async function ask(line: string, open: IOStreams['openFile']) {
  const warnings: string[] = [];
  const streams: IOStreams = {
    env: {},
    home: () => '/none',
    clock: systemClock,
    random: Math.random,
    version: 'test',
    signal,
    writeStderr: (text) => warnings.push(text),
    lookup: async () => [],
    readText: () => Promise.reject(new Error('not used')),
    openFile: open,
  };
  const result = await history(invocationOf(`history ${line}`), streams);
  const lines = result.lines({ width: Infinity, ansi: ansiFor(false), isWide: false });
  return { result, lines, text: lines.join('\n'), warnings };
}

/** The answer from logs in memory. */
function answer(line: string, files: Readonly<Record<string, AsyncIterable<Uint8Array> | string>>) {
  const flags = Object.keys(files).map((path) => ` -f ${path}`);
  return ask(`${line}${flags.join('')}`, async (path) => {
    const file = files[path] ?? assert.fail(`no file ${path}`);
    return typeof file === 'string' ? bytes(file) : file;
  });
}

/** The answer from real files. */
function answerFromDisk(...paths: string[]) {
  const context = { stdin: process.stdin, signal, writeStderr: () => {} };
  return ask(`10.0.0.1${paths.map((path) => ` -f ${path}`).join('')}`, (path) => openFile(path, context));
}

test('who had the address, and what is not known', async () => {
  const log = [
    logLine(0, { version: 'v1' }),
    logLine(1, holders('shop/old=10.0.0.1 shop/b=10.0.0.2')),
    logLine(60, release('shop/old', '10.0.0.1')),
    logLine(70, write('shop/web', '10.0.0.1')),
    logLine(80, { service: 'shop/api', decision: 'conflict', address: '10.0.0.1', holder: 'shop/web' }),
    logLine(90, write('shop/web', '10.0.0.3', 'reallocate')),
    logLine(95, write('shop/new', '10.0.0.1', 'share')),
    logLine(200, holders('shop/web=10.0.0.3')),
    logLine(210, write('shop/last', '10.0.0.1')),
  ].join('');
  const { lines, warnings } = await answer('10.0.0.1', { log });
  assert.deepEqual(warnings, []);
  assert.deepEqual(lines, [
    'SERVICE     FROM                          UNTIL                         ASSIGNED                   ENDED',
    'shop/old    before 2026-01-02T12:00:01Z   2026-01-02T12:01:00Z          -                          Service deleted',
    'shop/web    2026-01-02T12:01:10Z          2026-01-02T12:01:30Z          from cidr-global           reallocated',
    'shop/new    2026-01-02T12:01:35Z          before 2026-01-02T12:03:20Z   shared, from cidr-global   not in the log',
    'shop/last   2026-01-02T12:03:30Z          end of log                    from cidr-global           -',
    '',
    'Conflicts',
    '- 2026-01-02T12:01:20Z: shop/api requested 10.0.0.1, which shop/web had.',
    '',
    'Read 9 lines of log, from 2026-01-02T12:00:00Z to 2026-01-02T12:03:30Z.',
    'What is not in the log happened while no controller was running, or in a part of its log that is missing.',
  ]);
});

test('which addresses a Service had, for programs', async () => {
  const log = [
    logLine(1, holders('')),
    logLine(2, write('shop/web', '10.0.0.1,fd00::1')),
    logLine(3, { ...write('shop/web', '10.0.0.2,fd00::1', 'reallocate'), previous: '10.0.0.1,fd00::1' }),
    logLine(9, holders('shop/web=10.0.0.2')),
  ].join('');
  const { result } = await answer('service/web -n shop', { log });
  const at = (seconds: number): string => new Date(noon + seconds * 1000).toISOString();
  const period = { service: 'shop/web', source: 'cidr-global' };
  assert.deepEqual(JSON.parse(printValue(result.value, 'json')), {
    kind: 'AddressHistory',
    service: 'shop/web',
    items: [
      {
        ...period,
        address: '10.0.0.1',
        from: { time: at(2), isExact: true },
        until: { time: at(3), isExact: true },
        assigned: 'allocate',
        ended: 'reallocate',
      },
      {
        ...period,
        address: 'fd00::1',
        from: { time: at(2), isExact: true },
        until: { time: at(9), isExact: false, after: at(3) },
        assigned: 'allocate',
        ended: 'unknown',
      },
      {
        ...period,
        address: '10.0.0.2',
        from: { time: at(3), isExact: true },
        until: null,
        assigned: 'reallocate',
      },
    ],
    conflicts: [],
    log: {
      sources: ['log'],
      begins: at(1),
      ends: at(9),
      completeFrom: at(1),
      lines: 4,
      skippedLines: 0,
    },
    notes: [
      'Read 4 lines of log, from 2026-01-02T12:00:01Z to 2026-01-02T12:00:09Z.',
      'What is not in the log happened while no controller was running, or in a part of its log that is missing.',
    ],
  });
});

test('nothing found: what that means depends on the log', async () => {
  const other = logLine(9, write('shop/web', '10.0.0.2'));
  const whole = `${logLine(1, holders(''))}${other}`;
  const first = async (line: string, log: string) => (await answer(line, { log })).lines[0];
  assert.equal(
    await first('10.0.0.1', whole),
    'No Service had 10.0.0.1 from 2026-01-02T12:00:01Z until 2026-01-02T12:00:09Z.',
  );
  assert.equal(await first('10.0.0.1', other), 'The log does not say that a Service had 10.0.0.1.');
  assert.match(
    (await answer('10.0.0.1', { log: other })).text,
    /does not list which Services have addresses/,
  );
  assert.equal(
    await first('service/wbe -n shop', whole),
    'The log does not mention Service shop/wbe. Did you mean web in namespace shop?',
  );
  assert.equal(
    await first('service/another-one -n edge', whole),
    'Service edge/another-one had no address from 2026-01-02T12:00:01Z until 2026-01-02T12:00:09Z.',
  );
});

test('logs of two replicas are merged, and the files of one may be given in any order', async () => {
  const files = {
    'b.log': [logLine(50, holders('shop/web=10.0.0.1')), logLine(60, release('shop/web', '10.0.0.1'))].join(
      '',
    ),
    'a.log.1': [logLine(1, holders('')), logLine(2, write('shop/web', '10.0.0.1'))].join(''),
    'a.log': [logLine(40, { lease: 'x' }), logLine(70, { lease: 'x' })].join(''),
    'b.log.2': logLine(0, { version: 'v' }),
  };
  const { lines } = await answer('10.0.0.1', files);
  assert.match(lines[1] ?? '', /^shop\/web +2026-01-02T12:00:02Z +2026-01-02T12:01:00Z /);
  assert.equal(lines[2], '');
  assert.match(lines[3] ?? '', /^Read 7 lines of 4 logs, from 2026-01-02T12:00:00Z to 2026-01-02T12:01:10Z/);
});

test('both formats, lines of other programs, and lines that are cut off', async () => {
  const text = textLine(true);
  const log = [
    'I0102 03:04:05.678901       1 leaderelection.go:250] attempting to acquire leader lease\n',
    logLine(1, holders(''), text),
    logLine(2, write('shop/web', '10.0.0.1'), text),
    `${logLine(3, release('shop/web', '10.0.0.1')).slice(0, -9)}\n`,
    'panic: another program\n',
    logLine(-3600, write('shop/b', '10.0.0.5'), text),
    // Cut off within the address.
    logLine(9, release('shop/b', '10.0.0.12'), textLine(false)).slice(0, -2),
  ].join('');
  const { lines } = await answer('10.0.0.1', { log });
  assert.match(lines[1] ?? '', /^shop\/web +2026-01-02T12:00:02Z +end of log/);
  assert.deepEqual(lines.slice(3), [
    'Read 3 lines of log, from 2026-01-02T11:00:00Z to 2026-01-02T12:00:02Z.',
    '2 lines are cut off and were skipped.',
    'The time goes back from 2026-01-02T12:00:02Z to 2026-01-02T11:00:00Z, so a clock was set, or the log contains several. The order of its lines counts.',
  ]);
});

test('a log that is still being written ends with a line of JSON that is read', async () => {
  const log = logLine(1, write('shop/web', '10.0.0.1')).trimEnd();
  const { lines } = await answer('10.0.0.1', { log });
  assert.match(lines[1] ?? '', /^shop\/web/);
});

test('a file that is no log of the controller is an error', async () => {
  await assert.rejects(answer('10.0.0.1', { 'web.log': 'GET /\n', 'b.log': '' }), {
    message:
      'There is no line of the controller\'s log in web.log, b.log. Its lines begin with {"time": or, with --log-format=text, with the time.',
  });
});

test('a log that breaks off is used as far as it goes', async () => {
  async function* breaking(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(logLine(1, write('shop/web', '10.0.0.1')));
    throw new Error('unexpected end of file');
  }
  const { lines, warnings } = await answer('10.0.0.1', { log: breaking() });
  assert.match(lines[1] ?? '', /^shop\/web/);
  assert.deepEqual(warnings, ['log cannot be read to its end: unexpected end of file']);
  await assert.rejects(
    answer('10.0.0.1', {
      log: (async function* () {
        yield* [] as Uint8Array[];
        throw new Error('broken');
      })(),
    }),
    { message: 'broken' },
  );
});

test('text from a log is escaped', async () => {
  const hostile = 'a\x1b[2Jb\u202ec/web';
  const log = `${logLine(1, write(hostile, '10.0.0.1', hostile))}${logLine(2, { service: hostile, decision: 'conflict', address: '10.0.0.1', holder: hostile })}`;
  const { lines, result } = await answer('10.0.0.1', { log });
  for (const line of lines) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
  for (const format of ['json', 'yaml'] as const)
    assert.doesNotMatch(printValue(result.value, format).replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
});

const scope = { namespace: 'shop', isNamed: true, isAll: false };

test('an address in any notation, or a Service in any form that kubectl accepts', () => {
  const cases: readonly (readonly [string, object])[] = [
    ['10.0.0.1', { address: '10.0.0.1' }],
    ['FD00:0:0::1', { address: 'fd00::1' }],
    ['10.0.0.1/32', { address: '10.0.0.1' }],
    ['service/web', { service: 'shop/web' }],
    ['svc web', { service: 'shop/web' }],
    ['web', { service: 'shop/web' }],
    ['edge/web', { service: 'edge/web' }],
  ];
  for (const [text, query] of cases) assert.deepEqual(queryIn(text.split(' '), scope), query, text);
});

test('a mistake in the arguments says what to write', () => {
  const cases: readonly (readonly [string[], RegExp])[] = [
    [[], /Specify an address or a Service, for example:\nkubectl vip history 192/],
    [['10.0.0.300'], /"10\.0\.0\.300" .*above 255/],
    [['10.0.0.0/30'], /several addresses.*\nkubectl vip who 10\.0\.0\.0\/30$/],
    [['10.0.0.1', '10.0.0.2'], /one address at a time/],
    [['web', 'api'], /one Service at a time/],
    [['10.0.0.1O'], /Did you mean "10\.0\.0\.10"\?/],
  ];
  for (const [words, message] of cases) assert.throws(() => queryIn(words, scope), { message }, words.join());
});

test('200,000 lines are read as they arrive: a chunk is held at a time', async () => {
  const count = 200_000;
  const perChunk = 100;
  let produced = 0;
  const [before = '', after = ''] = logLine(0, write('shop/web', '10.0.0.1')).split(
    '2026-01-02T12:00:00.000Z',
  );
  async function* generated(offset: number): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < count / 2; i += perChunk) {
      let text = '';
      for (let k = i; k < i + perChunk; k += 1)
        text += `${before}${new Date(noon + 2 * k + offset).toISOString()}${after}`;
      produced += perChunk;
      yield Buffer.from(text);
    }
  }
  let consumed = 0;
  let most = 0;
  const counts = { own: 0, broken: 0, foreign: 0 };
  const sources = [0, 1].map((offset) => factsIn(generated(offset), counts));
  let last = 0;
  for await (const { fact } of mergedByTime(sources)) {
    assert.ok(fact.time >= last);
    last = fact.time;
    consumed += 1;
    most = Math.max(most, produced - consumed);
  }
  assert.equal(consumed, count);
  // One chunk of each, which is just being read.
  assert.ok(most <= 2 * perChunk, `${most} lines are held`);
});

async function linesIn(chunks: readonly Uint8Array[]): Promise<string[]> {
  const texts: string[] = [];
  const all = (async function* () {
    yield* chunks;
  })();
  for await (const { text, isWhole } of linesOf(all)) texts.push(isWhole ? text : `${text}…`);
  return texts;
}

test('lines are the same wherever the chunks end, and of UTF-16', async () => {
  const text = 'äöü\r\n€\n\nend';
  for (const encoded of [Buffer.from(text), Buffer.from(`\ufeff${text}`, 'utf16le')]) {
    const [first, ...rest] = [encoded.subarray(0, 2), ...[...encoded.subarray(2)].map((b) => Buffer.of(b))];
    assert.deepEqual(await linesIn([first ?? Buffer.of(), ...rest]), ['äöü\r', '€', '', 'end…']);
  }
});

test('a line without an end does not fill the memory, and the next one is read', async () => {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  const lines = await linesIn([...Array.from({ length: 100 }, () => chunk), Buffer.from('y\nnext\n')]);
  assert.deepEqual(lines, ['', 'next']);
});

const program = resolve(import.meta.dirname, '../../../src/cmd/kubectl-vip/main.ts');

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the plugin as a process. */
function run(args: readonly string[], input?: string | Uint8Array): Promise<Run> {
  const { promise, resolve: done } = Promise.withResolvers<Run>();
  const child = execFile(
    process.execPath,
    [program, 'history', ...args],
    { env: {} },
    (error, stdout, stderr) => done({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
  );
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  return promise;
}

function temporaryFile(t: TestContext, name: string, content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'history-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const small = [logLine(1, holders('')), logLine(2, write('shop/web', '10.0.0.1'))].join('');

test('standard input, compressed', async () => {
  const { stdout, stderr, code } = await run(['10.0.0.1', '-f', '-'], gzipSync(small));
  assert.deepEqual([stderr, code], ['', 0]);
  assert.match(stdout, /^shop\/web +2026-01-02T12:00:02Z +end of log +from cidr-global +-$/m);
  assert.match(stdout, /^Read 2 lines of standard input, /m);
});

test('files: compressed, cut off, missing, a folder', async (t) => {
  const many = Array.from({ length: 5_000 }, (_, i) => logLine(i, write(`shop/s${i}`, '10.0.0.1'))).join('');
  const zipped = gzipSync(many);
  const whole = await answerFromDisk(temporaryFile(t, 'log.gz', zipped));
  assert.match(whole.text, /^Read 5000 lines /m);
  assert.match(whole.text, /^3999 earlier periods are not shown\.$/m);
  const cut = await answerFromDisk(temporaryFile(t, 'log.gz', zipped.subarray(0, -1_000)));
  assert.match(cut.warnings.join(), /log\.gz cannot be read to its end: unexpected end of file$/);
  assert.match(cut.text, /^Read [34]\d\d\d lines /m);
  const plain = await answerFromDisk(temporaryFile(t, 'log', small));
  assert.match(plain.text, /^shop\/web /m);
  await assert.rejects(answerFromDisk('/nowhere/log'), {
    message: /^\/nowhere\/log cannot be read: there is no such file/,
  });
  await assert.rejects(answerFromDisk(tmpdir()), { message: /cannot be read: it is a directory/ });
});

test('an interrupt ends a command that waits for standard input', async () => {
  const child = spawn(process.execPath, [program, 'history', '10.0.0.1', '-f', '-'], { env: {} });
  const { promise, resolve: done } = Promise.withResolvers<number | null>();
  child.once('exit', (code) => done(code));
  // Input larger than a pipe is read once the command waits for more.
  child.stdin.write(small.repeat(2_000), () => child.kill('SIGINT'));
  assert.equal(await promise, 1);
});

const kubeSystem = '/api/v1/namespaces/kube-system';

/** An API server with a Deployment and Pods, whose logs a kubelet would serve. */
async function clusterWith(
  t: TestContext,
  logs: Readonly<Record<string, string | number>>,
  { services = true, args = [] as readonly string[] } = {},
) {
  const api = createEmbeddedApi({ clock: systemClock, random: Math.random });
  const requested: string[] = [];
  const labels = { app: 'kube-vip', component: 'kube-vip-cloud-provider' };
  const deployment = {
    metadata: { namespace: 'kube-system', name: 'kube-vip-cloud-provider', labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        spec: {
          containers: [{ name: 'controller', image: 'registry.example/kube-vip-cloud-provider:1', args }],
        },
      },
    },
  };
  const names = [...new Set(Object.keys(logs).map((name) => name.replace('?previous', '')))];
  const pods = names.map((name) => ({
    metadata: { namespace: 'kube-system', name },
    status: { containerStatuses: [{ name: 'controller', restartCount: `${name}?previous` in logs ? 1 : 0 }] },
  }));
  const list = (items: readonly object[]) =>
    respond(200, { kind: 'List', metadata: { resourceVersion: '1' }, items });
  const forbidden = respond(403, { kind: 'Status', message: 'not for you' });
  const transport: Transport = async (request: HttpRequest, signal) => {
    const url = new URL(request.path, 'http://x');
    const selector = url.searchParams.get('labelSelector') ?? '';
    if (url.pathname === '/apis/apps/v1/deployments')
      return list(selector.startsWith('component=') ? [deployment] : []);
    if (url.pathname === `${kubeSystem}/pods`) {
      assert.equal(selector, 'app=kube-vip,component=kube-vip-cloud-provider');
      return list(pods);
    }
    const [, pod] = /^\/api\/v1\/namespaces\/kube-system\/pods\/([^/]+)\/log$/.exec(url.pathname) ?? [];
    if (pod === undefined)
      return !services && url.pathname.endsWith('/services') ? forbidden : api.transport(request, signal);
    requested.push(request.path);
    const log = logs[`${pod}${url.searchParams.get('previous') === 'true' ? '?previous' : ''}`];
    if (typeof log !== 'string') return respond(log ?? 404, { kind: 'Status', message: 'not for you' });
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: bytes(log) };
  };
  const server = await serve(transport);
  t.after(() => server.close());
  const unused = () => Promise.reject(new Error('not used'));
  return { api, requested, ask: (line: string) => ask(`${line} --server ${server.url}`, unused) };
}

const record = (uid: string, addresses: string): string =>
  formatRecord({
    source: 'cidr-global',
    addresses: canonicalList([addresses]),
    ports: 'TCP/80',
    families: 'SingleStack IPv4',
    interface: undefined,
    uid,
    controller: 'kube-vip-cloud-controller',
  });

test('in a cluster: the logs of all Pods, also before a restart, and then the Services', async (t) => {
  const { api, requested, ask } = await clusterWith(t, {
    'a?previous': [logLine(1, holders('')), logLine(2, write('shop/web', '10.0.0.1'))].join(''),
    a: [logLine(30, holders('shop/web=10.0.0.1')), logLine(31, write('shop/gone', '10.0.0.2'))].join(''),
    b: [logLine(50, holders('shop/web=10.0.0.1 shop/gone=10.0.0.2'))].join(''),
  });
  const metadata = { uid: 'u', annotations: { [annotations.allocationRecord]: record('u', '10.0.0.1') } };
  api.load(serviceNamed('shop/web', { metadata }));
  const { text, warnings } = await ask('10.0.0.1');
  assert.deepEqual(warnings, []);
  assert.match(text, /^shop\/web +2026-01-02T12:00:02Z +now +from cidr-global +-$/m);
  assert.match(text, /^Read 5 lines of 3 logs, from .* to 2026-01-02T12:00:50Z, and the Services/m);
  assert.deepEqual(requested.toSorted(), [
    `${kubeSystem}/pods/a/log?container=controller`,
    `${kubeSystem}/pods/a/log?container=controller&previous=true`,
    `${kubeSystem}/pods/b/log?container=controller`,
  ]);
  const gone = await ask('service/gone -n shop');
  assert.match(
    gone.text,
    /^10\.0\.0\.2 +2026-01-02T12:00:31Z +before 20.* +from cidr-global +not in the log$/m,
  );
});

test('in a cluster: what cannot be read is skipped with a remark, or is an error that names the permission', async (t) => {
  const log = [logLine(1, holders('')), logLine(2, write('shop/web', '10.0.0.1'))].join('');
  const some = await clusterWith(t, { a: log, b: 500 }, { services: false });
  const { text, warnings } = await some.ask('10.0.0.1');
  assert.match(text, /^shop\/web +2026-01-02T12:00:02Z +end of log /m);
  assert.match(warnings[0] ?? '', /^Pod kube-system\/b cannot be read to its end: .*not for you \(500\)$/);
  assert.equal(
    warnings[1],
    'Skipped: you cannot list Services in all namespaces, so the answer ends with the log.',
  );
  const denied = await clusterWith(t, { a: 403 });
  await assert.rejects(denied.ask('10.0.0.1'), {
    message: /permission to read the log of the controller: .*get pods\/log, or read a log with -f/,
  });
  const noPods = await clusterWith(t, {});
  await assert.rejects(noPods.ask('10.0.0.1'), { message: /has no Pods, so there is no log to read/ });
});

test('in a cluster with claims: what only a tombstone says, and what the log says, too', async (t) => {
  const log = [
    logLine(1, holders('')),
    logLine(2, write('shop/web', '10.0.0.1')),
    logLine(30, release('shop/web', '10.0.0.1')),
  ].join('');
  const { api, ask } = await clusterWith(t, { a: log }, { args: ['--claims'] });
  const options = {
    class: undefined,
    configMap: { namespace: 'kube-system', name: 'kubevip' },
    controller: 'kube-vip-cloud-controller',
    claims: true,
  };
  const times = { '10.0.0.1': 29.9, '10.0.0.2': -3_600 };
  for (const [text, seconds] of Object.entries(times)) {
    const object = claimObject(readAddress(text) ?? assert.fail(), [], options);
    const last = {
      by: options.controller,
      for: [],
      last: { service: 'shop/web', freed: noon + seconds * 1000 },
    };
    api.load({
      ...object,
      metadata: { ...object.metadata, annotations: { 'kube-vip.io/claim': JSON.stringify(last) } },
    });
  }
  const { lines, warnings } = await ask('service/web -n shop');
  assert.deepEqual(warnings, []);
  assert.deepEqual(lines.slice(1, 4), [
    '10.0.0.2   before 2026-01-02T11:00:00Z   2026-01-02T11:00:00Z   -                  freed',
    '10.0.0.1   2026-01-02T12:00:02Z          2026-01-02T12:00:30Z   from cidr-global   Service deleted',
    '',
  ]);
  assert.match(lines[4] ?? '', /^Read 3 lines of .*, from 2026-01-02T12:00:01Z to 2026-01-02T12:00:30Z/);
});
