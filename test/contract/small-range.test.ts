import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startApiServer } from '../controlplane/apiserver.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import { sharedEtcd } from '../controlplane/shared.ts';
import { eventually } from '../e2e/eventually.ts';
import { assertRefused, ipAddress, loadBalancer, World } from './world.ts';

const { folder, missing } = locateBinaries(process.env);
const skip = `needs ${missing.join(', ')}: \`npm run controlplane\` builds them`;

/** embedded-world.test.ts tests the rest: only a small range can be exhausted, and that of the embedded API is large. */
test(
  'kube-apiserver does not allocate a cluster IP that has an IPAddress',
  missing.length > 0 ? { skip } : {},
  async () => {
    const etcd = await sharedEtcd(folder);
    // Six addresses, the first of which is that of the Service `kubernetes`.
    const flags = ['--service-cluster-ip-range=10.96.0.0/29'];
    const api = await startApiServer(folder, etcd, { prefix: 'small-range', flags });
    const server = { ...api, needsNamespaces: false, close: () => api.stop() };
    const world = new World(server, 1, 'default');
    try {
      // The server creates that one shortly after it is ready.
      await eventually(() => world.read('ipaddresses/10.96.0.1'));
      for (const n of [2, 3, 5, 6]) await world.create('ipaddresses', ipAddress(`10.96.0.${n}`));
      const service = await world.create('services', loadBalancer('a'));
      assert.equal(service.spec.clusterIP, '10.96.0.4');
      const full = await world.post(world.at('services'), loadBalancer('b'));
      assertRefused(full, { code: 500, reason: 'InternalError', message: /range is full/ });
    } finally {
      world.close();
      await api.stop();
      await etcd.stop();
    }
  },
);
