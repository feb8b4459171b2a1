import assert from 'node:assert/strict';
import { eventually, quietTime } from './eventually.ts';
import { loadBalancer, served, unmarked } from './objects.ts';
import { scenarios } from './scenario.ts';

const scenario = scenarios('pools');

scenario(
  'those who wait for a full pool are told so, and are served in their order as soon as it is extended',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '192.168.0.10-192.168.0.11' });
    start();
    for (const name of ['a', 'b', 'c', 'd']) await cluster.create(loadBalancer(`default/${name}`));
    await cluster.warns('default/d', /range-default is full: all 2 of its IPv4 addresses/);
    assert.deepEqual(await cluster.marks('default/c'), unmarked);
    assert.deepEqual(await cluster.marks('default/d'), unmarked);
    await cluster.pools({ 'range-default': '192.168.0.10-192.168.0.12' });
    await cluster.becomes('default/c', served('192.168.0.12', 'range-default'));
    assert.deepEqual(await cluster.marks('default/d'), unmarked);
    await cluster.pools({ 'range-default': '192.168.0.10-192.168.0.20' });
    await cluster.becomes('default/d', served('192.168.0.13', 'range-default'));
    assert.deepEqual(await cluster.marks('default/a'), served('192.168.0.10', 'range-default'));
    assert.deepEqual(await cluster.marks('default/b'), served('192.168.0.11', 'range-default'));
  },
);

scenario(
  'the address of a Service that is deleted goes to the oldest of those who wait',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '192.168.0.10' });
    start();
    await cluster.create(loadBalancer('default/holder'));
    await cluster.becomes('default/holder', served('192.168.0.10', 'range-default'));
    for (const name of ['first', 'second']) await cluster.create(loadBalancer(`default/${name}`));
    await cluster.warns('default/second', /range-default is full/);
    await cluster.remove('default/holder');
    await cluster.becomes('default/first', served('192.168.0.10', 'range-default'));
    assert.deepEqual(await cluster.marks('default/second'), unmarked);
  },
);

scenario(
  'a ConfigMap that comes late serves those who wait, and none is made in its place',
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
    await cluster.becomes('default/web', served('10.0.0.1', 'range-global'));
  },
);

scenario(
  'while the ConfigMap is gone nobody loses an address and nobody gets one, also over a restart',
  async ({ cluster, start }) => {
    const pools = { 'range-global': '10.0.0.1-10.0.0.9' };
    await cluster.pools(pools);
    const first = start();
    await cluster.create(loadBalancer('default/early'));
    await cluster.becomes('default/early', served('10.0.0.1', 'range-global'));
    const version = await cluster.version('default/early');
    await cluster.pools(null);
    await first.says(/there is no ConfigMap/);
    await cluster.create(loadBalancer('default/late'));
    await cluster.warns('default/late', /There are no pools/);
    await first.terminate();
    const second = start();
    await second.says(/There are no pools/);
    await quietTime();
    assert.equal(await cluster.hasPools(), false);
    assert.equal(await cluster.version('default/early'), version);
    assert.deepEqual(await cluster.marks('default/late'), unmarked);
    await cluster.pools(pools);
    await cluster.becomes('default/late', served('10.0.0.2', 'range-global'));
    assert.equal(await cluster.version('default/early'), version);
  },
);

scenario(
  'a key that breaks is reported on the ConfigMap and concerns its own namespace alone',
  async ({ cluster, start }) => {
    const shop = { 'range-shop': '10.2.0.1-10.2.0.9' };
    await cluster.pools({ 'cidr-default': '10.1.0.0/24', ...shop });
    start();
    await cluster.create(loadBalancer('default/early'));
    await cluster.becomes('default/early', served('10.1.0.1', 'cidr-default'));
    const version = await cluster.version('default/early');
    await cluster.pools({ 'cidr-default': '10.1.0.0/99', ...shop });
    // The watches of Services and of the ConfigMap have no order between them.
    await eventually(async () => {
      const events = await cluster.events('kube-system/kubevip', 'ConfigMap');
      assert.match(events.map(({ message }) => message).join('\n'), /cidr-default: "10\.1\.0\.0\/99"/i);
    });
    await cluster.create(loadBalancer('default/late'));
    await cluster.create(loadBalancer('shop/web'));
    await cluster.becomes('shop/web', served('10.2.0.1', 'range-shop'));
    await cluster.warns('default/late', /cidr-default contains no valid address/);
    assert.equal(await cluster.version('default/early'), version);
    assert.deepEqual(await cluster.marks('default/late'), unmarked);
    await cluster.pools({ 'cidr-default': '10.1.0.0/24', ...shop });
    await cluster.becomes('default/late', served('10.1.0.2', 'cidr-default'));
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
      await cluster.becomes(`default/${name}`, served(`10.9.0.${name === 'alone' ? 2 : 1}`, 'range-default'));
    }
    const asked = { 'kube-vip.io/loadbalancerIPs': '192.168.7.7' };
    await cluster.create(loadBalancer('default/asked', { annotations: asked }));
    await cluster.becomes('default/asked', served('192.168.7.7', 'static'));
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
    await cluster.becomes('default/asked', served('192.168.7.7', 'static'));
    const kept = 'Kept 192.168.7.7: it is a static address';
    await eventually(async () => {
      const events = await cluster.events('default/asked');
      assert.ok(events.some(({ type, message }) => type === 'Normal' && message === kept));
    });
  },
  180_000,
);

scenario(
  'while nothing changes nothing is written, nor when the controller starts again',
  async ({ cluster, start }) => {
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
    await cluster.becomes('shop/sharing-2', served('10.2.0.1', 'range-shop'));
    await cluster.warns('default/waiting', /range-default is full/);
    await cluster.warns('default/taken', /192\.168\.7\.7 is already assigned to default\/static/);
    // The events are on their way for a moment longer than the Services: one for each that is ours, and one for whom the
    // refused one concerns, too.
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
    await second.says(/is already assigned to default\/static/);
    await quietTime(3_000);
    // What is wrong is said again by a new process; nothing else is.
    const after = await cluster.versions();
    const written = Object.keys(after).filter((name) => after[name] !== before[name]);
    assert.deepEqual(
      written.filter((name) => !/^event default\/(waiting|taken|static)\./.test(name)),
      [],
    );
    assert.equal(written.length, 3);
  },
);

scenario(
  'a Service that waits is never written to, however often it is looked at',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1' });
    start();
    await cluster.create(loadBalancer('default/holder'));
    await cluster.becomes('default/holder', served('10.1.0.1', 'range-default'));
    const { metadata } = await cluster.create(loadBalancer('default/waiting'));
    await cluster.warns('default/waiting', /range-default is full: its only /);
    await cluster.pools({ 'range-default': '10.1.0.1', 'interface-default': 'eth0' });
    await cluster.pools({ 'range-default': '' });
    await cluster.warns('default/waiting', /range-default contains no valid address/);
    await cluster.pools(null);
    await cluster.warns('default/waiting', /There are no pools/);
    assert.equal(await cluster.version('default/waiting'), metadata.resourceVersion);
  },
);

scenario('kubectl describe shows what was done, and why not', async ({ cluster, start }) => {
  await cluster.pools({ 'range-default': '10.1.0.1' });
  start();
  await cluster.create(loadBalancer('default/web'));
  await cluster.becomes('default/web', served('10.1.0.1', 'range-default'));
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
