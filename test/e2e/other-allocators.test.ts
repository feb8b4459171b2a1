import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { after } from 'node:test';
import { sharedBundle } from './bundle.ts';
import { eventually, quietTime } from './eventually.ts';
import { goScenarios, hasAddresses } from './go-version.ts';
import { Shell } from './kubectl-vip.ts';
import { loadBalancer } from './objects.ts';
import { scenarios } from './scenario.ts';

const scenario = scenarios('other-allocators');
const goScenario = goScenarios('other-allocators-go');

scenario(
  'two controllers without leader election: each says so with the first Service, and they come to rest',
  async ({ cluster, start }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.200' });
    const controllers = [
      start({ flags: ['--leader-elect=false'] }),
      start({ flags: ['--leader-elect=false'] }),
    ];
    await Promise.all(controllers.map((one) => one.logs(/read the pools/)));
    const keys = Array.from({ length: 40 }, (_, i) => `default/web-${i}`);
    for (const key of keys) await cluster.create(loadBalancer(key));
    await hasAddresses(cluster, ...keys);
    // Usually both say so; the faster one may win each time.
    const text =
      /Another controller assigned 10\.1\.0\.\d+ to this Service \(allocation record of kube-vip-cloud-controller, field manager "kube-vip-cloud-provider"\)\. This one runs without leader election\./;
    await eventually(() => assert.ok(controllers.some(({ log }) => log.some(({ msg }) => text.test(msg)))));
    await eventually(async () => {
      const events = await Promise.all(keys.map((key) => cluster.events(key)));
      assert.ok(events.flat().some(({ reason }) => reason === 'AnotherAllocator'));
    });
    const bundle = await sharedBundle();
    after(() => bundle.remove());
    const shell = new Shell(dirname(bundle.entry), cluster.server.kubeconfig());
    const audit = await shell.json<{ findings: { code: string; message: string }[] }>('audit');
    const [row] = audit.findings.filter(({ code }) => code === 'another-allocator');
    assert.match(row?.message ?? '', /^At 20\d\d-.*Z: Another controller assigned 10\.1\.0\./);
    let before = await cluster.versions();
    await eventually(async () => {
      const now = await cluster.versions();
      const isAtRest = JSON.stringify(now) === JSON.stringify(before);
      before = now;
      assert.ok(isAtRest);
      await quietTime(1_000);
      assert.deepEqual(await cluster.versions(), now);
    });
  },
);

goScenario(
  'the Go version with another Lease: an event names its finalizer or what it assigned',
  async ({ cluster, start, startGo }) => {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9' });
    start({ flags: ['--leader-elect-resource-name=another'], user: 'administrator' });
    startGo();
    await eventually(async () => {
      const key = `default/web-${Date.now()}`;
      await cluster.create(loadBalancer(key));
      await hasAddresses(cluster, key);
      await quietTime(500);
      const events = await cluster.events(key);
      await cluster.remove(key);
      assert.ok(
        events.some(({ reason }) => reason === 'AnotherAllocator'),
        JSON.stringify(events),
      );
    });
  },
);
