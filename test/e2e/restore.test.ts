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

test('etcd restored from a backup: what is there now counts, and what was given since is free again', {
  skip,
  timeout: 100_000,
}, async () => {
  const etcd = await startEtcd(folder);
  const cluster = await Cluster.start(folder, { prefix: 'restore' }, etcd);
  const bundle = await sharedBundle();
  const kubeconfig = await cluster.install();
  const controller = new ControllerProcess({ bundle: bundle.entry, kubeconfig, env: {}, flags: [] });
  /** The API server and its etcd are away meanwhile, as an administrator has to do it. */
  const offline = async (work: () => void): Promise<void> => {
    await cluster.server.signal('KILL');
    await etcd.kill();
    work();
    await etcd.restart();
    await cluster.server.restart();
  };
  /** Longer than the time until the controller leads again. */
  const becomes = (key: string, address: string): Promise<void> =>
    eventually(async () => assert.deepEqual(await cluster.assignment(key), ofPool(address), key), 30_000);
  try {
    await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.9' });
    for (const [index, name] of ['stays', 'moved', 'removed'].entries()) {
      await cluster.create(loadBalancer(`default/${name}`));
      await becomes(`default/${name}`, `10.1.0.${index + 1}`);
    }
    const before = await cluster.services();
    let restore = (): void => assert.fail('there is no backup');
    await offline(() => {
      restore = etcd.backup();
    });
    await cluster.annotate('default/moved', { [names.addresses]: '192.168.7.7' });
    await eventually(
      async () => assert.equal((await cluster.assignment('default/moved')).from, 'static'),
      30_000,
    );
    await cluster.remove('default/removed');
    await cluster.create(loadBalancer('default/since'));
    await becomes('default/since', '10.1.0.2');
    await offline(restore);
    assert.deepEqual(await cluster.services(), before);
    // It would be given .2 or .3 by whoever believes what was there before, and none by whoever waits for what will not come.
    await cluster.create(loadBalancer('default/after'));
    await becomes('default/after', '10.1.0.4');
    // Nobody is in conflict with what is no more, and nothing that was restored is written to.
    for (const [key, { metadata }] of before) {
      assert.equal(await cluster.version(key), metadata.resourceVersion);
      const events = await cluster.events(key);
      assert.deepEqual(
        events.map(({ reason }) => reason),
        ['EnsuredLoadBalancer'],
      );
    }
    // An edit of what went back is seen, too.
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
