/** `kubectl vip drain` and `move` as users run them: the real kubectl, the built plugin, and a real API server. */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { after } from 'node:test';
import { Announcer } from './announcer.ts';
import { sharedBundle } from './bundle.ts';
import type { Cluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { Shell } from './kubectl-vip.ts';
import { assigned, loadBalancer, names } from './objects.ts';
import { type Scenario, scenarios, scenarioTimeoutMs } from './scenario.ts';

const onCluster = scenarios('drain', [{ name: 'viewer' }]);

/** The Services of the long test, and how many are moved at a time: `DRAIN=1000` for a long run. */
const many = Number(process.env.DRAIN ?? 60);
const batch = 10;

function scenario(
  title: string,
  body: (world: Parameters<Parameters<Scenario>[1]>[0] & { shell: Shell }) => Promise<void>,
  timeoutMs?: number,
): void {
  onCluster(
    title,
    async (context) => {
      const shell = await shellOn(context.cluster);
      try {
        await body({ ...context, shell });
      } finally {
        shell.close();
      }
    },
    timeoutMs,
  );
}

async function shellOn(cluster: Cluster, user?: string): Promise<Shell> {
  const bundle = await sharedBundle();
  after(() => bundle.remove());
  return new Shell(dirname(bundle.entry), cluster.server.kubeconfig(user));
}

/** Returns them oldest first: they can be created in different seconds, in any order. */
async function create(cluster: Cluster, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, i) => `default/web-${String(i).padStart(4, '0')}`);
  for (let i = 0; i < count; i += 50)
    await Promise.all(
      keys
        .slice(i, i + 50)
        .map((key) => cluster.create(loadBalancer(key, { allocateLoadBalancerNodePorts: false }))),
    );
  await eventually(async () => {
    const all = Object.values(await cluster.addresses());
    assert.equal(all.filter((address) => address !== null).length, all.length);
  });
  const created = await cluster.services();
  const ageOf = (key: string): string => `${created.get(key)?.metadata.creationTimestamp} ${key}`;
  return keys.sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1));
}

interface PlannedMoves {
  moves: { service: string; from: string; to: string }[];
  left: { service: string; addresses: string; why: string }[];
}

scenario('a /28 with twelve Services is drained, as the dry run says', ({ cluster, shell, start }) =>
  Announcer.during(cluster, async (announcer) => {
    start();
    await cluster.pools({ 'cidr-global': '10.1.0.0/28, 10.1.0.32/28' });
    const keys = await create(cluster, 12);
    await cluster.create(loadBalancer('shop/fixed', { loadBalancerIP: '10.1.0.14' }));
    await cluster.becomes('shop/fixed', assigned('10.1.0.14', 'static'));
    const command = 'kubectl vip drain 10.1.0.0/28 --batch 5 --pause 0s';
    const plan = await shell.json<PlannedMoves>('drain 10.1.0.0/28 --dry-run=client');
    assert.deepEqual(
      plan.moves.map(({ service }) => service),
      keys,
    );
    assert.deepEqual(
      plan.left.map(({ service, addresses }) => [service, addresses]),
      [['shop/fixed', '10.1.0.14']],
    );
    const { stdout, stderr, code } = await shell.run(command);
    assert.equal(code, 0, stdout + stderr);
    assert.match(
      stdout,
      /^10\.1\.0\.0\/28 is still in pool cidr-global, which can assign these addresses again\./,
    );
    assert.match(stdout, /--patch '\{"data":\{"exclude-global":"10\.1\.0\.0-10\.1\.0\.15"\}\}'/);
    assert.match(
      stdout,
      /\ndefault\/web-00\d\d {2}10\.1\.0\.\d+ -> 10\.1\.0\.\d+ {2}announced \(12 done, 0 under way, 0 left\)\n/,
    );
    assert.match(stdout, /\nLeft as they are:\n {2}shop\/fixed \(10\.1\.0\.14\): requested by name/);
    assert.match(stdout, /\nMoved 12 Services off 10\.1\.0\.0\/28\.\n$/);
    for (const { service, from, to } of plan.moves) {
      await cluster.becomes(service, assigned(to, 'cidr-global'));
      assert.deepEqual(announcer.addresses.get(service), [from, to], service);
    }
    const again = await shell.run(command);
    assert.match(again.stdout, /Moved 0 Services off 10\.1\.0\.0\/28\.\n$/, again.stderr);
  }),
);

scenario(
  `a drain of ${many} Services, with the controller killed and the command interrupted, moves each once`,
  ({ cluster, shell, start }) =>
    Announcer.during(cluster, async (announcer) => {
      const first = start();
      await cluster.pools({ 'cidr-default': '10.1.0.0/20, 10.2.0.0/20' });
      const keys = await create(cluster, many);
      const before = await cluster.addresses();
      const line = `kubectl vip drain 10.1.0.0/20 --batch ${batch} --pause 0s`;
      const drained = (least: number) => (): void => {
        const moved = running.output().match(/ announced \(/g)?.length ?? 0;
        assert.ok(moved >= least, running.output());
      };
      let running = shell.start(line);
      await eventually(drained(many / 4));
      await first.crash();
      // The next process does not wait for the end of the Lease.
      await cluster.forgetLease();
      start();
      await eventually(drained(many / 2));
      await running.interrupt();
      assert.equal(running.exitCode(), 1, running.output());
      assert.match(
        running.output(),
        /\nInterrupted: \d+ moved, \d+ under way, \d+ left\..*\nTo go on, run:\n/,
      );
      assert.equal(running.output().trimEnd().split('\n').at(-1), line);
      running = shell.start(line);
      await eventually(() => assert.notEqual(running.exitCode(), undefined, running.output()));
      assert.equal(running.exitCode(), 0, running.output());
      const now = await cluster.addresses();
      assert.equal(new Set(Object.values(now)).size, many, 'no address twice');
      for (const key of keys) {
        assert.match(now[key] ?? '', /^10\.2\./, key);
        assert.deepEqual(announcer.addresses.get(key), [before[key], now[key]], `${key} moved once`);
      }
    }),
  scenarioTimeoutMs + many * 1_000,
);

scenario(
  'a drain stops at a Service that cannot be moved, and says what is left',
  async ({ cluster, shell, start }) => {
    start();
    await cluster.pools({ 'cidr-global': '10.1.0.1-10.1.0.9' });
    await create(cluster, 3);
    // Nothing writes the status later.
    for (const name of ['0', '1', '2']) await cluster.announce(`default/web-000${name}`);
    const stopped = await shell.run('kubectl vip drain 10.1.0.1-10.1.0.3 --timeout 1s');
    assert.equal(stopped.code, 1, stopped.stderr);
    assert.match(
      stopped.stdout,
      /\nStopped: default\/web-0000 has 10\.1\.0\.4, but its status does not show it after 1 s\. .*\n0 moved, 1 under way, 2 left\.\nTo go on, run:\nkubectl vip drain 10\.1\.0\.1-10\.1\.0\.3 --timeout 1s\n$/,
    );
    await cluster.becomes('default/web-0000', assigned('10.1.0.4', 'cidr-global'));
    await cluster.becomes('default/web-0001', assigned('10.1.0.2', 'cidr-global'));
    const blocked = await shell.run('kubectl vip drain cidr-global');
    assert.equal(blocked.code, 1);
    assert.match(
      blocked.stderr,
      /^drain: There is no address to move 3 Services to\. Nothing was changed\.\ndefault\/web-0000 \(10\.1\.0\.4\): Pool cidr-global has no other free IPv4 address\. Add addresses to it\.\n/,
    );
  },
);

scenario('a Service is moved by name to an address or away from one', async ({ cluster, shell, start }) => {
  start();
  await cluster.pools({ 'cidr-global': '10.1.0.0/28' });
  await create(cluster, 1);
  const move = async (rest: string) => {
    const { code, stdout, stderr } = await shell.run(`kubectl vip move ${rest} --wait assigned`);
    return { code, text: stdout + stderr };
  };
  const first = await move('service/web-0000 --to 10.1.0.9');
  assert.equal(first.code, 0, first.text);
  await cluster.becomes('default/web-0000', assigned('10.1.0.9', 'cidr-global'));
  assert.equal((await move('web-0000 --to cidr-global')).code, 0, 'it is there already');
  await cluster.becomes('default/web-0000', assigned('10.1.0.9', 'cidr-global'));
  assert.equal((await move('web-0000')).code, 0);
  await cluster.becomes('default/web-0000', assigned('10.1.0.1', 'cidr-global'));
  const outside = await move('web-0000 --to 10.9.9.9');
  assert.equal(outside.code, 1);
  assert.match(outside.text, /requests 10\.9\.9\.9, which is not in the pool of the Service, cidr-global\./);
  assert.equal(
    (await cluster.service('default/web-0000')).metadata.annotations?.[names.reallocate],
    undefined,
  );
});

scenario('a drain asks for its permissions first', async ({ cluster, shell, start }) => {
  start();
  await cluster.pools({ 'cidr-global': '10.1.0.0/28' });
  await create(cluster, 1);
  await shell.run(
    'kubectl create clusterrole reads --verb get,list,watch --resource services,configmaps,leases',
  );
  await shell.run('kubectl create clusterrolebinding reads --clusterrole reads --user viewer');
  const viewer = await shellOn(cluster, 'viewer');
  const { code, stderr } = await viewer.run('kubectl vip drain 10.1.0.1');
  viewer.close();
  assert.equal(code, 1);
  assert.match(
    stderr,
    /\ndrain: You do not have permission to patch Services in namespace default\. Nothing was changed\. An administrator can grant it:\nkubectl create role kube-vip-move-services --namespace default --verb patch --resource services\n/,
  );
  await cluster.becomes('default/web-0000', assigned('10.1.0.1', 'cidr-global'));
});
