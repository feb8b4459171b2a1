import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../client/fake-clock.ts';
import { Harness, type Interception } from './harness.ts';

const pools = { 'cidr-global': '192.168.4.0/28' };

function showing(...ips: string[]): { status: object } {
  return { status: { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } } };
}

function nodeList(addresses: Record<string, string>): Interception {
  const items = Object.entries(addresses).map(([name, address]) => ({
    metadata: { name },
    status: {
      addresses: [
        { type: 'Hostname', address: name },
        { type: 'InternalIP', address },
      ],
    },
  }));
  return {
    status: 200,
    body: { kind: 'NodeList', apiVersion: 'v1', metadata: { resourceVersion: '5' }, items },
  };
}

/** A harness that counts the lists of Nodes. */
function harnessWith(nodes: () => Interception): { harness: Harness; lists: () => number } {
  const harness = new Harness();
  let lists = 0;
  harness.onNodes = () => {
    lists += 1;
    return nodes();
  };
  harness.pools(pools);
  return { harness, lists: () => lists };
}

test('a Service adopts the address in its status, with an event', async () => {
  const { harness, lists } = harnessWith(() => nodeList({ n1: '192.168.4.11' }));
  harness.load('default/web', showing('192.168.4.12'));
  harness.load('default/new');
  harness.start();
  await harness.settled();
  assert.deepEqual(
    harness.events().filter((text) => text.includes('default/web')),
    ["Normal EnsuredLoadBalancer default/web: Adopted 192.168.4.12 from the Service's status"],
  );
  assert.equal(harness.address('default/web'), '192.168.4.12');
  assert.equal(harness.address('default/new'), '192.168.4.1');
  assert.equal(lists(), 1);
  await harness.stop();
});

test('the address of a Node is not adopted, and the Nodes are listed once for many Services', async () => {
  const { harness, lists } = harnessWith(() => nodeList({ n1: '192.168.4.11', n2: 'fd00::11' }));
  harness.load('default/a', showing('192.168.4.11'));
  harness.load('default/b', showing('192.168.4.12'));
  harness.load('default/c', showing('192.168.4.13'));
  harness.start();
  await harness.settled();
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => harness.address(`default/${name}`)),
    ['192.168.4.1', '192.168.4.12', '192.168.4.13'],
  );
  assert.ok(
    harness
      .events()
      .includes('Normal EnsuredLoadBalancer default/a: Assigned 192.168.4.1 (from cidr-global)'),
  );
  assert.equal(lists(), 1);
  await harness.stop();
});

test('without a status to adopt, Nodes are never listed; a list counts for a minute', async () => {
  const { harness, lists } = harnessWith(() => nodeList({}));
  harness.load('default/new');
  harness.start();
  await harness.settled();
  assert.equal(lists(), 0);
  for (const [name, expected] of [
    ['a', 1],
    ['b', 1],
  ] as const) {
    harness.load(`default/${name}`, showing(`192.168.4.${name === 'a' ? 7 : 8}`));
    await until(() => harness.address(`default/${name}`) !== undefined);
    assert.equal(lists(), expected, name);
  }
  harness.clock.advance(61_000);
  harness.load('default/c', showing('192.168.4.9'));
  await until(() => harness.address('default/c') !== undefined);
  assert.equal(lists(), 2);
  await harness.stop();
});

test('if Nodes cannot be listed, one address in the status is adopted, and the log says so once', async () => {
  const { harness, lists } = harnessWith(() => ({
    status: 403,
    body: { kind: 'Status', message: 'nodes is forbidden' },
  }));
  harness.load('default/a', showing('192.168.4.11'));
  harness.load('default/b', showing('192.168.4.12'));
  harness.load('default/k3s', showing('192.168.4.13', '192.168.4.14'));
  harness.start();
  await harness.settled();
  assert.deepEqual(
    ['a', 'b', 'k3s'].map((name) => harness.address(`default/${name}`)),
    ['192.168.4.11', '192.168.4.12', '192.168.4.1'],
  );
  const logged = harness.log.lines.filter((line) => line.includes('Nodes cannot be listed'));
  assert.equal(logged.length, 1);
  assert.match(logged[0] ?? '', /^info: .* grant the verb "list" on nodes: .*nodes is forbidden/);
  assert.equal(lists(), 1);
  await harness.stop();
});

test('while the list of Nodes fails, nothing is adopted, and the address stays reserved', async () => {
  const { harness } = harnessWith(() => ({ status: 503 }));
  harness.load('default/a', showing('192.168.4.1'));
  harness.start();
  await until(() => harness.clock.timers().length > 0);
  await harness.create('default/b');
  await until(() => harness.address('default/b') !== undefined);
  assert.equal(harness.address('default/b'), '192.168.4.2');
  assert.equal(harness.address('default/a'), undefined);
  harness.onNodes = () => nodeList({ n1: '192.168.4.1' });
  harness.clock.advance(1_000);
  await harness.settled();
  assert.equal(harness.address('default/a'), '192.168.4.3');
  await harness.stop();
});

test('an address of a pool that is removed while Nodes are listed is not adopted', async () => {
  const { harness, lists } = harnessWith(() => ({ status: 503 }));
  harness.load('default/a', showing('192.168.4.1'));
  harness.start();
  await until(() => lists() > 0);
  const before = harness.replica.controller.allocator.config;
  await harness.request('PATCH', 'kube-system/configmaps/kubevip', {
    data: { 'cidr-global': '10.0.0.0/28' },
  });
  await until(() => harness.replica.controller.allocator.config !== before);
  harness.onNodes = () => nodeList({});
  harness.clock.advance(1_000);
  await harness.settled();
  assert.equal(harness.address('default/a'), '10.0.0.1');
  await harness.stop();
});
