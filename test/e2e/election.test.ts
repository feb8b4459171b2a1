import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePorts } from '../controlplane/process.ts';
import type { Cluster } from './cluster.ts';
import { Elector, missingPeers } from './elector.ts';
import { eventually, quietTime } from './eventually.ts';
import { assigned, loadBalancer, unassigned } from './objects.ts';
import { type Scenario, scenarios } from './scenario.ts';

const scenario = scenarios('election');
/** Scenarios with a candidate that uses client-go's leaderelection package. */
const withElector: Scenario =
  missingPeers().length === 0
    ? scenario
    : (title) =>
        test(title, { skip: `needs ${missingPeers().join(', ')}: \`npm run controlplane\` builds them` });

const pool = { 'range-default': '10.1.0.1-10.1.0.9' };

type Lease = Awaited<ReturnType<Cluster['lease']>>;

/**
 * Waits for another holder than in `before`, and returns the time from the last renewal that was seen until the other one acquired
 * the Lease, in milliseconds.
 */
async function takenFrom(cluster: Cluster, { holderIdentity: holder, renewTime }: Lease): Promise<number> {
  let renewedAt = Date.parse(renewTime ?? '');
  return eventually(async () => {
    const lease = await cluster.lease();
    if (lease.holderIdentity === holder) renewedAt = Date.parse(lease.renewTime ?? '');
    assert.ok(lease.holderIdentity && lease.holderIdentity !== holder, `${holder} is not replaced`);
    return Date.parse(lease.acquireTime ?? '') - renewedAt;
  });
}

/** How long a Lease is valid in these tests. */
const leaseDurationMs = 4_000;

withElector(
  'while a client-go candidate leads, the controller writes nothing; it takes the Lease when that is released',
  async (context) => {
    const { cluster, start } = context;
    const elector = new Elector(cluster.server.kubeconfig(), 'client-go');
    try {
      await elector.leads();
      await cluster.pools(pool);
      await cluster.create(loadBalancer('default/web'));
      const ours = start();
      await ours.logs(/Running as standby; the leader is client-go/);
      await quietTime(1_000);
      assert.deepEqual(await cluster.assignment('default/web'), unassigned);
      await elector.terminate();
      await cluster.becomes('default/web', assigned('10.1.0.1', 'range-default'));
      assert.match(
        await cluster.holder(),
        /.+_[-0-9a-f]{36}$/,
        'host name and a unique part, as in client-go',
      );
    } finally {
      await elector.crash();
    }
  },
);

withElector(
  'while the controller leads, a client-go candidate waits; it takes the Lease when that is released',
  async (context) => {
    const { cluster, start } = context;
    const ours = start();
    await ours.logs(/^Became leader$/);
    const elector = new Elector(cluster.server.kubeconfig(), 'client-go');
    try {
      await elector.follows();
      await quietTime(1_500);
      assert.equal(elector.isLeading, false, 'client-go accepts the renewals');
      assert.equal(await ours.terminate(), 0);
      await elector.leads();
      assert.equal(await cluster.holder(), 'client-go');
    } finally {
      await elector.crash();
    }
  },
);

withElector(
  'after a client-go leader is killed, the controller leads only when the Lease has expired',
  async (context) => {
    const { cluster, start } = context;
    const elector = new Elector(cluster.server.kubeconfig(), 'client-go');
    await elector.leads();
    await start().logs(/Running as standby; the leader is client-go/);
    const lease = await cluster.lease();
    await elector.crash();
    assert.ok((await takenFrom(cluster, lease)) >= leaseDurationMs);
  },
);

withElector(
  'after the controller is killed, a client-go candidate leads only when the Lease has expired',
  async (context) => {
    const { cluster, start } = context;
    const ours = start();
    await ours.logs(/^Became leader$/);
    const elector = new Elector(cluster.server.kubeconfig(), 'client-go');
    try {
      await elector.follows();
      const lease = await cluster.lease();
      await ours.crash();
      assert.ok((await takenFrom(cluster, lease)) >= leaseDurationMs);
      assert.equal(await cluster.holder(), 'client-go');
    } finally {
      await elector.crash();
    }
  },
);

scenario(
  'one of three replicas writes; when it terminates or is killed, another one takes over, and no address changes',
  async (context) => {
    const { cluster, start } = context;
    await cluster.pools(pool);
    const first = start();
    await first.logs(/^Became leader$/);
    const others = [start(), start()];
    for (const other of others) await other.logs(/Running as standby/);
    await cluster.create(loadBalancer('default/a'));
    await cluster.becomes('default/a', assigned('10.1.0.1', 'range-default'));
    const version = await cluster.version('default/a');
    assert.equal(await first.terminate(), 0);
    await cluster.create(loadBalancer('default/b'));
    await cluster.becomes('default/b', assigned('10.1.0.2', 'range-default'));
    const second = others.find(({ log }) => log.some(({ msg }) => msg === 'Became leader'));
    assert.ok(second !== undefined);
    await second.crash();
    await cluster.create(loadBalancer('default/c'));
    await eventually(async () =>
      assert.deepEqual(await cluster.assignment('default/c'), assigned('10.1.0.3', 'range-default')),
    );
    assert.equal(await cluster.version('default/a'), version);
  },
);

scenario(
  'without leader election, the controller writes at once and creates no Lease',
  async ({ cluster, start }) => {
    await cluster.pools(pool);
    await cluster.create(loadBalancer('default/web'));
    start({ flags: ['--leader-elect=false'] });
    await cluster.becomes('default/web', assigned('10.1.0.1', 'range-default'));
    assert.equal(await cluster.holder(), '');
  },
);

scenario(
  'a leader that was frozen until its Lease expired writes nothing when it resumes, and stands by',
  async (context) => {
    const { cluster, start } = context;
    await cluster.pools(pool);
    const first = start();
    await first.logs(/^Became leader$/);
    const lease = await cluster.lease();
    const second = start();
    await second.logs(/Running as standby/);
    await first.freeze();
    await takenFrom(cluster, lease);
    await cluster.create(loadBalancer('default/a'));
    await cluster.becomes('default/a', assigned('10.1.0.1', 'range-default'));
    await first.thaw();
    await first.logs(/Lost the Lease/);
    await cluster.create(loadBalancer('default/b'));
    await cluster.becomes('default/b', assigned('10.1.0.2', 'range-default'));
    assert.deepEqual(
      first.log.filter(({ service }) => service !== undefined),
      [],
      'the first one decided nothing',
    );
  },
);

scenario(
  'leader and standby are live and ready; a replica that starts without an API server is live and not ready',
  async (context) => {
    const { cluster, start } = context;
    const [first = 0, second = 0, third = 0] = await freePorts(3);
    const ask = async (port: number, path: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    const at = (port: number): string[] => [`--secure-port=${port}`];
    const leader = start({ flags: at(first) });
    await leader.logs(/^Became leader$/);
    await start({ flags: at(second) }).logs(/Running as standby/);
    for (const port of [first, second]) {
      await eventually(async () => assert.equal(await ask(port, '/readyz'), 200));
      assert.equal(await ask(port, '/livez'), 200);
      assert.equal(await ask(port, '/healthz'), 200);
    }
    await cluster.server.signal('STOP');
    try {
      await start({ flags: at(third) }).logs(/Serving health checks at/);
      assert.equal(await ask(third, '/readyz'), 503);
      assert.equal(await ask(third, '/livez'), 200);
      assert.equal(await ask(second, '/readyz'), 200, 'it has read its lists');
    } finally {
      await cluster.server.signal('CONT');
    }
    await eventually(async () => assert.equal(await ask(third, '/readyz'), 200));
  },
);

scenario(
  'if the health port is in use, the controller logs that and keeps working',
  async ({ cluster, start }) => {
    await cluster.pools(pool);
    const [port = 0] = await freePorts(1);
    const flags = [`--secure-port=${port}`];
    await start({ flags }).logs(/Serving health checks at/);
    const other = start({ flags });
    await other.logs(
      /cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*Set --secure-port to a free port, or to 0/,
    );
    await other.logs(/Running as standby/);
  },
);

scenario('with -v=6 the log contains each request and no token', async ({ cluster, start }) => {
  await cluster.pools(pool);
  await cluster.create(loadBalancer('default/web'));
  const controller = start({ user: 'administrator', flags: ['-v=6'] });
  await cluster.becomes('default/web', assigned('10.1.0.1', 'range-default'));
  // The log line may arrive after the write is visible in the API.
  await eventually(() =>
    assert.match(controller.output, /"method":"PATCH","path":"[^"]*\/services\/web[^"]*timeout=\d+ms/),
  );
  assert.ok(!controller.output.includes(cluster.server.token));
});
