import type { EventRecorder } from '../client/events.ts';
import type { Requests } from '../client/metered-transport.ts';
import type { ConfigProblem } from '../core/config/config.ts';
import type { Family } from '../core/ip/address.ts';
import { Counts } from '../metrics/counts.ts';
import { type Definition, exposition, type Readings } from '../metrics/exposition.ts';
import type { Controller } from './controller.ts';
import { each } from './service-stats.ts';

/**
 * What the controller tells Prometheus; docs/metrics.md is the same as a table. Read when it is asked for, from numbers that are
 * kept anyway. Nothing that a Service's user writes is a label's value.
 */

/** Beyond them, pools are told as one, under an empty key. A Prometheus keeps a series for each. */
const mostPools = 1000;

export const controllerMetrics = {
  kube_vip_cloud_provider_pool_size_addresses: {
    type: 'gauge',
    help: 'Addresses that can be allocated from the pool, in use or not.',
    labels: ['pool', 'family'],
  },
  kube_vip_cloud_provider_pool_used_addresses: {
    type: 'gauge',
    help: 'Addresses of the pool that are in use, by whomever. Pools that overlap count the same address each.',
    labels: ['pool', 'family'],
  },
  kube_vip_cloud_provider_pool_free_addresses: {
    type: 'gauge',
    help: 'Addresses of the pool that are free.',
    labels: ['pool', 'family'],
  },
  kube_vip_cloud_provider_services: {
    type: 'gauge',
    help: 'Services of this controller, by how they stand.',
    labels: ['state'],
  },
  kube_vip_cloud_provider_services_pending: {
    type: 'gauge',
    help: 'Services without an address, by what they are short of; one that needs both families may be in two series.',
    labels: ['pool', 'family', 'reason'],
  },
  kube_vip_cloud_provider_longest_pending_seconds: {
    type: 'gauge',
    help: 'For how long the Service waits that waits longest, by what it is short of; as far as this replica has seen.',
    labels: ['pool', 'family', 'reason'],
  },
  kube_vip_cloud_provider_services_in_conflict: {
    type: 'gauge',
    help: 'Services that show or ask for an address that they cannot have.',
    labels: ['reason'],
  },
  kube_vip_cloud_provider_pending_changes: {
    type: 'gauge',
    help: 'Services that want another address than they have, and keep it until there is one.',
    labels: ['change'],
  },
  kube_vip_cloud_provider_address_conflicts: {
    type: 'gauge',
    help: 'Addresses that more have or ask for than may. Events on the Services name each other.',
    labels: [],
  },
  kube_vip_cloud_provider_addresses_outside_pool: {
    type: 'gauge',
    help: 'Allocated addresses that are no longer in the pool of their Service, and are kept.',
    labels: [],
  },
  kube_vip_cloud_provider_claims: {
    type: 'gauge',
    help: 'IPAddress objects, with --claims: those of this controller, and those of others.',
    labels: ['owner'],
  },
  kube_vip_cloud_provider_config_problems: {
    type: 'gauge',
    help: 'What is wrong in the ConfigMap. Events on it say where.',
    labels: ['code'],
  },
  kube_vip_cloud_provider_assignments_total: {
    type: 'counter',
    help: 'Services that were written, by what for; adopt and update only note what is there.',
    labels: ['cause'],
  },
  kube_vip_cloud_provider_conflicts_total: {
    type: 'counter',
    help: 'How often a Service was told that it cannot have the address that it shows or asks for: once for each cause.',
    labels: ['reason'],
  },
  kube_vip_cloud_provider_releases_total: {
    type: 'counter',
    help: 'Services that were cleared when they were no longer of type LoadBalancer.',
    labels: [],
  },
  kube_vip_cloud_provider_time_to_address_seconds: {
    type: 'histogram',
    help: 'From the moment that the watch told of a Service without an address until one of a pool was written on it; not of Services that a list told of.',
    labels: [],
  },
  kube_vip_cloud_provider_watch_failures_total: {
    type: 'counter',
    help: 'How often a list or a watch broke off, and was begun again.',
    labels: ['watch'],
  },
  kube_vip_cloud_provider_events_pending: {
    type: 'gauge',
    help: 'Events that are still to be written.',
    labels: [],
  },
  kube_vip_cloud_provider_events_dropped_total: {
    type: 'counter',
    help: 'Events that were given up: too many waited, or the API server did not take them.',
    labels: [],
  },
  leader_election_master_status: {
    type: 'gauge',
    help: 'Whether this replica is the leader on the Lease of that name.',
    labels: ['name'],
  },
  rest_client_requests_total: {
    type: 'counter',
    help: 'Requests to the API server, by the status of the answer and by method.',
    labels: ['code', 'method'],
  },
  rest_client_request_duration_seconds: {
    type: 'histogram',
    help: 'Time until the answer of the API server began, by method.',
    labels: ['verb'],
  },
} as const satisfies Readonly<Record<string, Definition>>;

export interface MetricsContext {
  readonly controller: Controller;
  readonly requests: Requests;
  readonly events: EventRecorder;
  /** undefined: there is no election. */
  readonly lease: string | undefined;
}

type ControllerReadings = Readings<typeof controllerMetrics>;

/** O(pools, runs of used addresses, problems of the ConfigMap, and Services that wait): no other Service is looked at. */
export function readMetrics({ controller, requests, events, lease }: MetricsContext): string {
  const { assignments, conflicts, releases, latency, watchFailures } = controller.counters;
  const own: ControllerReadings = {
    kube_vip_cloud_provider_assignments_total: assignments.rows(),
    kube_vip_cloud_provider_conflicts_total: conflicts.rows(),
    kube_vip_cloud_provider_releases_total: [[releases]],
    kube_vip_cloud_provider_time_to_address_seconds: [[latency.seconds]],
    kube_vip_cloud_provider_watch_failures_total: watchFailures.rows(),
    kube_vip_cloud_provider_events_pending: [[events.pending()]],
    kube_vip_cloud_provider_events_dropped_total: [[events.dropped()]],
    rest_client_requests_total: requests.answered.rows(),
    rest_client_request_duration_seconds: requests.seconds.entries(),
    ...(lease === undefined
      ? {}
      : { leader_election_master_status: [[lease, controller.isLeading ? 1 : 0]] }),
  };
  // Of the world only the leader tells, and not before it knows it: so sums over the replicas are right.
  return exposition(
    controllerMetrics,
    controller.isLeadingAfresh ? { ...own, ...readWorld(controller) } : own,
  );
}

function readWorld({ allocator, counters: { services } }: Controller): ControllerReadings {
  const { ledger, config, claimTracker } = allocator;
  const all = [...config.pools.values()];
  const named = new Set(all.slice(0, mostPools).map(({ key }) => key));
  const nameOf = (key: string): string => (named.has(key) ? key : '');
  const told = all.flatMap(({ key, size }) =>
    families.filter((family) => size[family] > 0n).map((family): PoolLabels => [nameOf(key), family]),
  );
  const usedOf = ledger.usage();
  const size = new Counts(told);
  const used = new Counts(told);
  const free = new Counts(told);
  for (const pool of all) {
    for (const family of families) {
      if (pool.size[family] === 0n) continue;
      const labels: PoolLabels = [nameOf(pool.key), family];
      const inUse = usedOf(family, pool.spans[family]);
      // A number has room for 16 digits: enough to tell how full a /64 is.
      size.add(labels, Number(pool.size[family]));
      used.add(labels, Number(inUse));
      free.add(labels, Number(pool.size[family] - inUse));
    }
  }
  const waiting = new Counts<[key: string, family: string, reason: string]>();
  for (const [key, family, reason, count] of services.pending.rows())
    waiting.add([nameOf(key), family, reason], count);
  const longest = new Map<string, [key: string, family: string, reason: string, seconds: number]>();
  for (const [key, family, reason, seconds] of services.pendingSeconds()) {
    const name = nameOf(key);
    const at = [name, family, reason].join('\0');
    if (seconds >= (longest.get(at)?.[3] ?? 0)) longest.set(at, [name, family, reason, seconds]);
  }
  const found = new Counts<[code: ConfigProblem['code']]>(each(problems));
  for (const { code } of config.problems) found.add([code]);
  return {
    kube_vip_cloud_provider_pool_size_addresses: size.rows(),
    kube_vip_cloud_provider_pool_used_addresses: used.rows(),
    kube_vip_cloud_provider_pool_free_addresses: free.rows(),
    kube_vip_cloud_provider_services: services.states.rows(),
    kube_vip_cloud_provider_services_pending: waiting.rows(),
    kube_vip_cloud_provider_longest_pending_seconds: longest.values(),
    kube_vip_cloud_provider_services_in_conflict: services.inConflict.rows(),
    kube_vip_cloud_provider_pending_changes: services.pendingChanges.rows(),
    kube_vip_cloud_provider_address_conflicts: [[services.conflictCount]],
    kube_vip_cloud_provider_addresses_outside_pool: [[services.outside]],
    kube_vip_cloud_provider_config_problems: found.rows(),
    kube_vip_cloud_provider_claims: [
      ['ours', claimTracker.claims.ours],
      ['others', claimTracker.claims.others],
    ],
  };
}

type PoolLabels = [key: string, family: Family];

const families: readonly Family[] = ['IPv4', 'IPv6'];

const problems: Readonly<Record<ConfigProblem['code'], true>> = {
  'bad-entry': true,
  'host-bits': true,
  'empty-pool': true,
  'nothing-allocatable': true,
  'dhcp-beside-addresses': true,
  shadowed: true,
  'unknown-key': true,
  'not-text': true,
  'binary-data': true,
  'bad-boolean': true,
  'bad-order': true,
  'bad-interface': true,
};
