import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locateBinaries } from '../controlplane/binaries.ts';
import { startEtcd } from '../controlplane/etcd.ts';
import { sharedBundle } from './bundle.ts';
import { Cluster } from './cluster.ts';
import { ControllerProcess } from './controller.ts';
import { eventually } from './eventually.ts';
import { assigned, loadBalancer, names } from './objects.ts';

const { folder, missing } = locateBinaries(process.env);
const skip = missing.length > 0 && `needs ${missing.join(', ')}: \`npm run controlplane\` builds them`;

const ofPool = (address: string) => assigned(address, 'range-default');

test('after etcd is restored from a backup, its state applies, and addresses assigned since the backup are free again', {
  skip,
  timeout: 300_000,
}, async () => {
  const etcd = await startEtcd(folder);
  const cluster = await Cluster.start(folder, { prefix: 'restore' }, etcd);
  const bundle = await sharedBundle();
  const kubeconfig = await cluster.install();
  const controller = new ControllerProcess({ bundle: bundle.entry, kubeconfig, env: {}, flags: [] });
  /** Does work while the API server and etcd are stopped, as a restore requires. */
  const offline = async (work: () => void): Promise<void> => {
    await cluster.server.signal('KILL');
    await etcd.kill();
    work();
    await etcd.restart();
    await cluster.server.restart();
  };
  /** Waits longer than the controller needs to become the leader again. */
  const becomes = (key: string, address: string): Promise<void> =>
    eventually(async () => assert.deepEqual(await cluster.assignment(key), ofPool(address), key));
  const reasons = async (key: string): Promise<string[]> =>
    (await cluster.events(key)).map(({ reason }) => reason);
  try {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9' });
    for (const [index, name] of ['stays', 'moved', 'removed'].entries()) {
      await cluster.create(loadBalancer(`default/${name}`));
      await becomes(`default/${name}`, `10.1.0.${index + 1}`);
      // An event follows its write, and has to be in the backup, too.
      await eventually(async () =>
        assert.deepEqual(await reasons(`default/${name}`), ['EnsuredLoadBalancer']),
      );
    }
    const before = await cluster.services();
    let restore = (): void => assert.fail('no backup exists');
    await offline(() => {
      restore = etcd.backup();
    });
    await cluster.annotate('default/moved', { [names.addresses]: '192.168.7.7' });
    await eventually(async () => assert.equal((await cluster.assignment('default/moved')).from, 'static'));
    await cluster.remove('default/removed');
    await cluster.create(loadBalancer('default/since'));
    await becomes('default/since', '10.1.0.2');
    await offline(restore);
    assert.deepEqual(await cluster.services(), before);
    // With a stale cache, the controller would assign .2 or .3. If it waited for an old resource version, it would assign none.
    await cluster.create(loadBalancer('default/after'));
    await becomes('default/after', '10.1.0.4');
    // No conflict with a Service that no longer exists is reported, and no restored Service is written.
    for (const [key, { metadata }] of before) {
      assert.equal(await cluster.version(key), metadata.resourceVersion);
      assert.deepEqual(await reasons(key), ['EnsuredLoadBalancer']);
    }
    // Later changes to restored Services are observed.
    await cluster.remove('default/moved');
    await cluster.create(loadBalancer('default/last'));
    await becomes('default/last', '10.1.0.2');
  } catch (error) {
    throw new Error(`${String(error)}\n${controller.output}`, { cause: error });
  } finally {
    await controller.crash();
    await cluster.stop();
    bundle.remove();
  }
});
