import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delayMs } from '../../src/client/backoff.ts';
import { ApiError, type ApiStatus } from '../../src/client/errors.ts';
import { jsonLines } from '../../src/client/json-lines.ts';
import { annotations as names } from '../../src/core/model/well-known-names.ts';
import { Harness } from '../controller/harness.ts';
import type { Cluster } from '../e2e/cluster.ts';
import { eventually } from '../e2e/eventually.ts';
import { assigned, loadBalancer } from '../e2e/objects.ts';
import { scenarios } from '../e2e/scenario.ts';
import { acting, hostileText, hugeText } from './hostile-text.ts';

/** Hostile texts in Services, in the ConfigMap, and in responses of the API server. */

const scenario = scenarios('security-hostile');

/** Annotations that kube-apiserver accepts. */
const hostile: Readonly<Record<string, Record<string, string>>> = {
  list: { [names.addresses]: hostileText },
  'behind-one': { [names.addresses]: `10.1.0.9,${hostileText}` },
  huge: { [names.addresses]: hugeText },
  many: { [names.addresses]: '1,'.repeat(100_000) },
  record: {
    [names.allocationRecord]: JSON.stringify({
      from: hostileText,
      ips: '10.1.0.8',
      ports: '',
      families: '',
      uid: 'x',
      by: hostileText,
    }),
    [names.addresses]: '10.1.0.8',
  },
  'deep-record': { [names.allocationRecord]: '['.repeat(200_000) },
  'record-of-proto': { [names.allocationRecord]: '{"__proto__":{"from":"static"},"constructor":1}' },
  lease: { [names.addresses]: '0.0.0.0', [names.requestedIP]: `${hostileText},10.1.0.7` },
  names: { constructor: hostileText, toString: hostileText, [names.interface]: hostileText },
};

async function eventsOf(cluster: Cluster): Promise<string[]> {
  const { body } = await cluster.client.get('/api/v1/events');
  return body.items.map(({ message = '' }) => message);
}

scenario(
  'hostile Services and a hostile ConfigMap affect neither other Services, the log, nor events',
  async ({ cluster, start }) => {
    await cluster.pools({
      'range-constructor': '10.2.0.1-10.2.0.2',
      'range-global': `10.1.0.1-10.1.0.9,${hostileText}`,
      constructor: hostileText,
      '__proto__.x': hostileText,
      'search-order': hostileText,
      'interface-global': hostileText,
    });
    const proto = '{"data":{"__proto__":"10.9.9.9","cidr-__proto__":"10.9.9.9"}}';
    await cluster.kubectl(['patch', 'configmap', '--namespace', 'kube-system', 'kubevip', '--patch', proto]);
    for (const [name, annotations] of Object.entries(hostile))
      await cluster.create(loadBalancer(`default/${name}`, { annotations }));
    const controller = start({ flags: ['-v=6'] });
    await cluster.create(loadBalancer('constructor/valueof'));
    await cluster.becomes('constructor/valueof', assigned('10.2.0.1', 'range-constructor'));
    await cluster.create(loadBalancer('default/web'));
    // Three hostile Services get the addresses before it.
    await cluster.becomes('default/web', assigned('10.1.0.4', 'range-global'));
    await eventually(async () => {
      const messages = await eventsOf(cluster);
      for (const expected of [
        /neither an IP address nor a hostname/,
        /more than 16 addresses/,
        /Unknown key/,
      ])
        assert.ok(
          messages.some((message) => expected.test(message)),
          `${expected}`,
        );
    });
    for (const message of await eventsOf(cluster)) {
      assert.doesNotMatch(message, acting);
      assert.doesNotMatch(message, /\n/);
      assert.ok(Buffer.byteLength(message) <= 1024, `${message.length} characters`);
    }
    assert.equal(await controller.terminate(), 0);
    // `log` parses each line as JSON.
    assert.ok(controller.log.length > 20);
    assert.doesNotMatch(controller.output, acting);
    for (const line of controller.output.split('\n')) assert.ok(line.length < 16_384, `${line.length}`);
  },
);

test('the message of a rejection by the API server is escaped', async () => {
  const harness = new Harness();
  harness.pools({ 'range-global': '10.1.0.1-10.1.0.9' });
  const body: ApiStatus = { kind: 'Status', reason: hostileText, message: `${hostileText} ${hugeText}` };
  harness.onWrite = () => ({ status: 422, body });
  harness.start();
  await harness.create('shop/web');
  await harness.settled();
  await harness.stop();
  const [event = ''] = harness.events();
  assert.match(event, /^Warning SyncLoadBalancerFailed shop\/web: The API server rejected the change: /);
  assert.doesNotMatch(event, acting);
  assert.ok(Buffer.byteLength(event) < 1200);
});

test('a Status with fields of wrong types is handled, in a response and in a watch', () => {
  const request = { verb: 'watch', path: '/api/v1/services' } as const;
  const statuses: readonly unknown[] = [
    { message: { toString: 'no' }, reason: ['x'] },
    { details: null },
    { details: { causes: 'x', retryAfterSeconds: 'soon' } },
    { details: { causes: [null, 'x', { reason: 1 }], retryAfterSeconds: {} } },
    JSON.parse('{"__proto__": {"message": "x"}, "details": {"retryAfterSeconds": 1e999}}'),
  ];
  for (const status of statuses) {
    const error = new ApiError(request, 500, status as ApiStatus);
    assert.ok(error.causes.every((cause) => typeof cause === 'string'));
    assert.equal(typeof error.reason + typeof error.detail, 'stringstring');
    const delay = delayMs(0, 0, { initialMs: 100, maxMs: 1000 }, error.retryAfterMs);
    assert.ok(delay >= 100 && delay <= 300_000, `${JSON.stringify(status)}: ${delay}`);
  }
});

async function readLines(text: string): Promise<unknown[]> {
  const values: unknown[] = [];
  const bytes = (async function* () {
    yield Buffer.from(text);
  })();
  for await (const value of jsonLines(bytes)) values.push(value);
  return values;
}

test('each line of a watch is a value or an error, whatever it contains', async () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  assert.equal((await readLines(`${deep}\n`)).length, 1);
  const [polluting] = await readLines(
    '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}\n',
  );
  assert.equal(Object.hasOwn(polluting as object, '__proto__'), true);
  assert.equal('polluted' in {}, false);
  assert.deepEqual(await readLines(`${JSON.stringify({ text: hostileText })}\n`), [{ text: hostileText }]);
  for (const line of ['{', `"${'\u0000'}"`, '[1,]', hostileText, '['.repeat(100_000), 'NaN']) {
    await assert.rejects(readLines(`${line}\n`), (error: Error) => {
      assert.match(error.message, /^a line is not JSON: /);
      assert.ok(error.message.length < 200);
      return true;
    });
  }
});

test('a watch event with a hostile Status is a normal failure, and the controller continues', async () => {
  const harness = new Harness();
  harness.pools({ 'range-global': '10.1.0.1-10.1.0.9' });
  const { transport } = harness.api;
  let hostileEvents = 0;
  const object = {
    kind: 'Status',
    code: 'x',
    details: { causes: 'x', retryAfterSeconds: 'x' },
    message: hostileText,
  };
  harness.api.transport = async (request, signal) => {
    if (!/watch=true/.test(request.path) || !/spec\.type%3D/.test(request.path) || hostileEvents > 0)
      return transport(request, signal);
    hostileEvents += 1;
    const line = `${JSON.stringify({ type: 'ERROR', object })}\n`;
    return {
      status: 200,
      headers: {},
      body: (async function* () {
        yield Buffer.from(line);
      })(),
    };
  };
  harness.start();
  await eventually(() => assert.equal(hostileEvents, 1));
  await harness.create('shop/web');
  await eventually(async () => {
    harness.clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(harness.address('shop/web'), '10.1.0.1');
  });
  await harness.stop();
});
