import assert from 'node:assert/strict';
import { test } from 'node:test';
import { annotations as names } from '../../src/core/model/well-known-names.ts';
import { Harness } from '../controller/harness.ts';

/**
 * What a user of one namespace (`thief`) can do to Services of another (`shop`) without the policies in deploy/admission:
 * the rows of SECURITY.md. Some tests document an undesirable result; the row names the mitigation.
 */

const pools = { 'range-shop': '10.1.0.1-10.1.0.99', 'range-thief': '10.2.0.1-10.2.0.2' };
const label = { implementation: 'kube-vip' };
const shopsAddress = '10.1.0.1';
const requesting = (ips: string): { metadata: object } => ({
  metadata: { annotations: { [names.addresses]: ips } },
});

function threat(
  title: string,
  body: (harness: Harness) => Promise<void>,
  data: Record<string, string> = pools,
): void {
  test(title, async () => {
    const harness = new Harness();
    harness.pools(data);
    try {
      await body(harness);
    } finally {
      await harness.stop();
    }
  });
}

/** Creates a Service in `shop` that gets an address before there are others. */
async function assignShopAddress(harness: Harness): Promise<void> {
  harness.start();
  await harness.create('shop/web');
  await harness.settled();
  assert.equal(harness.address('shop/web'), shopsAddress);
}

function recordOf(harness: Harness, key: string): Record<string, string> {
  const text =
    harness.service(key).metadata.annotations?.[names.allocationRecord] ?? assert.fail(`${key} has a record`);
  return JSON.parse(text) as Record<string, string>;
}

function isLabelled(harness: Harness, key: string): boolean {
  return harness.service(key).metadata.labels?.implementation === 'kube-vip';
}

const hasEvent = (harness: Harness, pattern: RegExp): void =>
  assert.ok(
    harness.events().some((event) => pattern.test(event)),
    `${pattern} is among\n${harness.events().join('\n')}`,
  );

/** Checks that the Service in `shop` still has its address, allocation record and label. */
function shopIsUntouched(harness: Harness): void {
  assert.equal(harness.address('shop/web'), shopsAddress);
  assert.equal(recordOf(harness, 'shop/web').ips, shopsAddress);
  assert.ok(isLabelled(harness, 'shop/web'));
}

threat('a request for an address of another holder: a conflict, which is reported', async (harness) => {
  await assignShopAddress(harness);
  await harness.create('thief/a', requesting(shopsAddress));
  await harness.create('thief/b', { spec: { loadBalancerIP: shopsAddress } });
  // After a free address in the same list.
  await harness.create('thief/c', requesting(`10.2.0.1,${shopsAddress}`));
  await harness.settled();
  shopIsUntouched(harness);
  for (const key of ['thief/a', 'thief/b', 'thief/c']) {
    assert.ok(!isLabelled(harness, key));
    hasEvent(
      harness,
      new RegExp(`^Warning SyncLoadBalancerFailed ${key}: 10\\.1\\.0\\.1 is already assigned to shop/web`),
    );
    // kube-vip announces any address on the Service.
    hasEvent(harness, new RegExp(`${key}: .* kube-vip may still announce it for this Service`));
  }
});

threat('a request for a free address of another pool, or outside all pools: honored', async (harness) => {
  harness.start();
  await harness.create('thief/web', requesting('10.1.0.1'));
  await harness.create('thief/gateway', requesting('192.168.0.1'));
  await harness.settled();
  assert.ok(isLabelled(harness, 'thief/web'));
  assert.ok(isLabelled(harness, 'thief/gateway'));
  await harness.create('shop/web');
  await harness.settled();
  assert.equal(harness.address('shop/web'), '10.1.0.2', 'the shop gets another address');
});

threat(
  'a forged label: a second holder, both get a warning, and the first one keeps the address',
  async (harness) => {
    await assignShopAddress(harness);
    await harness.create('thief/web', {
      metadata: { labels: label, annotations: { [names.addresses]: shopsAddress } },
    });
    await harness.settled();
    shopIsUntouched(harness);
    assert.equal(recordOf(harness, 'thief/web').ips, shopsAddress, 'the controller trusts the label');
    hasEvent(harness, /^Warning \w+ shop\/web: 10\.1\.0\.1 is also assigned to thief\/web/);
    hasEvent(harness, /thief\/web.*10\.1\.0\.1 is also assigned to shop\/web|^Warning .* thief\/web: /);
  },
);

threat('a forged label: the first holder gets another address when its ports are edited', async (harness) => {
  await assignShopAddress(harness);
  const ports = [80, 443].map((port) => ({ name: `p${port}`, port }));
  await harness.create('thief/web', {
    metadata: { labels: label, annotations: { [names.addresses]: shopsAddress } },
    spec: { loadBalancerIP: shopsAddress, ports },
  });
  await harness.settled();
  shopIsUntouched(harness);
  await harness.patch('shop/web', { spec: { ports } });
  await harness.settled();
  assert.equal(harness.address('shop/web'), '10.1.0.2');
});

threat('a forged label: takes precedence over a static address without a label', async (harness) => {
  // Both Services were created while no controller ran.
  harness.load('shop/web', { ...requesting(shopsAddress) });
  harness.load('thief/web', {
    metadata: { labels: label, annotations: { [names.addresses]: shopsAddress } },
  });
  harness.start();
  await harness.settled();
  assert.ok(isLabelled(harness, 'thief/web'));
  assert.ok(!isLabelled(harness, 'shop/web'));
  hasEvent(harness, /shop\/web: 10\.1\.0\.1 is already assigned to thief\/web/);
});

threat(
  'a forged label: takes precedence over another load balancer, whose Service stays unchanged',
  async (harness) => {
    harness.load('shop/other', {
      spec: { loadBalancerClass: 'example.com/other', loadBalancerIP: '10.1.0.5' },
    });
    harness.start();
    await harness.create('thief/plain', requesting('10.1.0.5'));
    await harness.create('thief/forged', {
      metadata: { labels: label, annotations: { [names.addresses]: '10.1.0.5' } },
    });
    await harness.settled();
    assert.ok(!isLabelled(harness, 'thief/plain'));
    assert.ok(isLabelled(harness, 'thief/forged'));
    assert.equal(harness.service('shop/other').metadata.annotations?.[names.allocationRecord], undefined);
  },
);

threat(
  'a forged allocation record with its own UID: a second holder, and the first one keeps the address',
  async (harness) => {
    await assignShopAddress(harness);
    await harness.create('thief/web');
    await harness.settled();
    const forged = { ...recordOf(harness, 'thief/web'), ips: shopsAddress, from: 'range-shop' };
    await harness.patch('thief/web', {
      metadata: {
        annotations: { [names.addresses]: shopsAddress, [names.allocationRecord]: JSON.stringify(forged) },
      },
      spec: { loadBalancerIP: shopsAddress },
    });
    await harness.settled();
    shopIsUntouched(harness);
    assert.equal(harness.address('thief/web'), shopsAddress);
    hasEvent(harness, /^Warning \w+ shop\/web: 10\.1\.0\.1 is also assigned to thief\/web/);
  },
);

threat(
  'a copied allocation record of another Service: ignored, and the copy gets a separate address',
  async (harness) => {
    await assignShopAddress(harness);
    // The embedded API generates the same UIDs in every run, so set another one.
    const record = JSON.stringify({ ...recordOf(harness, 'shop/web'), uid: 'of the shop' });
    const annotations = { [names.addresses]: shopsAddress, [names.allocationRecord]: record };
    await harness.create('thief/copy', {
      metadata: { labels: label, annotations },
      spec: { loadBalancerIP: shopsAddress },
    });
    await harness.settled();
    shopIsUntouched(harness);
    assert.equal(harness.address('thief/copy'), '10.2.0.1');
    assert.equal(recordOf(harness, 'thief/copy').from, 'range-thief');
  },
);

threat(
  'a copied allocation record with a free address: the address and the named key are kept',
  async (harness) => {
    harness.start();
    const forged = { from: 'range-shop', ips: '10.1.0.7', ports: '', families: '', uid: 'x', by: 'x' };
    await harness.create('thief/copy', {
      metadata: {
        annotations: { [names.addresses]: '10.1.0.7', [names.allocationRecord]: JSON.stringify(forged) },
      },
    });
    await harness.settled();
    assert.equal(harness.address('thief/copy'), '10.1.0.7');
    assert.equal(recordOf(harness, 'thief/copy').from, 'range-shop');
  },
);

threat('one Service blocks at most 16 addresses per field', async (harness) => {
  const sixteen = (from: number): string =>
    Array.from({ length: 20 }, (_, i) => `10.1.0.${from + i}`).join(',');
  harness.start();
  await harness.create('thief/web', { ...requesting(sixteen(1)), spec: { loadBalancerIP: sixteen(31) } });
  await harness.create('shop/web');
  await harness.settled();
  assert.equal(harness.address('shop/web'), '10.1.0.17');
  const free = harness.replica.controller.allocator.ledger;
  assert.equal(free.usage()('IPv4', [{ first: 0n, last: 2n ** 33n }]), 33n);
});

threat(
  'a Service of another class, or an ignored one: blocks the addresses that it requests',
  async (harness) => {
    harness.start();
    await harness.create('thief/class', {
      spec: { loadBalancerClass: 'example.com/none', loadBalancerIP: '10.1.0.1' },
    });
    await harness.create('thief/ignored', {
      metadata: { annotations: { [names.addresses]: '10.1.0.2', 'kube-vip.io/ignore': 'true' } },
    });
    await harness.settled();
    await harness.create('shop/web');
    await harness.settled();
    assert.equal(harness.address('shop/web'), '10.1.0.3');
  },
);

threat('a forged DHCP lease: blocks addresses while the Service requests DHCP', async (harness) => {
  harness.start();
  const lease = { [names.requestedIP]: '10.1.0.1,10.1.0.2' };
  await harness.create('thief/lease', {
    metadata: { annotations: { ...lease, [names.addresses]: '0.0.0.0' } },
  });
  await harness.create('thief/none', { metadata: { annotations: { [names.requestedIP]: '10.1.0.3' } } });
  await harness.settled();
  await harness.create('shop/web');
  await harness.settled();
  assert.equal(harness.address('shop/web'), '10.1.0.3');
});

threat('many Services: exhaust only their own pool, unless it is the global one', async (harness) => {
  harness.start();
  for (const name of ['a', 'b', 'c', 'd']) await harness.create(`thief/${name}`);
  await harness.create('shop/web');
  await harness.settled();
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((name) => harness.address(`thief/${name}`)),
    ['10.2.0.1', '10.2.0.2', undefined, undefined],
  );
  assert.equal(harness.address('shop/web'), shopsAddress);
});

threat('a Service whose finalizer prevents deletion: keeps its address', async (harness) => {
  harness.start();
  const metadata = { finalizers: ['example.com/never'] };
  await harness.create('thief/a', { metadata });
  await harness.create('thief/b', { metadata });
  await harness.settled();
  await harness.delete('thief/a');
  await harness.delete('thief/b');
  await harness.create('thief/c');
  await harness.settled();
  assert.equal(harness.address('thief/c'), undefined);
});

threat(
  'an address is not shared with a namespace that does not allow it',
  async (harness) => {
    harness.start();
    await harness.create('shop/web');
    await harness.settled();
    await harness.create('thief/other-port', { spec: { ports: [{ port: 8080 }] } });
    await harness.settled();
    assert.deepEqual(
      [harness.address('shop/web'), harness.address('thief/other-port')],
      ['10.3.0.1', '10.3.0.2'],
    );
  },
  { 'range-global': '10.3.0.1-10.3.0.9', 'allow-share-thief': 'true' },
);

threat(
  'with allow-share-global, Services of different namespaces share an address if their ports differ',
  async (harness) => {
    harness.start();
    await harness.create('shop/web');
    await harness.settled();
    await harness.create('thief/other-port', { spec: { ports: [{ port: 8080 }] } });
    await harness.create('thief/same-port');
    await harness.settled();
    assert.deepEqual(
      ['shop/web', 'thief/other-port', 'thief/same-port'].map((key) => harness.address(key)),
      ['10.3.0.1', '10.3.0.1', '10.3.0.2'],
    );
  },
  { 'range-global': '10.3.0.1-10.3.0.9', 'allow-share-global': 'true' },
);

threat(
  'two requests for the same address: shared if the Services have no port in common',
  async (harness) => {
    harness.start();
    await harness.create('shop/web', requesting('10.1.0.9'));
    await harness.settled();
    await harness.create('thief/web', { ...requesting('10.1.0.9'), spec: { ports: [{ port: 8080 }] } });
    await harness.settled();
    assert.ok(isLabelled(harness, 'shop/web'));
    assert.ok(isLabelled(harness, 'thief/web'));
  },
);

threat('a reallocation request, like any annotation: only affects its own Service', async (harness) => {
  await assignShopAddress(harness);
  await harness.create('thief/web', {
    metadata: { annotations: { [names.addresses]: shopsAddress, [names.reallocate]: 'true' } },
  });
  await harness.settled();
  shopIsUntouched(harness);
  assert.equal(harness.address('thief/web'), '10.2.0.1');
});
