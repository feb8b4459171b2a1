import type { Watch } from '../../test/contract/http.ts';
import type { Cluster } from '../../test/e2e/cluster.ts';
import { eventually } from '../../test/e2e/eventually.ts';
import { assignmentOf, loadBalancer, type Manifest, names } from '../../test/e2e/objects.ts';
import { Requests } from '../cluster/requests.ts';
import { type Store, storeCopies } from '../cluster/stored.ts';

interface Replica {
  terminate(): Promise<unknown>;
  crash(): Promise<void>;
}

export interface Program {
  name: string;
  start(): Replica;
}

export interface Timeline {
  /** All in milliseconds since the signal. */
  endedMs: number;
  holderMs: number;
  addressMs: number;
}

/** What users have who set nothing. */
export const times = [
  '--leader-elect-lease-duration=15s',
  '--leader-elect-renew-deadline=10s',
  '--leader-elect-retry-period=2s',
];

export async function takeover(
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
      seen(services, (object) => object.metadata.name === 'new' && assignmentOf(object).addresses !== null),
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
  isWanted: (object: Parameters<typeof assignmentOf>[0]) => boolean,
): Promise<number> {
  for (;;) {
    const event = await watch.next(60_000);
    if (event === undefined) throw new Error('the watch ended');
    if (event.type !== 'BOOKMARK' && isWanted(event.object)) return performance.now();
  }
}

/** Services that are served already, as their leader left them. */
export async function fill({ client, server }: Cluster, store: Store, services: number): Promise<void> {
  if (services === 0) return;
  const served = (ip: string): Manifest =>
    loadBalancer('default/held-0', {
      ...{ allocateLoadBalancerNodePorts: false, loadBalancerIP: ip },
      labels: { [names.implementation]: 'kube-vip' },
      annotations: { [names.addresses]: ip },
    });
  const created = await client.post('/api/v1/namespaces/default/services', served('10.2.0.1'));
  if (created.status !== 201) throw new Error(`no Service: ${created.body.message}`);
  const requests = new Requests(server, 1);
  let next = 1;
  await storeCopies(requests, store, {
    ...{ namespace: 'default', of: 'held-0' },
    names: Array.from({ length: services - 1 }, (_, i) => `held-${i + 1}`),
    edit({ metadata, spec }) {
      const ip = `10.${2 + (next >> 14)}.${(next >> 7) & 127}.${1 + (next & 127)}`;
      next += 1;
      metadata.annotations = { ...metadata.annotations, [names.addresses]: ip };
      if (spec !== undefined) spec.loadBalancerIP = ip;
    },
  });
  requests.close();
}
