/**
 * `npm run takeover`: two replicas, of ours and of the Go version; the leader is ended, and a Service is created at that
 * moment. Prints when there was a new holder of the Lease, and when the Service had its address. Asserts nothing.
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Watch } from '../test/contract/http.ts';
import { locateBinaries } from '../test/controlplane/binaries.ts';
import { buildBundle } from '../test/e2e/bundle.ts';
import { Cluster } from '../test/e2e/cluster.ts';
import { ControllerProcess } from '../test/e2e/controller.ts';
import { eventually } from '../test/e2e/eventually.ts';
import { GoVersion } from '../test/e2e/go-version.ts';
import { loadBalancer, marksOf } from '../test/e2e/objects.ts';
import { count, table } from './figures.ts';
import { machineLine, thisMachine } from './machine.ts';
import { counter, say } from './progress.ts';

interface Replica {
  terminate(): Promise<unknown>;
  crash(): Promise<void>;
}

interface Program {
  name: string;
  start(): Replica;
}

interface Timeline {
  /** All in milliseconds since the signal. */
  endedMs: number;
  holderMs: number;
  addressMs: number;
}

/** What users have who set nothing. */
const times = [
  '--leader-elect-lease-duration=15s',
  '--leader-elect-renew-deadline=10s',
  '--leader-elect-retry-period=2s',
];

async function takeover(
  cluster: Cluster,
  { start }: Program,
  signal: 'SIGTERM' | 'kill -9',
): Promise<Timeline> {
  const replicas: Replica[] = [];
  try {
    const leader = start();
    replicas.push(leader);
    const holder = await eventually(async () => {
      const now = await cluster.holder();
      if (now === '') throw new Error('nobody leads');
      return now;
    }, 60_000);
    replicas.push(start());
    // Until the standby has its lists, and the leader has done what it does at its start.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const [leases, services] = await Promise.all([cluster.watchLease(), cluster.watch()]);
    const began = performance.now();
    const ended = (signal === 'SIGTERM' ? leader.terminate() : leader.crash()).then(() => performance.now());
    const created = cluster.create(loadBalancer('default/new', { allocateLoadBalancerNodePorts: false }));
    const [endedAt, holderAt, addressAt] = await Promise.all([
      ended,
      seen(leases, ({ spec }) => ![undefined, '', holder].includes(spec.holderIdentity)),
      seen(services, (object) => object.metadata.name === 'new' && marksOf(object).addresses !== null),
      created,
    ]);
    leases.close();
    services.close();
    return { endedMs: endedAt - began, holderMs: holderAt - began, addressMs: addressAt - began };
  } finally {
    await Promise.all(replicas.map((replica) => replica.crash()));
    await cluster.remove('default/new').catch(() => {});
    await cluster.forgetLease();
  }
}

/** When a watch first showed an object that is as wanted. */
async function seen(
  watch: Watch,
  isWanted: (object: Parameters<typeof marksOf>[0]) => boolean,
): Promise<number> {
  for (;;) {
    const event = await watch.next(60_000);
    if (event === undefined) throw new Error('the watch ended');
    if (event.type !== 'BOOKMARK' && isWanted(event.object)) return performance.now();
  }
}

/** Services that are served already, as their leader left them. */
async function fill(cluster: Cluster, services: number): Promise<void> {
  const progress = counter('Services', services);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < services) {
      const i = next++;
      progress(i);
      const ip = `10.${2 + (i >> 14)}.${(i >> 7) & 127}.${1 + (i & 127)}`;
      const service = loadBalancer(`default/held-${i}`, {
        allocateLoadBalancerNodePorts: false,
        loadBalancerIP: ip,
      });
      service.metadata.labels = { implementation: 'kube-vip' };
      service.metadata.annotations = { 'kube-vip.io/loadbalancerIPs': ip };
      await cluster.create(service);
    }
  };
  await Promise.all(Array.from({ length: 16 }, lane));
}

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
const cluster = await Cluster.start(locateBinaries(process.env).folder, { prefix: 'takeover' });
try {
  process.stdout.write(`${machineLine(thisMachine())}\n`);
  await cluster.pools({ 'cidr-global': '10.0.0.0/8' });
  await fill(cluster, services);
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
