import assert from 'node:assert/strict';
import { eventually, quietTime } from './eventually.ts';
import { assigned, assignmentOf, loadBalancer, names, unassigned } from './objects.ts';
import { scenarios } from './scenario.ts';

const scenario = scenarios('edits');
const ofPool = (address: string, more = {}) => assigned(address, 'range-default', more);

scenario(
  'a Service that changes to type ClusterIP is cleaned up in one write and a pending Service gets its address; changed back, it gets a new one',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1', 'interface-default': 'eth3' });
    start();
    await cluster.create(loadBalancer('default/web', { annotations: { owner: 'shop' } }));
    await cluster.becomes('default/web', ofPool('10.1.0.1', { interface: 'eth3' }));
    await cluster.create(loadBalancer('default/pending'));
    await cluster.warns('default/pending', /range-default is full/);
    const watch = await cluster.watch();
    await cluster.patch('default/web', { spec: { type: 'ClusterIP' } });
    await cluster.becomes('default/pending', ofPool('10.1.0.1', { interface: 'eth3' }));
    await cluster.becomes('default/web', unassigned);
    const { metadata } = await cluster.service('default/web');
    assert.deepEqual(metadata.annotations, { owner: 'shop' });
    assert.equal(metadata.labels, undefined);
    // Three changes: one by the test, and one by the controller for each Service.
    const events = await watch.take(3);
    watch.close();
    const versions = events.map(({ object }) => [object.metadata.name, object.metadata.resourceVersion]);
    assert.equal(versions.filter(([name]) => name === 'web').length, 2);
    assert.ok(versions.some(([, version]) => version === metadata.resourceVersion));
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.2' });
    await cluster.patch('default/web', { spec: { type: 'LoadBalancer' } });
    await cluster.becomes('default/web', ofPool('10.1.0.2'));
  },
);

scenario(
  'a Service that changed to type ClusterIP while no controller ran is cleaned up at startup, and its address is released',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1', 'interface-default': 'eth3' });
    const first = start();
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', ofPool('10.1.0.1', { interface: 'eth3' }));
    await first.terminate();
    await cluster.patch('default/web', { spec: { type: 'ClusterIP' } });
    await cluster.create(loadBalancer('default/next'));
    const before = Number(await cluster.version('default/web'));
    start();
    await cluster.becomes('default/web', unassigned);
    await cluster.becomes('default/next', ofPool('10.1.0.1', { interface: 'eth3' }));
    assert.ok(Number(await cluster.version('default/web')) > before);
  },
);

scenario(
  'a Service that changed to type ClusterIP and back while no controller ran keeps its address without a write',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.2' });
    const first = start();
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', ofPool('10.1.0.1'));
    await first.terminate();
    await cluster.patch('default/web', { spec: { type: 'ClusterIP' } });
    await cluster.patch('default/web', { spec: { type: 'LoadBalancer' } });
    const version = await cluster.version('default/web');
    start();
    await cluster.create(loadBalancer('default/next'));
    await cluster.becomes('default/next', ofPool('10.1.0.2'));
    assert.deepEqual(await cluster.assignment('default/web'), ofPool('10.1.0.1'));
    assert.equal(await cluster.version('default/web'), version);
  },
);

scenario(
  'a static annotation stays when its Service changes to type ClusterIP; all other fields are removed',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1' });
    start();
    const annotations = { [names.addresses]: '10.1.0.1' };
    await cluster.create(loadBalancer('default/web', { annotations }));
    await cluster.becomes('default/web', assigned('10.1.0.1', 'static'));
    await cluster.create(loadBalancer('default/pending'));
    await cluster.warns('default/pending', /range-default is full/);
    await cluster.patch('default/web', { spec: { type: 'ClusterIP' } });
    await cluster.becomes('default/pending', ofPool('10.1.0.1'));
    await eventually(async () => {
      const { addresses, label, from } = await cluster.assignment('default/web');
      assert.deepEqual([addresses, label, from], ['10.1.0.1', null, null]);
    });
  },
);

scenario(
  'an edited annotation is honored: the spec follows, and a pending Service gets the old address',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1' });
    start();
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', ofPool('10.1.0.1'));
    await cluster.create(loadBalancer('default/pending'));
    await cluster.warns('default/pending', /range-default is full/);
    await cluster.annotate('default/web', { [names.addresses]: '192.168.7.7' });
    await cluster.becomes('default/web', assigned('192.168.7.7', 'static'));
    await cluster.becomes('default/pending', ofPool('10.1.0.1'));
  },
);

scenario(
  'an edited spec replaces the entry of its family in the annotation, at the same position',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9,2001:db8::1' });
    start();
    const dual = { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6', 'IPv4'] };
    await cluster.create(loadBalancer('default/dual', dual));
    await cluster.create(loadBalancer('default/single'));
    await cluster.becomes('default/dual', ofPool('2001:db8::1,10.1.0.1'));
    await cluster.becomes('default/single', ofPool('10.1.0.2'));
    await cluster.patch('default/single', { spec: { loadBalancerIP: '10.1.0.9' } });
    await cluster.becomes('default/single', assigned('10.1.0.9', 'static'));
    await cluster.patch('default/dual', { spec: { loadBalancerIP: '2001:db8::99' } });
    await cluster.becomes('default/dual', assigned('2001:db8::99,10.1.0.1', 'static'));
  },
);

scenario(
  'single to dual stack keeps the address and adds the other family; dual to single stack releases that one',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9,2001:db8::1' });
    start();
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', ofPool('10.1.0.1'));
    await cluster.patch('default/web', { spec: { ipFamilyPolicy: 'PreferDualStack' } });
    await cluster.becomes('default/web', ofPool('10.1.0.1,2001:db8::1'));
    await cluster.create(loadBalancer('default/pending', { ipFamilies: ['IPv6'] }));
    await cluster.warns('default/pending', /its only IPv6 address is in use/);
    await cluster.patch('default/web', { spec: { ipFamilyPolicy: 'SingleStack' } });
    await cluster.becomes('default/web', ofPool('10.1.0.1'));
    await cluster.becomes('default/pending', ofPool('2001:db8::1'));
  },
);

scenario(
  "an edit to another Service's address removes the label and the allocation record, releases the old address, and names the holder",
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.2' });
    start();
    for (const name of ['holder', 'web']) {
      await cluster.create(loadBalancer(`default/${name}`));
      await eventually(async () =>
        assert.equal((await cluster.assignment(`default/${name}`)).label, 'kube-vip'),
      );
    }
    await cluster.annotate('default/web', { [names.addresses]: '10.1.0.1' });
    await cluster.warns('default/web', /10\.1\.0\.1 is already assigned to default\/holder/);
    await eventually(async () => {
      const { addresses, label, from } = await cluster.assignment('default/web');
      assert.deepEqual([addresses, label, from], ['10.1.0.1', null, null]);
    });
    await cluster.create(loadBalancer('default/next'));
    await cluster.becomes('default/next', ofPool('10.1.0.2'));
    assert.deepEqual(await cluster.assignment('default/holder'), ofPool('10.1.0.1'));
  },
);

scenario(
  'a contender for a static address gets no label and an event with the holder, and the address when the holder releases it',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9' });
    start();
    const annotations = { [names.addresses]: '192.168.7.7' };
    await cluster.create(loadBalancer('shop/holder', { annotations }));
    await cluster.becomes('shop/holder', assigned('192.168.7.7', 'static'));
    const byAnnotation = await cluster.create(loadBalancer('default/contender', { annotations }));
    const bySpec = await cluster.create(loadBalancer('default/later', { loadBalancerIP: '192.168.7.7' }));
    const contenders = { 'default/contender': byAnnotation, 'default/later': bySpec };
    for (const [key, { metadata }] of Object.entries(contenders)) {
      await cluster.warns(
        key,
        /192\.168\.7\.7 is already assigned to shop\/holder.*kube-vip may still announce it for this Service/,
      );
      assert.equal(await cluster.version(key), metadata.resourceVersion);
      assert.equal((await cluster.assignment(key)).label, null);
    }
    await cluster.remove('shop/holder');
    await cluster.becomes('default/contender', assigned('192.168.7.7', 'static'));
    await cluster.warns('default/later', /192\.168\.7\.7 is already assigned to default\/contender/);
    assert.equal(await cluster.version('default/later'), bySpec.metadata.resourceVersion);
    // The holder requests another address.
    await cluster.annotate('default/contender', { [names.addresses]: '192.168.7.8' });
    await cluster.becomes('default/later', assigned('192.168.7.7', 'static'));
    await cluster.becomes('default/contender', assigned('192.168.7.8', 'static'));
  },
);

scenario('edits made while no controller ran apply at startup', async ({ cluster, start }) => {
  await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.4,2001:db8::1' });
  const first = start();
  const all = ['by-annotation', 'by-spec', 'families', 'gone'];
  for (const [index, name] of all.entries()) {
    await cluster.create(loadBalancer(`default/${name}`));
    await cluster.becomes(`default/${name}`, ofPool(`10.1.0.${index + 1}`));
  }
  await first.terminate();
  await cluster.annotate('default/by-annotation', { [names.addresses]: '192.168.7.7' });
  await cluster.patch('default/by-spec', { spec: { loadBalancerIP: '192.168.7.8' } });
  await cluster.patch('default/families', { spec: { ipFamilyPolicy: 'RequireDualStack' } });
  await cluster.remove('default/gone');
  for (const name of ['next-1', 'next-2', 'next-3']) await cluster.create(loadBalancer(`default/${name}`));
  start();
  await cluster.becomes('default/by-annotation', assigned('192.168.7.7', 'static'));
  await cluster.becomes('default/by-spec', assigned('192.168.7.8', 'static'));
  await cluster.becomes('default/families', ofPool('10.1.0.3,2001:db8::1'));
  await eventually(async () => {
    const addresses = await cluster.addresses();
    const given = [1, 2, 3].map((number) => addresses[`default/next-${number}`]);
    assert.deepEqual(given.sort(), ['10.1.0.1', '10.1.0.2', '10.1.0.4']);
  });
});

scenario(
  'applying a manifest with empty fields again with kubectl apply changes no address',
  async ({ cluster, start }) => {
    const pools = { 'range-default': '10.1.0.1-10.1.0.9,2001:db8::1', 'interface-default': 'eth3' };
    const manifests = (annotations: Record<string, string>, spec: object): string => {
      const dual = { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6', 'IPv4'] };
      const items = [
        loadBalancer('default/web', { annotations, ...spec }),
        loadBalancer('default/web-dual', { annotations, ...spec, ...dual }),
      ];
      return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    };
    const held = async (): Promise<void> => {
      await cluster.becomes('default/web', ofPool('10.1.0.1', { interface: 'eth3' }));
      await cluster.becomes('default/web-dual', ofPool('2001:db8::1,10.1.0.2', { interface: 'eth3' }));
    };
    await cluster.pools(pools);
    start();
    await cluster.kubectl(['apply', '-f', '-'], manifests({}, {}));
    await held();
    // A lower address is free now, so a new allocation would be a different address.
    await cluster.pools({ ...pools, 'range-default': `10.0.0.1,${pools['range-default']}` });
    const blank = manifests({ [names.addresses]: '' }, { loadBalancerIP: '' });
    for (const how of [[], ['--server-side', '--force-conflicts']]) {
      await cluster.kubectl(['apply', ...how, '-f', '-'], blank);
      await held();
    }
  },
);

scenario(
  'kubectl replace removes all our fields, and the controller restores the address that the status still shows',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.3' });
    // As old as the others and first by name, so it would get any free address before them.
    await cluster.create(loadBalancer('default/a-pending', { type: 'ClusterIP' }));
    const manifest = loadBalancer('default/web');
    const first = start();
    for (const [name, address] of [
      ['lower', '10.1.0.1'],
      ['web', '10.1.0.2'],
      ['upper', '10.1.0.3'],
    ] as const) {
      await cluster.create(loadBalancer(`default/${name}`));
      await cluster.becomes(`default/${name}`, ofPool(address));
    }
    await cluster.announce('default/web');
    await cluster.patch('default/a-pending', { spec: { type: 'LoadBalancer' } });
    await cluster.warns('default/a-pending', /range-default is full/);
    await cluster.kubectl(['replace', '-f', '-'], JSON.stringify(manifest));
    await cluster.becomes('default/web', ofPool('10.1.0.2'));
    assert.deepEqual(await cluster.assignment('default/a-pending'), unassigned);
    await first.terminate();
    await cluster.kubectl(['replace', '-f', '-'], JSON.stringify(manifest));
    assert.deepEqual(await cluster.assignment('default/web'), unassigned);
    const second = start();
    await cluster.becomes('default/web', ofPool('10.1.0.2'));
    await second.logs(/range-default is full/);
    assert.deepEqual(await cluster.assignment('default/a-pending'), unassigned);
  },
);

scenario(
  'the controller restores the annotation, the label and the allocation record, but not an empty spec.loadBalancerIP',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9' });
    start();
    await cluster.create(loadBalancer('default/web'));
    await cluster.becomes('default/web', ofPool('10.1.0.1'));
    await cluster.annotate('default/web', { [names.addresses]: null });
    await cluster.becomes('default/web', ofPool('10.1.0.1'));
    await cluster.patch('default/web', { metadata: { labels: { [names.implementation]: null } } });
    await cluster.becomes('default/web', ofPool('10.1.0.1'));
    await cluster.annotate('default/web', { [names.record]: null });
    await cluster.becomes('default/web', ofPool('10.1.0.1'));
    const { metadata } = await cluster.patch('default/web', { spec: { loadBalancerIP: '' } });
    await quietTime();
    const now = await cluster.service('default/web');
    assert.equal(now.metadata.resourceVersion, metadata.resourceVersion);
    assert.deepEqual(assignmentOf(now), ofPool('10.1.0.1', { specIP: null }));
  },
);

/** Removes everything that tells an allocated address from one that was requested by name, and leaves the spec and the status. */
const removed = {
  metadata: {
    annotations: { [names.addresses]: null, [names.record]: null, [names.interface]: null },
    labels: { [names.implementation]: null },
  },
};

scenario(
  'annotation, record, and label are removed together: they are restored as they were, and a new controller says what it assumes',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9,2001:db8::1', 'interface-default': 'eth3' });
    const first = start();
    const dual = { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6', 'IPv4'] };
    await cluster.create(loadBalancer('default/dual', dual));
    await cluster.create(loadBalancer('default/single'));
    const isDual = ofPool('2001:db8::1,10.1.0.1', { interface: 'eth3' });
    await cluster.becomes('default/dual', isDual);
    await cluster.becomes('default/single', ofPool('10.1.0.2', { interface: 'eth3' }));
    for (const name of ['dual', 'single']) {
      await cluster.announce(`default/${name}`);
      await cluster.patch(`default/${name}`, removed);
    }
    await cluster.becomes('default/dual', isDual);
    await cluster.becomes('default/single', ofPool('10.1.0.2', { interface: 'eth3' }));
    const says = (key: string, message: string) =>
      eventually(async () => {
        const messages = (await cluster.events(key)).map((event) => event.message);
        assert.ok(messages.includes(message), messages.join('\n'));
      });
    await says('default/dual', 'Restored 2001:db8::1,10.1.0.1 (from range-default)');
    await says('default/single', 'Restored 10.1.0.2 (from range-default)');
    await first.terminate();
    await cluster.patch('default/single', removed);
    start();
    await cluster.becomes('default/single', assigned('10.1.0.2', 'static'));
    await says(
      'default/single',
      'Assigned 10.1.0.2 (static address). Only spec.loadBalancerIP has the address, so the controller assumes that it was requested by name',
    );
  },
);

scenario(
  'kubectl replace of a Service that shares its address: it comes back to its partner',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.3', 'allow-share-default': 'true' });
    start();
    const dns = loadBalancer('default/dns', { ports: [{ port: 53, protocol: 'UDP' }] });
    for (const manifest of [loadBalancer('default/partner'), dns, loadBalancer('default/other')]) {
      await cluster.create(manifest);
      const address = manifest.metadata.name === 'other' ? '10.1.0.2' : '10.1.0.1';
      await cluster.becomes(`default/${manifest.metadata.name}`, ofPool(address));
    }
    await cluster.announce('default/dns');
    // In this order, a new Service would share the address of the other one.
    await cluster.pools({
      'range-default': '10.1.0.1-10.1.0.3',
      'allow-share-default': 'true',
      'search-order': 'desc',
    });
    await cluster.create(loadBalancer('default/new', { ports: [{ port: 53, protocol: 'UDP' }] }));
    await cluster.becomes('default/new', ofPool('10.1.0.2'));
    await cluster.kubectl(['replace', '-f', '-'], JSON.stringify(dns));
    await cluster.becomes('default/dns', ofPool('10.1.0.1'));
    await eventually(async () => {
      const messages = (await cluster.events('default/dns')).map(({ message }) => message);
      assert.match(messages.at(-1) ?? '', /^Adopted 10\.1\.0\.1 /);
    });
    assert.deepEqual(await cluster.assignment('default/partner'), ofPool('10.1.0.1'));
  },
);
