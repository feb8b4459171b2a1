import assert from 'node:assert/strict';
import { eventually, quietTime } from './eventually.ts';
import { assigned, loadBalancer, names } from './objects.ts';
import {
  assignedEvent,
  at,
  fromPool,
  hasEvents,
  heldEvent,
  inUseEvent,
  pool,
  requestedEvent,
  resolvedEvent,
  samePort,
} from './reported-events.ts';
import { scenarios } from './scenario.ts';

const scenario = scenarios('conflicts');

scenario(
  'if two Services request the same address, the older one gets it, both report the conflict, and it ends when one of them gives way',
  async ({ cluster, start }) => {
    await cluster.pools(pool);
    await cluster.create(loadBalancer('default/a', at('192.168.7.7')));
    const second = await cluster.create(loadBalancer('default/b', { loadBalancerIP: '192.168.7.7' }));
    start();
    await cluster.becomes('default/a', assigned('192.168.7.7', 'static'));
    const first = [assignedEvent('192.168.7.7'), requestedEvent('192.168.7.7', samePort('default/b'))];
    await hasEvents(cluster, 'default/a', ...first);
    await hasEvents(cluster, 'default/b', inUseEvent('192.168.7.7', 'default/a'));
    assert.equal(await cluster.version('default/b'), second.metadata.resourceVersion);
    // The contender requests another address.
    const { metadata } = await cluster.service('default/a');
    await cluster.patch('default/b', { spec: { loadBalancerIP: '192.168.7.8' } });
    await cluster.becomes('default/b', assigned('192.168.7.8', 'static'));
    await hasEvents(cluster, 'default/a', ...first, resolvedEvent('192.168.7.7'));
    // The contender requests it again, and the holder is deleted.
    await cluster.annotate('default/b', { [names.addresses]: '192.168.7.7' });
    await hasEvents(
      cluster,
      'default/a',
      ...[...first, resolvedEvent('192.168.7.7'), requestedEvent('192.168.7.7', samePort('default/b'))],
    );
    assert.equal(await cluster.version('default/a'), metadata.resourceVersion);
    await cluster.remove('default/a');
    await cluster.becomes('default/b', assigned('192.168.7.7', 'static'));
    await hasEvents(
      cluster,
      'default/b',
      inUseEvent('192.168.7.7', 'default/a'),
      assignedEvent('192.168.7.8'),
      inUseEvent('192.168.7.7', 'default/a'),
      assignedEvent('192.168.7.7'),
    );
  },
);

scenario(
  'an existing duplicate is reported on two and on three holders, each with all others, and no address changes',
  async ({ cluster, start }) => {
    await cluster.pools(pool);
    // Services as the Go version writes them.
    const both = { annotations: { [names.addresses]: '10.1.0.1' }, loadBalancerIP: '10.1.0.1' };
    const given = { ...both, labels: { [names.implementation]: 'kube-vip' } };
    await cluster.create(loadBalancer('default/a', given));
    await cluster.create(loadBalancer('default/b', given));
    start();
    await hasEvents(cluster, 'default/a', heldEvent('10.1.0.1', samePort('default/b')));
    await hasEvents(cluster, 'default/b', heldEvent('10.1.0.1', samePort('default/a')));
    await cluster.create(loadBalancer('default/c', given));
    const [a, b, c] = ['default/a', 'default/b', 'default/c'].map(samePort);
    await hasEvents(
      cluster,
      'default/a',
      heldEvent('10.1.0.1', `${b}`),
      heldEvent('10.1.0.1', `${b} and ${c}`),
    );
    await hasEvents(cluster, 'default/c', heldEvent('10.1.0.1', `${a} and ${b}`));
    for (const key of ['default/a', 'default/b', 'default/c'])
      await cluster.becomes(key, fromPool('10.1.0.1'));
    await cluster.remove('default/b');
    await hasEvents(
      cluster,
      'default/a',
      ...[
        heldEvent('10.1.0.1', `${b}`),
        heldEvent('10.1.0.1', `${b} and ${c}`),
        heldEvent('10.1.0.1', `${c}`),
      ],
    );
    // A user requests reallocation for one Service, and the other keeps the address.
    await cluster.annotate('default/c', { 'kube-vip.io/reallocate': 'true' });
    await cluster.becomes('default/c', fromPool('10.1.0.2'));
    await eventually(async () => {
      const last = (await cluster.events('default/a')).at(-1);
      assert.equal(last?.reason, 'AddressConflictResolved');
    });
    await hasEvents(
      cluster,
      'default/c',
      heldEvent('10.1.0.1', `${a} and ${b}`),
      heldEvent('10.1.0.1', `${a}`),
      assignedEvent('10.1.0.2'),
    );
    await cluster.becomes('default/a', fromPool('10.1.0.1'));
  },
);

scenario(
  'of many contenders an event names three and counts the rest, and one more causes no new event',
  async ({ cluster, start }) => {
    await cluster.pools(pool);
    for (let number = 0; number <= 8; number += 1)
      await cluster.create(loadBalancer(`default/s${number}`, { loadBalancerIP: '192.168.7.7' }));
    const controller = start();
    await cluster.becomes('default/s0', { ...assigned('192.168.7.7', 'static'), addresses: '192.168.7.7' });
    const [one, two, three] = [1, 2, 3].map((number) => samePort(`default/s${number}`));
    const named = `${one}, ${two}, ${three} and 5 more`;
    await hasEvents(
      cluster,
      'default/s0',
      assignedEvent('192.168.7.7'),
      requestedEvent('192.168.7.7', named),
    );
    for (let number = 1; number <= 8; number += 1)
      await hasEvents(cluster, `default/s${number}`, inUseEvent('192.168.7.7', 'default/s0'));
    await cluster.create(loadBalancer('default/s9', { loadBalancerIP: '192.168.7.7' }));
    await hasEvents(cluster, 'default/s9', inUseEvent('192.168.7.7', 'default/s0'));
    const before = await cluster.versions();
    await quietTime();
    assert.deepEqual(await cluster.versions(), before);
    assert.equal(controller.log.filter(({ service }) => service === 'default/s0').length, 2);
  },
);

/** Edits that set another Service's address. */
const edits: readonly [what: string, edit: object][] = [
  ['the annotation', { metadata: { annotations: { [names.addresses]: '10.1.0.1' } } }],
  ['the spec', { spec: { loadBalancerIP: '10.1.0.1' } }],
  [
    'both of them',
    { metadata: { annotations: { [names.addresses]: '10.1.0.1' } }, spec: { loadBalancerIP: '10.1.0.1' } },
  ],
];

scenario(
  "an edit to another Service's address changes no other Service, whichever field is edited",
  async ({ cluster, start }) => {
    await cluster.pools(pool);
    start();
    for (const [index, name] of ['holder', 'web'].entries()) {
      await cluster.create(loadBalancer(`default/${name}`));
      await cluster.becomes(`default/${name}`, fromPool(`10.1.0.${index + 1}`));
    }
    const version = await cluster.version('default/holder');
    const events = [assignedEvent('10.1.0.1')];
    for (const [what, edit] of edits) {
      await cluster.patch('default/web', edit);
      events.push(requestedEvent('10.1.0.1', samePort('default/web')));
      await hasEvents(cluster, 'default/holder', ...events);
      await cluster.warns('default/web', /10\.1\.0\.1 is already assigned to default\/holder/);
      // After the fields are removed, the Service gets an address from the pool.
      const removed = { [names.addresses]: null, [names.record]: null };
      await cluster.patch('default/web', {
        metadata: { annotations: removed },
        spec: { loadBalancerIP: null },
      });
      events.push(resolvedEvent('10.1.0.1'));
      await hasEvents(cluster, 'default/holder', ...events);
      await cluster.becomes('default/web', fromPool('10.1.0.2'));
      assert.equal(await cluster.version('default/holder'), version, what);
    }
  },
);

scenario(
  'a forged allocation record creates a duplicate that is reported on both Services, and no address changes',
  async ({ cluster, start }) => {
    await cluster.pools(pool);
    start();
    for (const [index, name] of ['holder', 'web'].entries()) {
      await cluster.create(loadBalancer(`default/${name}`));
      await cluster.becomes(`default/${name}`, fromPool(`10.1.0.${index + 1}`));
    }
    const version = await cluster.version('default/holder');
    const { metadata } = await cluster.service('default/web');
    const record = metadata.annotations?.[names.record] ?? '';
    const forged = record.replace('10.1.0.2', '10.1.0.1');
    assert.notEqual(forged, record);
    await cluster.patch('default/web', {
      metadata: { annotations: { [names.addresses]: '10.1.0.1', [names.record]: forged } },
      spec: { loadBalancerIP: '10.1.0.1' },
    });
    const events = [assignedEvent('10.1.0.1'), heldEvent('10.1.0.1', samePort('default/web'))];
    await hasEvents(cluster, 'default/holder', ...events);
    await hasEvents(
      cluster,
      'default/web',
      assignedEvent('10.1.0.2'),
      heldEvent('10.1.0.1', samePort('default/holder')),
    );
    await cluster.annotate('default/web', { 'kube-vip.io/reallocate': 'true' });
    await cluster.becomes('default/web', fromPool('10.1.0.2'));
    await hasEvents(cluster, 'default/holder', ...events, resolvedEvent('10.1.0.1'));
    assert.equal(await cluster.version('default/holder'), version);
  },
);
