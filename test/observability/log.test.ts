import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/client/clock.ts';
import type { LogField } from '../../src/client/log.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../src/client/transport.ts';
import { createEmbeddedApi } from '../../src/embedded/embedded-api.ts';
import { serve } from '../../src/embedded/server.ts';
import { respond, serviceNamed } from '../controller/harness.ts';
import { startChild } from '../controlplane/process.ts';
import { eventually } from '../e2e/eventually.ts';
import { tableIn, textOf } from './table.ts';

/** A missing field does not compile. */
const allFields: Readonly<Record<LogField, true>> = {
  service: true,
  decision: true,
  reason: true,
  cause: true,
  addresses: true,
  previous: true,
  source: true,
  holder: true,
  holders: true,
  part: true,
  parts: true,
  manager: true,
  error: true,
  refusal: true,
  retryInMs: true,
  address: true,
  method: true,
  path: true,
  fieldSelector: true,
  status: true,
  ms: true,
  dropped: true,
  version: true,
  server: true,
  class: true,
  controller: true,
  claims: true,
  configMap: true,
  pools: true,
  problems: true,
  pool: true,
  size: true,
  used: true,
  free: true,
  lease: true,
  identity: true,
};

const alwaysPresent = ['time', 'level', 'msg'];

test('docs/logs.md lists every field', () => {
  const documented = tableIn(textOf('docs/logs.md'), '| field | meaning |').map(([field]) => field);
  assert.deepEqual(
    documented,
    [...alwaysPresent, ...Object.keys(allFields)].map((field) => `\`${field}\``),
  );
});

type Line = Readonly<Record<string, unknown>>;

/** Runs the controller as a process, on an API with injected faults. */
async function run(body: (fixture: Fixture) => Promise<void>): Promise<Line[]> {
  const api = createEmbeddedApi({ clock: systemClock, random: Math.random });
  /** Status codes for the next request that matches. */
  const faults: { fits: RegExp; status: number }[] = [];
  const transport: Transport = async (request, signal): Promise<HttpResponse> => {
    const at = faults.findIndex(({ fits }) => fits.test(`${request.method} ${request.path}`));
    const [fault] = at < 0 ? [] : faults.splice(at, 1);
    if (fault === undefined) return api.transport(request, signal);
    return respond(fault.status, { kind: 'Status', message: 'not now' });
  };
  const server = await serve(transport);
  let text = '';
  const program = resolve(import.meta.dirname, '../../src/cmd/controller/main.ts');
  const flags = [`--master=${server.url}`, '--secure-port=0', '--web-port=0', '--claims', '-v=6'];
  const child = startChild(process.execPath, [program, ...flags], {
    env: {},
    onOutput: (output) => {
      text += output;
    },
  });
  const lines = (): Line[] => {
    const whole = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
    return whole.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
  };
  const send = async (method: HttpRequest['method'], path: string, content?: object): Promise<void> => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    await api.transport(
      {
        method,
        path: `/api/v1/namespaces/${path}?fieldManager=gitops`,
        headers: { 'content-type': type },
        ...(content === undefined ? {} : { body: JSON.stringify(content) }),
      },
      new AbortController().signal,
    );
  };
  try {
    await body({
      load: (object) => void api.load(object),
      fail: (fits, status) => void faults.push({ fits, status }),
      send,
      logs: async (fields) => {
        const fits = (line: Line): boolean =>
          Object.entries(fields).every(([name, value]) =>
            value instanceof RegExp ? value.test(String(line[name])) : line[name] === value,
          );
        await eventually(() => assert.ok(lines().some(fits), `a line with ${JSON.stringify(fields)}`));
      },
    });
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${text}`, { cause: error });
  } finally {
    await child.stop('TERM');
    await server.close();
  }
  return lines();
}

interface Fixture {
  load(object: object): void;
  /** Responds to the next matching request with this status. */
  fail(fits: RegExp, status: number): void;
  send(method: HttpRequest['method'], path: string, body?: object): Promise<void>;
  /** Waits for a log line with these fields. */
  logs(fields: Readonly<Record<string, unknown>>): Promise<void>;
}

test('a run with many faults logs all documented fields, and no others', async () => {
  const lines = await run(async ({ load, fail, send, logs }) => {
    load({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'kube-system', name: 'kubevip' },
      data: { 'range-global': '10.0.0.1-10.0.0.2', cidr_shop: '10.0.0.0/24' },
    });
    fail(/^GET .*implementation/, 500);
    fail(/^GET .*fieldSelector=.*services|^GET .*services.*fieldSelector/, 500);
    await logs({ level: 'warn', retryInMs: /./, fieldSelector: /./ });
    await logs({ pool: 'range-global', size: '2', used: '0', free: '2' });
    fail(/^POST .*\/events/, 422);
    await send('POST', 'shop/services', serviceNamed('shop/a', {}));
    await logs({ service: 'shop/a', decision: 'write', cause: 'allocate', addresses: '10.0.0.1' });
    await logs({ level: 'warn', error: /not now/ });
    fail(/^PATCH .*\/services\/b/, 422);
    await send('POST', 'shop/services', serviceNamed('shop/b', {}));
    await logs({ level: 'error', service: 'shop/b', retryInMs: /./ });
    await logs({ msg: 'Writing events succeeds again', dropped: 1 });
    await logs({ service: 'shop/b', decision: 'write', source: 'range-global' });
    await send('POST', 'shop/services', serviceNamed('shop/c', {}));
    await logs({ service: 'shop/c', decision: 'pending', reason: 'pool-full' });
    const conflicting = serviceNamed('shop/d', { spec: { loadBalancerIP: '10.0.0.1' } });
    await send('POST', 'shop/services', conflicting);
    await logs({ service: 'shop/d', decision: 'conflict', reason: 'address-in-use' });
    await logs({ service: 'shop/a', decision: 'keep', reason: 'contested' });
    const blank = {
      metadata: { annotations: { 'kube-vip.io/loadbalancerIPs': '' } },
      spec: { loadBalancerIP: '' },
    };
    await send('PATCH', 'shop/services/b', blank);
    await logs({ service: 'shop/b', decision: 'write', cause: 'restore' });
    await send('PATCH', 'shop/services/b', blank);
    await logs({ service: 'shop/b', manager: 'gitops' });
    const edited = { metadata: { annotations: { 'kube-vip.io/loadbalancerIPs': '10.9.9.9' } } };
    await send('PATCH', 'shop/services/d', edited);
    await logs({ service: 'shop/d', decision: 'write', addresses: '10.9.9.9' });
    edited.metadata.annotations['kube-vip.io/loadbalancerIPs'] = '10.9.9.8';
    await send('PATCH', 'shop/services/d', edited);
    await logs({ service: 'shop/d', decision: 'write', previous: '10.9.9.9' });
    await send('DELETE', 'shop/services/c');
    // Another claim may still have to be deleted.
    fail(/^(DELETE|PATCH) .*\/ipaddresses\/10\.0\.0\.2\b/, 500);
    await send('PATCH', 'shop/services/b', { spec: { type: 'ClusterIP' } });
    await logs({ service: 'shop/b', decision: 'release' });
    await logs({ address: '10.0.0.2', retryInMs: /./ });
  });
  for (const line of lines) {
    assert.deepEqual(Object.keys(line).slice(0, 3), alwaysPresent);
    assert.ok(['info', 'warn', 'error'].includes(String(line.level)));
  }
  const logged = new Set(lines.flatMap((line) => Object.keys(line)));
  assert.deepEqual([...logged].sort(), [...alwaysPresent, ...Object.keys(allFields)].sort());
});
