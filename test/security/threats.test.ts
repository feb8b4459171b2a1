import assert from 'node:assert/strict';
import { test } from 'node:test';
import { annotations as names } from '../../src/core/model/well-known-names.ts';
import { Harness } from '../controller/harness.ts';

/**
 * What the user of one namespace (`thief`) can do to the Services of another (`shop`) without the policies of deploy/admission:
 * the rows of SECURITY.md. Some tests here pin what is not as one would wish; the row says what closes it.
 */

const pools = { 'range-shop': '10.1.0.1-10.1.0.99', 'range-thief': '10.2.0.1-10.2.0.2' };
const label = { implementation: 'kube-vip' };
const shopsAddress = '10.1.0.1';
const asking = (ips: string): { metadata: object } => ({
  metadata: { annotations: { [names.addresses]: ips } },
});

function threat(
  title: string,
  body: (stage: Harness) => Promise<void>,
  data: Record<string, string> = pools,
): void {
  test(title, async () => {
    const stage = new Harness();
    stage.pools(data);
    try {
      await body(stage);
    } finally {
      await stage.stop();
    }
  });
}

/** A Service of the shop that was given an address before anybody else was there. */
async function shopIsServed(stage: Harness): Promise<void> {
  stage.start();
  await stage.create('shop/web');
  await stage.settled();
  assert.equal(stage.address('shop/web'), shopsAddress);
}

function recordOf(stage: Harness, key: string): Record<string, string> {
  const text =
    stage.service(key).metadata.annotations?.[names.allocationRecord] ?? assert.fail(`${key} has a record`);
  return JSON.parse(text) as Record<string, string>;
}

function isLabelled(stage: Harness, key: string): boolean {
  return stage.service(key).metadata.labels?.implementation === 'kube-vip';
}

const says = (stage: Harness, pattern: RegExp): void =>
  assert.ok(
    stage.events().some((event) => pattern.test(event)),
    `${pattern} is among\n${stage.events().join('\n')}`,
  );

/** How it ends for the shop: it has what it had, with its mark. */
function shopIsUntouched(stage: Harness): void {
  assert.equal(stage.address('shop/web'), shopsAddress);
  assert.equal(recordOf(stage, 'shop/web').ips, shopsAddress);
  assert.ok(isLabelled(stage, 'shop/web'));
}

threat('an address that another holds, asked for by name: refused, and reported', async (stage) => {
  await shopIsServed(stage);
  await stage.create('thief/a', asking(shopsAddress));
  await stage.create('thief/b', { spec: { loadBalancerIP: shopsAddress } });
  // In hiding behind one that is free.
  await stage.create('thief/c', asking(`10.2.0.1,${shopsAddress}`));
  await stage.settled();
  shopIsUntouched(stage);
  for (const key of ['thief/a', 'thief/b', 'thief/c']) {
    assert.ok(!isLabelled(stage, key));
    says(
      stage,
      new RegExp(`^Warning SyncLoadBalancerFailed ${key}: 10\\.1\\.0\\.1 is already assigned to shop/web`),
    );
    // It stands on the Service, and kube-vip goes by that alone.
    says(stage, new RegExp(`${key}: .* kube-vip may still announce it for this Service`));
  }
});

threat('a free address of another pool, or outside of all: honoured', async (stage) => {
  stage.start();
  await stage.create('thief/web', asking('10.1.0.1'));
  await stage.create('thief/gateway', asking('192.168.0.1'));
  await stage.settled();
  assert.ok(isLabelled(stage, 'thief/web'));
  assert.ok(isLabelled(stage, 'thief/gateway'));
  await stage.create('shop/web');
  await stage.settled();
  assert.equal(stage.address('shop/web'), '10.1.0.2', 'the shop gets another one');
});

threat('a forged label: a second holder, both are warned, and the first keeps it', async (stage) => {
  await shopIsServed(stage);
  await stage.create('thief/web', {
    metadata: { labels: label, annotations: { [names.addresses]: shopsAddress } },
  });
  await stage.settled();
  shopIsUntouched(stage);
  assert.equal(recordOf(stage, 'thief/web').ips, shopsAddress, 'the controller takes the label for its own');
  says(stage, /^Warning \w+ shop\/web: 10\.1\.0\.1 is also assigned to thief\/web/);
  says(stage, /thief\/web.*10\.1\.0\.1 is also assigned to shop\/web|^Warning .* thief\/web: /);
});

threat('a forged label: the first holder moves once its own ports are edited', async (stage) => {
  await shopIsServed(stage);
  const ports = [80, 443].map((port) => ({ name: `p${port}`, port }));
  await stage.create('thief/web', {
    metadata: { labels: label, annotations: { [names.addresses]: shopsAddress } },
    spec: { loadBalancerIP: shopsAddress, ports },
  });
  await stage.settled();
  shopIsUntouched(stage);
  await stage.patch('shop/web', { spec: { ports } });
  await stage.settled();
  assert.equal(stage.address('shop/web'), '10.1.0.2');
});

threat('a forged label: it comes before a static address that bears no mark yet', async (stage) => {
  // Both were made while no controller ran.
  stage.load('shop/web', { ...asking(shopsAddress) });
  stage.load('thief/web', {
    metadata: { labels: label, annotations: { [names.addresses]: shopsAddress } },
  });
  stage.start();
  await stage.settled();
  assert.ok(isLabelled(stage, 'thief/web'));
  assert.ok(!isLabelled(stage, 'shop/web'));
  says(stage, /shop\/web: 10\.1\.0\.1 is already assigned to thief\/web/);
});

threat('a forged label: it comes before another load balancer, which goes on all the same', async (stage) => {
  stage.load('shop/other', {
    spec: { loadBalancerClass: 'example.com/other', loadBalancerIP: '10.1.0.5' },
  });
  stage.start();
  await stage.create('thief/plain', asking('10.1.0.5'));
  await stage.create('thief/forged', {
    metadata: { labels: label, annotations: { [names.addresses]: '10.1.0.5' } },
  });
  await stage.settled();
  assert.ok(!isLabelled(stage, 'thief/plain'));
  assert.ok(isLabelled(stage, 'thief/forged'));
  assert.equal(stage.service('shop/other').metadata.annotations?.[names.allocationRecord], undefined);
});

threat('a forged record with its own uid: a second holder, and the first keeps it', async (stage) => {
  await shopIsServed(stage);
  await stage.create('thief/web');
  await stage.settled();
  const forged = { ...recordOf(stage, 'thief/web'), ips: shopsAddress, from: 'range-shop' };
  await stage.patch('thief/web', {
    metadata: {
      annotations: { [names.addresses]: shopsAddress, [names.allocationRecord]: JSON.stringify(forged) },
    },
    spec: { loadBalancerIP: shopsAddress },
  });
  await stage.settled();
  shopIsUntouched(stage);
  assert.equal(stage.address('thief/web'), shopsAddress);
  says(stage, /^Warning \w+ shop\/web: 10\.1\.0\.1 is also assigned to thief\/web/);
});

threat('the record of another Service proves nothing: a copy gets an address of its own', async (stage) => {
  await shopIsServed(stage);
  // In this API chance is fixed, and with it every uid.
  const record = JSON.stringify({ ...recordOf(stage, 'shop/web'), uid: 'of the shop' });
  const annotations = { [names.addresses]: shopsAddress, [names.allocationRecord]: record };
  await stage.create('thief/copy', {
    metadata: { labels: label, annotations },
    spec: { loadBalancerIP: shopsAddress },
  });
  await stage.settled();
  shopIsUntouched(stage);
  assert.equal(stage.address('thief/copy'), '10.2.0.1');
  assert.equal(recordOf(stage, 'thief/copy').from, 'range-thief');
});

threat('a copied record of a free address keeps the address, and whatever key it names', async (stage) => {
  stage.start();
  const forged = { from: 'range-shop', ips: '10.1.0.7', ports: '', families: '', uid: 'x', by: 'x' };
  await stage.create('thief/copy', {
    metadata: {
      annotations: { [names.addresses]: '10.1.0.7', [names.allocationRecord]: JSON.stringify(forged) },
    },
  });
  await stage.settled();
  assert.equal(stage.address('thief/copy'), '10.1.0.7');
  assert.equal(recordOf(stage, 'thief/copy').from, 'range-shop');
});

threat('one Service blocks at most sixteen addresses a field', async (stage) => {
  const sixteen = (from: number): string =>
    Array.from({ length: 20 }, (_, i) => `10.1.0.${from + i}`).join(',');
  stage.start();
  await stage.create('thief/web', { ...asking(sixteen(1)), spec: { loadBalancerIP: sixteen(31) } });
  await stage.create('shop/web');
  await stage.settled();
  assert.equal(stage.address('shop/web'), '10.1.0.17');
  const free = stage.replica.controller.allocator.ledger;
  assert.equal(free.usedCount('IPv4', [{ first: 0n, last: 2n ** 33n }]), 33n);
});

threat('a Service of another class, or one to be ignored, blocks what it names', async (stage) => {
  stage.start();
  await stage.create('thief/class', {
    spec: { loadBalancerClass: 'example.com/none', loadBalancerIP: '10.1.0.1' },
  });
  await stage.create('thief/ignored', {
    metadata: { annotations: { [names.addresses]: '10.1.0.2', 'kube-vip.io/ignore': 'true' } },
  });
  await stage.settled();
  await stage.create('shop/web');
  await stage.settled();
  assert.equal(stage.address('shop/web'), '10.1.0.3');
});

threat('an invented lease blocks addresses as long as it asks for DHCP', async (stage) => {
  stage.start();
  const lease = { [names.requestedIP]: '10.1.0.1,10.1.0.2' };
  await stage.create('thief/lease', {
    metadata: { annotations: { ...lease, [names.addresses]: '0.0.0.0' } },
  });
  await stage.create('thief/none', { metadata: { annotations: { [names.requestedIP]: '10.1.0.3' } } });
  await stage.settled();
  await stage.create('shop/web');
  await stage.settled();
  assert.equal(stage.address('shop/web'), '10.1.0.3');
});

threat('many Services: a full pool is nobody else’s, unless it is the global one', async (stage) => {
  stage.start();
  for (const name of ['a', 'b', 'c', 'd']) await stage.create(`thief/${name}`);
  await stage.create('shop/web');
  await stage.settled();
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((name) => stage.address(`thief/${name}`)),
    ['10.2.0.1', '10.2.0.2', undefined, undefined],
  );
  assert.equal(stage.address('shop/web'), shopsAddress);
});

threat('a Service that its finalizer keeps alive keeps its address', async (stage) => {
  stage.start();
  const metadata = { finalizers: ['example.com/never'] };
  await stage.create('thief/a', { metadata });
  await stage.create('thief/b', { metadata });
  await stage.settled();
  await stage.delete('thief/a');
  await stage.delete('thief/b');
  await stage.create('thief/c');
  await stage.settled();
  assert.equal(stage.address('thief/c'), undefined);
});

threat(
  'nobody shares an address with a namespace that does not allow it',
  async (stage) => {
    stage.start();
    await stage.create('shop/web');
    await stage.settled();
    await stage.create('thief/other-port', { spec: { ports: [{ port: 8080 }] } });
    await stage.settled();
    assert.deepEqual(
      [stage.address('shop/web'), stage.address('thief/other-port')],
      ['10.3.0.1', '10.3.0.2'],
    );
  },
  { 'range-global': '10.3.0.1-10.3.0.9', 'allow-share-thief': 'true' },
);

threat(
  'with allow-share-global, strangers are put on one address, each with its own ports',
  async (stage) => {
    stage.start();
    await stage.create('shop/web');
    await stage.settled();
    await stage.create('thief/other-port', { spec: { ports: [{ port: 8080 }] } });
    await stage.create('thief/same-port');
    await stage.settled();
    assert.deepEqual(
      ['shop/web', 'thief/other-port', 'thief/same-port'].map((key) => stage.address(key)),
      ['10.3.0.1', '10.3.0.1', '10.3.0.2'],
    );
  },
  { 'range-global': '10.3.0.1-10.3.0.9', 'allow-share-global': 'true' },
);

threat('two that ask for one address by name have it together if no port is common', async (stage) => {
  stage.start();
  await stage.create('shop/web', asking('10.1.0.9'));
  await stage.settled();
  await stage.create('thief/web', { ...asking('10.1.0.9'), spec: { ports: [{ port: 8080 }] } });
  await stage.settled();
  assert.ok(isLabelled(stage, 'shop/web'));
  assert.ok(isLabelled(stage, 'thief/web'));
});

threat('a wish for a fresh allocation, like any annotation, concerns its own Service', async (stage) => {
  await shopIsServed(stage);
  await stage.create('thief/web', {
    metadata: { annotations: { [names.addresses]: shopsAddress, [names.reallocate]: 'true' } },
  });
  await stage.settled();
  shopIsUntouched(stage);
  assert.equal(stage.address('thief/web'), '10.2.0.1');
});
