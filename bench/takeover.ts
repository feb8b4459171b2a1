/**
 * `npm run takeover`: two replicas, of ours and of the Go version; the leader is ended, and a Service is created at that
 * moment. Prints when there was a new holder of the Lease, and when the Service had its address. Asserts nothing.
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { locateBinaries } from '../test/controlplane/binaries.ts';
import { startEtcd } from '../test/controlplane/etcd.ts';
import { buildBundle } from '../test/e2e/bundle.ts';
import { Cluster } from '../test/e2e/cluster.ts';
import { ControllerProcess } from '../test/e2e/controller.ts';
import { GoVersion } from '../test/e2e/go-version.ts';
import { count, table } from './figures.ts';
import { machineLine, thisMachine } from './machine.ts';
import { say } from './progress.ts';
import { fill, type Program, takeover, times } from './takeover/takeover.ts';

const { values } = parseArgs({ options: { services: { type: 'string', default: '0' } } });
const services = Number(values.services);
const peers = locateBinaries(process.env, 'peers');
const missing = [...locateBinaries(process.env).missing, ...peers.missing];
if (!Number.isInteger(services) || services < 0 || services > 50_000) {
  say(
    `--services is a whole number up to 50000, not ${values.services}. Write --services 5000, for example.`,
  );
  process.exit(2);
}
if (missing.length > 0) {
  say(`${missing.join(' and ')} missing. \`npm run controlplane\` builds them.`);
  process.exit(1);
}
const bundle = await buildBundle();
const { folder } = locateBinaries(process.env);
const etcd = await startEtcd(folder);
const prefix = 'takeover';
const cluster = await Cluster.start(folder, { prefix }, etcd);
try {
  process.stdout.write(`${machineLine(thisMachine())}\n`);
  await cluster.pools({ 'cidr-global': '10.0.0.0/8' });
  await fill(cluster, { etcd: etcd.url, prefix }, services);
  const kubeconfig = cluster.server.kubeconfig();
  const programs: Program[] = [
    {
      name: 'ours',
      start: () => new ControllerProcess({ bundle: bundle.entry, kubeconfig, env: {}, flags: times }),
    },
    {
      name: 'Go v0.0.12',
      start: () => new GoVersion({ program: join(peers.folder, 'go-version'), kubeconfig, flags: times }),
    },
  ];
  const rows: string[][] = [];
  for (const program of programs) {
    for (const signal of ['SIGTERM', 'kill -9'] as const) {
      say(`${program.name}, ${signal}`);
      const { endedMs, holderMs, addressMs } = await takeover(cluster, program, signal);
      rows.push([`${program.name}, ${signal}`, ...[endedMs, holderMs, addressMs].map(count)]);
    }
  }
  process.stdout.write(`
takeover: two replicas, lease 15 s, renew deadline 10 s, retry period 2 s, ${count(services)} other Services
  all in ms since the signal: the leader's process is gone, another holds the Lease, a Service created with the signal
  has its address

${table(['', 'ended', 'new holder', 'first address'], rows)}`);
} finally {
  await cluster.stop();
  bundle.remove();
}
process.exit(0);
