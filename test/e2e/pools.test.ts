import assert from 'node:assert/strict';
import { eventually, quietTime } from './eventually.ts';
import { assigned, loadBalancer, unassigned } from './objects.ts';
import { scenarios } from './scenario.ts';

const scenario = scenarios('pools');

scenario(
  'Services pending for a full pool get an event, and get addresses in order as soon as the pool is extended',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '192.168.0.10-192.168.0.11' });
    start();
    for (const name of ['a', 'b', 'c', 'd']) await cluster.create(loadBalancer(`default/${name}`));
    await cluster.warns('default/d', /range-default is full: both of its IPv4 addresses/);
    assert.deepEqual(await cluster.assignment('default/c'), unassigned);
    assert.deepEqual(await cluster.assignment('default/d'), unassigned);
    await cluster.pools({ 'range-default': '192.168.0.10-192.168.0.12' });
    await cluster.becomes('default/c', assigned('192.168.0.12', 'range-default'));
    assert.deepEqual(await cluster.assignment('default/d'), unassigned);
    await cluster.pools({ 'range-default': '192.168.0.10-192.168.0.20' });
    await cluster.becomes('default/d', assigned('192.168.0.13', 'range-default'));
    assert.deepEqual(await cluster.assignment('default/a'), assigned('192.168.0.10', 'range-default'));
    assert.deepEqual(await cluster.assignment('default/b'), assigned('192.168.0.11', 'range-default'));
  },
);

scenario('the oldest pending Service gets the address of a deleted Service', async ({ cluster, start }) => {
  await cluster.pools({ 'range-default': '192.168.0.10' });
  start();
  await cluster.create(loadBalancer('default/holder'));
  await cluster.becomes('default/holder', assigned('192.168.0.10', 'range-default'));
  for (const name of ['first', 'second']) await cluster.create(loadBalancer(`default/${name}`));
  await cluster.warns('default/second', /range-default is full/);
  await cluster.remove('default/holder');
  await cluster.becomes('default/first', assigned('192.168.0.10', 'range-default'));
  assert.deepEqual(await cluster.assignment('default/second'), unassigned);
});

scenario(
  'pending Services get addresses when the ConfigMap is created, and the controller creates none itself',
  async ({ cluster, start }) => {
    start();
    await cluster.create(loadBalancer('default/web'));
    await cluster.warns(
      'default/web',
      /There are no pools, because ConfigMap kube-system\/kubevip does not exist/,
    );
    assert.equal(await cluster.hasPools(), false);
    const create =
      'create configmap --namespace kube-system kubevip --from-literal range-global=10.0.0.1-10.0.0.9';
    await cluster.kubectl(create.split(' '));
    await cluster.becomes('default/web', assigned('10.0.0.1', 'range-global'));
  },
);

scenario(
  'while the ConfigMap is missing, no Service loses or gets an address, even after a restart',
  async ({ cluster, start }) => {
    const pools = { 'range-global': '10.0.0.1-10.0.0.9' };
    await cluster.pools(pools);
    const first = start();
    await cluster.create(loadBalancer('default/early'));
    await cluster.becomes('default/early', assigned('10.0.0.1', 'range-global'));
    const version = await cluster.version('default/early');
    await cluster.pools(null);
    await first.logs(/the ConfigMap does not exist/);
    await cluster.create(loadBalancer('default/late'));
    await cluster.warns('default/late', /There are no pools/);
    await first.terminate();
    const second = start();
    await second.logs(/There are no pools/);
    await quietTime();
    assert.equal(await cluster.hasPools(), false);
    assert.equal(await cluster.version('default/early'), version);
    assert.deepEqual(await cluster.assignment('default/late'), unassigned);
    await cluster.pools(pools);
    await cluster.becomes('default/late', assigned('10.0.0.2', 'range-global'));
    assert.equal(await cluster.version('default/early'), version);
  },
);

scenario(
  'a key that becomes invalid is reported on the ConfigMap and affects only its own namespace',
  async ({ cluster, start }) => {
    const shop = { 'range-shop': '10.2.0.1-10.2.0.9' };
    await cluster.pools({ 'cidr-default': '10.1.0.0/24', ...shop });
    start();
    await cluster.create(loadBalancer('default/early'));
    await cluster.becomes('default/early', assigned('10.1.0.1', 'cidr-default'));
    const version = await cluster.version('default/early');
    await cluster.pools({ 'cidr-default': '10.1.0.0/99', ...shop });
    // The watches of Services and the ConfigMap are not ordered with each other.
    await eventually(async () => {
      const events = await cluster.events('kube-system/kubevip', 'ConfigMap');
      assert.match(events.map(({ message }) => message).join('\n'), /cidr-default: "10\.1\.0\.0\/99"/i);
    });
    await cluster.create(loadBalancer('default/late'));
    await cluster.create(loadBalancer('shop/web'));
    await cluster.becomes('shop/web', assigned('10.2.0.1', 'range-shop'));
    await cluster.warns('default/late', /cidr-default contains no valid address/);
    assert.equal(await cluster.version('default/early'), version);
    assert.deepEqual(await cluster.assignment('default/late'), unassigned);
    await cluster.pools({ 'cidr-default': '10.1.0.0/24', ...shop });
    await cluster.becomes('default/late', assigned('10.1.0.2', 'cidr-default'));
    assert.equal(await cluster.version('default/early'), version);
  },
);

scenario(
  'Services that share an address move together, 16 times out of 16, when all are annotated after the pool was replaced',
  async ({ cluster, start }) => {
    const configure = (round: number): Promise<void> =>
      cluster.pools({ 'range-default': `10.9.${round}.1-10.9.${round}.9`, 'allow-share-default': 'true' });
    await configure(0);
    start();
    const dns = ['TCP', 'UDP'].map((protocol) => ({ ports: [{ port: 53, protocol }] }));
    for (const [name, wishes] of Object.entries({ tcp: dns[0], udp: dns[1], alone: dns[1] })) {
      await cluster.create(loadBalancer(`default/${name}`, wishes));
      await cluster.becomes(
        `default/${name}`,
        assigned(`10.9.0.${name === 'alone' ? 2 : 1}`, 'range-default'),
      );
    }
    const asked = { 'kube-vip.io/loadbalancerIPs': '192.168.7.7' };
    await cluster.create(loadBalancer('default/asked', { annotations: asked }));
    await cluster.becomes('default/asked', assigned('192.168.7.7', 'static'));
    for (let round = 1; round <= 16; round += 1) {
      await configure(round);
      // The order differs from round to round, as the names do in a cluster.
      const names = [['--all'], ['udp', 'alone', 'tcp'], ['tcp', 'alone', 'udp']][round % 3] ?? [];
      await cluster.kubectl([
        ...['annotate', 'service', '--overwrite', ...names],
        `kube-vip.io/reallocate=${names[0] === '--all' ? 'allocated' : 'true'}`,
      ]);
      await eventually(async () => {
        const addresses = await cluster.addresses();
        const { 'default/tcp': tcp, 'default/udp': udp, 'default/alone': alone } = addresses;
        for (const address of [tcp, udp, alone])
          assert.ok(address?.startsWith(`10.9.${round}.`), `${address}`);
        assert.equal(tcp, udp, `round ${round}`);
        assert.notEqual(alone, udp);
      });
    }
    await cluster.becomes('default/asked', assigned('192.168.7.7', 'static'));
    const kept = 'Kept 192.168.7.7: it is a static address';
    await eventually(async () => {
      const events = await cluster.events('default/asked');
      assert.ok(events.some(({ type, message }) => type === 'Normal' && message === kept));
    });
  },
);

scenario('nothing is written while nothing changes, even after a restart', async ({ cluster, start }) => {
  await cluster.pools({
    'range-default': '10.1.0.1-10.1.0.3,2001:db8::1',
    'interface-default': 'eth3',
    'range-shop': '10.2.0.1-10.2.0.2',
    'allow-share-shop': 'true',
  });
  const families = ['IPv4', 'IPv6'];
  const annotations = { 'kube-vip.io/loadbalancerIPs': '192.168.7.7' };
  for (const service of [
    loadBalancer('default/dual', { ipFamilyPolicy: 'PreferDualStack', ipFamilies: families }),
    loadBalancer('default/partly', { ipFamilyPolicy: 'PreferDualStack', ipFamilies: families }),
    loadBalancer('default/single'),
    loadBalancer('default/static', { annotations }),
    loadBalancer('default/taken', { annotations }),
    loadBalancer('default/waiting', { ipFamilyPolicy: 'RequireDualStack', ipFamilies: families }),
    loadBalancer('default/by-spec', { loadBalancerIP: '192.168.7.8' }),
    loadBalancer('shop/sharing-1'),
    loadBalancer('shop/sharing-2', { ports: [{ port: 443 }] }),
    loadBalancer('shop/foreign', { loadBalancerClass: 'example.com/other' }),
  ])
    await cluster.create(service);
  const waiting = await cluster.version('default/waiting');
  const taken = await cluster.version('default/taken');
  const first = start();
  await cluster.becomes('shop/sharing-2', assigned('10.2.0.1', 'range-shop'));
  await cluster.warns('default/waiting', /range-default is full/);
  await cluster.warns('default/taken', /192\.168\.7\.7 is already assigned to default\/static/);
  // Events arrive later than changes of Services: one for each of our Services, and one for the holder of the address in
  // conflict.
  await eventually(async () => {
    const events = Object.keys(await cluster.versions()).filter((name) => name.startsWith('event '));
    const regarding = events.map((name) => name.slice('event '.length, name.lastIndexOf('.')));
    const ours = [...(await cluster.services()).keys()].filter((key) => key !== 'shop/foreign');
    assert.deepEqual(regarding.sort(), [...ours, 'default/static'].sort());
  });
  const before = await cluster.versions();
  assert.equal(before['default/waiting'], waiting);
  assert.equal(before['default/taken'], taken);
  await quietTime(3_000);
  assert.deepEqual(await cluster.versions(), before);
  await first.terminate();
  const second = start();
  await second.logs(/is already assigned to default\/static/);
  await quietTime(3_000);
  // A new process repeats only warnings and notices.
  const after = await cluster.versions();
  const written = Object.keys(after).filter((name) => after[name] !== before[name]);
  assert.deepEqual(
    written.filter((name) => !/^event default\/(waiting|taken|static|partly)\./.test(name)),
    [],
  );
  assert.equal(written.length, 4);
});

scenario('a pending Service is never written, however often it is processed', async ({ cluster, start }) => {
  await cluster.pools({ 'range-default': '10.1.0.1' });
  start();
  await cluster.create(loadBalancer('default/holder'));
  await cluster.becomes('default/holder', assigned('10.1.0.1', 'range-default'));
  const { metadata } = await cluster.create(loadBalancer('default/waiting'));
  await cluster.warns('default/waiting', /range-default is full: its only /);
  await cluster.pools({ 'range-default': '10.1.0.1', 'interface-default': 'eth0' });
  await cluster.pools({ 'range-default': '' });
  await cluster.warns('default/waiting', /range-default contains no valid address/);
  await cluster.pools(null);
  await cluster.warns('default/waiting', /There are no pools/);
  assert.equal(await cluster.version('default/waiting'), metadata.resourceVersion);
});

scenario('kubectl describe shows assignments, and why a Service is pending', async ({ cluster, start }) => {
  await cluster.pools({ 'range-default': '10.1.0.1' });
  start();
  await cluster.create(loadBalancer('default/web'));
  await cluster.becomes('default/web', assigned('10.1.0.1', 'range-default'));
  await cluster.create(loadBalancer('default/waiting'));
  await eventually(async () => {
    const web = await cluster.kubectl(['describe', 'service', 'web']);
    assert.match(web, /^ +Normal +EnsuredLoadBalancer .* kube-vip-cloud-provider +Assigned 10\.1\.0\.1 /m);
    const waiting = await cluster.kubectl(['describe', 'service', 'waiting']);
    assert.match(
      waiting,
      /^ +Warning +SyncLoadBalancerFailed .* Pool range-default is full: its only IPv4 address is in/m,
    );
  });
});

scenario(
  'newlines separate entries; a block written from its middle is a Normal event, and what cannot be read a Warning, once',
  async ({ cluster, start }) => {
    await cluster.pools({
      'cidr-default': '192.168.8.10 / 29\n10.9.2.1\n',
      'cidr-shop': '- 10.9.3.0/29',
      'cidr-six': 'fd00:10::/64',
    });
    start();
    for (const name of ['a', 'b', 'c']) await cluster.create(loadBalancer(`default/${name}`));
    const six = { ipFamilies: ['IPv6'] };
    await cluster.create(loadBalancer('six/web', six));
    await cluster.becomes('default/a', assigned('10.9.2.1', 'cidr-default'));
    await cluster.becomes('default/b', assigned('192.168.8.9', 'cidr-default'));
    await cluster.becomes('six/web', assigned('fd00:10::1', 'cidr-six'));
    const path = '/api/v1/namespaces/kube-system/events?fieldSelector=involvedObject.name%3Dkubevip';
    await eventually(async () => {
      const { body } = await cluster.client.get(path);
      const events = body.items.map(
        (event: { type?: string; reason?: string; message?: string }) =>
          `${event.type} ${event.reason}: ${event.message}`,
      );
      assert.deepEqual(events.sort(), [
        'Normal PoolEntryNormalized: cidr-default: "192.168.8.10 / 29" has host bits set. It is read as 192.168.8.8/29, which provides 192.168.8.9-192.168.8.14.',
        'Warning InvalidPoolConfiguration: cidr-shop: "- 10.9.3.0/29" starts like an item of a YAML list ("- "): separate entries with commas or newlines alone. Did you mean "10.9.3.0/29"?',
      ]);
    });
  },
);
