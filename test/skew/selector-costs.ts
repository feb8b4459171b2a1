/**
 * What it costs that an API server cannot select Services by type: `node setup.mjs test/skew/selector-costs.ts 1.30 1.36
 * [--services 2000]` prints a row for each release. The cluster has this many Services of type ClusterIP and ten of type
 * LoadBalancer.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { temporaryFolder } from '../controlplane/temporary.ts';
import { sharedBundle } from '../e2e/bundle.ts';
import { Cluster } from '../e2e/cluster.ts';
import { ControllerProcess } from '../e2e/controller.ts';
import { eventually, quietTime } from '../e2e/eventually.ts';
import { loadBalancer } from '../e2e/objects.ts';
import { assembleRelease, moduleOf } from './releases.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { services: { type: 'string', default: '2000' } },
});
const count = Number(values.services);

/** Counts what the API server at a port sends through this proxy. */
async function countingProxy(
  port: number,
): Promise<{ port: number; received: () => number; close: () => void }> {
  let bytes = 0;
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    upstream.on('data', (chunk) => {
      bytes += chunk.length;
    });
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return { port: address.port, received: () => bytes, close: () => server.close() };
}

async function fill(cluster: Cluster): Promise<void> {
  const spec = { type: 'ClusterIP', ports: [{ port: 80 }], selector: { app: 'example' } };
  const labels = { 'app.kubernetes.io/name': 'example', 'app.kubernetes.io/part-of': 'example' };
  for (let n = 0; n < count; n += 20)
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        cluster.client.post('/api/v1/namespaces/default/services', {
          metadata: { name: `other-${n + i}`, labels },
          spec,
        }),
      ),
    );
  await cluster.pools({ 'range-default': '10.1.0.1-10.1.0.99' });
}

async function measure(release: string): Promise<string> {
  const assets = assembleRelease(moduleOf(release) ?? assert.fail(`unknown release ${release}`));
  const cluster = await Cluster.start(assets.path, { prefix: 'costs' });
  const bundle = await sharedBundle();
  const folder = temporaryFolder('kvcp-costs-');
  const account = await cluster.install();
  await fill(cluster);
  const { port } = new URL(cluster.server.url);
  const proxy = await countingProxy(Number(port));
  const kubeconfig = join(folder.path, 'kubeconfig');
  writeFileSync(kubeconfig, readFileSync(account, 'utf8').replaceAll(`:${port}`, `:${proxy.port}`));
  const started = performance.now();
  const controller = new ControllerProcess({ bundle: bundle.entry, kubeconfig, env: {}, flags: [] });
  try {
    await cluster.create(loadBalancer('default/first'));
    await eventually(async () => assert.ok((await cluster.assignment('default/first')).addresses));
    const firstMs = performance.now() - started;
    await quietTime(5000);
    const afterStart = proxy.received();
    for (let n = 0; n < 100; n++)
      await cluster.patch(`default/other-${n}`, { metadata: { labels: { changed: 'true' } } });
    await quietTime(3000);
    const perChange = (proxy.received() - afterStart) / 100;
    const mib = (bytes: number): string => (bytes / 1_048_576).toFixed(1);
    return `| ${release} | ${mib(afterStart)} MiB | ${(firstMs / 1000).toFixed(1)} s | ${Math.round(perChange)} B |`;
  } finally {
    await controller.crash();
    proxy.close();
    await cluster.stop();
    bundle.remove();
    folder.remove();
    assets.remove();
  }
}

process.stdout.write(
  `| Kubernetes | received until a first address and 5 s | first address | received for each change of another Service |\n| --- | --- | --- | --- |\n`,
);
for (const release of positionals) process.stdout.write(`${await measure(release)}\n`);
