import type { Election } from '../client/election.ts';
import type { EventRecorder } from '../client/events.ts';
import type { Requests } from '../client/metered-transport.ts';
import { countOf, type ProblemCode } from '../core/config/config-problem.ts';
import { poolsOf } from '../core/config/policy.ts';
import { problemNouns } from '../core/explain/explain-config.ts';
import type { Family } from '../core/ip/address.ts';
import { type PoolCounts, poolCounter } from '../core/queries/pool-counts.ts';
import { type QuotaRow, quotaRows } from '../core/queries/quotas.ts';
import { Counts } from '../metrics/counts.ts';
import { type Definition, exposition, type Readings } from '../metrics/exposition.ts';
import type { Controller } from './controller.ts';
import { each } from './service-stats.ts';

/**
 * The metrics of the controller; docs/metrics.md has the same table. They are read on each scrape from
 * numbers that are maintained anyway. No label value comes from a user's Service.
 */

/** Pools beyond this number are reported as one, with an empty label. Prometheus stores a series for each. */
const maxPools = 1000;
/** As `maxPools`, for namespaces with a quota. */
const maxNamespaces = 1000;

export const controllerMetrics = {
  kube_vip_cloud_provider_pool_size_addresses: {
    type: 'gauge',
    help: 'Addresses that can be allocated from the pool, in use or not.',
    labels: ['pool', 'family'],
  },
  kube_vip_cloud_provider_pool_used_addresses: {
    type: 'gauge',
    help: 'Addresses of the pool that are in use by any Service or IPAddress claim. An address in several pools is counted in each.',
    labels: ['pool', 'family'],
  },
  kube_vip_cloud_provider_pool_reserved_addresses: {
    type: 'gauge',
    help: 'Addresses of the pool that the ConfigMap reserves for Services that do not have them. They are neither used nor free.',
    labels: ['pool', 'family'],
  },
  kube_vip_cloud_provider_pool_free_addresses: {
    type: 'gauge',
    help: 'Addresses of the pool that are free.',
    labels: ['pool', 'family'],
  },
  kube_vip_cloud_provider_pool_excluded_addresses: {
    type: 'gauge',
    help: 'Addresses that the ConfigMap excludes from the pool. They are not part of its size.',
    labels: ['pool', 'family'],
  },
  kube_vip_cloud_provider_quota_limit_addresses: {
    type: 'gauge',
    help: 'Addresses that the Services of a namespace may have, if it has a quota.',
    labels: ['namespace'],
  },
  kube_vip_cloud_provider_quota_held_addresses: {
    type: 'gauge',
    help: 'Addresses that the Services of a namespace with a quota have.',
    labels: ['namespace'],
  },
  kube_vip_cloud_provider_quota_pending_services: {
    type: 'gauge',
    help: 'Services that do not get an address because of the quota of their namespace.',
    labels: ['namespace'],
  },
  kube_vip_cloud_provider_services: {
    type: 'gauge',
    help: 'Services of this controller, by state.',
    labels: ['state'],
  },
  kube_vip_cloud_provider_services_pending: {
    type: 'gauge',
    help: 'Services without an address, by the reason. A Service that needs both families may be in two series.',
    labels: ['pool', 'family', 'reason'],
  },
  kube_vip_cloud_provider_longest_pending_seconds: {
    type: 'gauge',
    help: 'How long the longest pending Service has been pending, by the reason, as observed by this replica.',
    labels: ['pool', 'family', 'reason'],
  },
  kube_vip_cloud_provider_services_in_conflict: {
    type: 'gauge',
    help: 'Services that use or request an address that they cannot have.',
    labels: ['reason'],
  },
  kube_vip_cloud_provider_services_failing: {
    type: 'gauge',
    help: 'Services whose change the API server rejects, by what refuses it.',
    labels: ['refusal'],
  },
  kube_vip_cloud_provider_pending_changes: {
    type: 'gauge',
    help: 'Services that keep their address while a change of it is pending.',
    labels: ['change'],
  },
  kube_vip_cloud_provider_address_conflicts: {
    type: 'gauge',
    help: 'Addresses that more Services or claims have or request than can share them. Events on the Services name each other.',
    labels: [],
  },
  kube_vip_cloud_provider_addresses_outside_pool: {
    type: 'gauge',
    help: 'Allocated addresses outside the pool of their Service, which the Services keep.',
    labels: [],
  },
  kube_vip_cloud_provider_services_unannounced: {
    type: 'gauge',
    help: 'Services whose status does not show the assigned address, by the reason.',
    labels: ['reason'],
  },
  kube_vip_cloud_provider_longest_unannounced_seconds: {
    type: 'gauge',
    help: 'How long the status of a Service has not shown the assigned address, at most, by the reason, as observed by this replica.',
    labels: ['reason'],
  },
  kube_vip_cloud_provider_claims: {
    type: 'gauge',
    help: 'IPAddress objects of this controller and of others, with --claims.',
    labels: ['owner'],
  },
  kube_vip_cloud_provider_config_problems: {
    type: 'gauge',
    help: 'Problems in the ConfigMap with the pools. The events on it name the entries.',
    labels: ['code'],
  },
  kube_vip_cloud_provider_assignments_total: {
    type: 'counter',
    help: 'Writes to Services that assign or record addresses, by cause. adopt and update only record an existing address.',
    labels: ['cause'],
  },
  kube_vip_cloud_provider_conflicts_total: {
    type: 'counter',
    help: 'Conflicts reported on Services that cannot have the address that they use or request, once per reason.',
    labels: ['reason'],
  },
  kube_vip_cloud_provider_releases_total: {
    type: 'counter',
    help: 'Services that were cleaned up because they are no longer of type LoadBalancer.',
    labels: [],
  },
  kube_vip_cloud_provider_other_allocations_total: {
    type: 'counter',
    help: 'Services on which another controller assigned an address or took part while this replica was the leader. An AnotherAllocator event names it.',
    labels: [],
  },
  kube_vip_cloud_provider_time_to_address_seconds: {
    type: 'histogram',
    help: 'Time from the watch event of a Service without an address until an address from a pool is written to it. Services from a list are not included.',
    labels: [],
  },
  kube_vip_cloud_provider_watch_failures_total: {
    type: 'counter',
    help: 'Failed lists and watches, which are retried.',
    labels: ['watch'],
  },
  kube_vip_cloud_provider_silent_watches_total: {
    type: 'counter',
    help: 'Lists and watches that failed because their connection carried no data, although it was not closed. Also counted as failures.',
    labels: ['watch'],
  },
  kube_vip_cloud_provider_events_pending: {
    type: 'gauge',
    help: 'Events that are not written yet.',
    labels: [],
  },
  kube_vip_cloud_provider_events_dropped_total: {
    type: 'counter',
    help: 'Events that were dropped because the queue was full or the API server rejected them.',
    labels: [],
  },
  leader_election_master_status: {
    type: 'gauge',
    help: 'Whether this replica is the leader for the Lease of that name: 1 or 0.',
    labels: ['name'],
  },
  kube_vip_cloud_provider_lease_losses_total: {
    type: 'counter',
    help: 'How often this replica was the leader and lost the Lease, by reason.',
    labels: ['reason'],
  },
  rest_client_requests_total: {
    type: 'counter',
    help: 'Requests to the API server, by status code and method.',
    labels: ['code', 'method'],
  },
  rest_client_request_duration_seconds: {
    type: 'histogram',
    help: 'Time until the response of the API server begins, by method.',
    labels: ['verb'],
  },
} as const satisfies Readonly<Record<string, Definition>>;

export interface MetricsContext {
  readonly controller: Controller;
  readonly requests: Requests;
  readonly events: EventRecorder;
  /** undefined: without leader election. */
  readonly lease: string | undefined;
  readonly election: Election | undefined;
}

type ControllerReadings = Readings<typeof controllerMetrics>;

/** O(pools, used address intervals, config problems, namespaces with a quota, pending Services); other Services are not read. */
export function readMetrics({ controller, requests, events, lease, election }: MetricsContext): string {
  const { assignments, conflicts, releases, otherAllocations, latency } = controller.counters;
  const { watchFailures, silentWatches } = controller.counters;
  const own: ControllerReadings = {
    kube_vip_cloud_provider_assignments_total: assignments.rows(),
    kube_vip_cloud_provider_conflicts_total: conflicts.rows(),
    kube_vip_cloud_provider_releases_total: [[releases]],
    kube_vip_cloud_provider_other_allocations_total: [[otherAllocations]],
    kube_vip_cloud_provider_time_to_address_seconds: [[latency.seconds]],
    kube_vip_cloud_provider_watch_failures_total: watchFailures.rows(),
    kube_vip_cloud_provider_silent_watches_total: silentWatches.rows(),
    kube_vip_cloud_provider_events_pending: [[events.pending()]],
    kube_vip_cloud_provider_events_dropped_total: [[events.dropped()]],
    rest_client_requests_total: requests.responses.rows(),
    rest_client_request_duration_seconds: requests.seconds.entries(),
    ...(lease === undefined || election === undefined
      ? {}
      : {
          leader_election_master_status: [[lease, controller.isLeading ? 1 : 0]],
          kube_vip_cloud_provider_lease_losses_total: election.losses.rows(),
        }),
  };
  // Only a synced leader reports cluster state, so sums over the replicas are correct.
  return exposition(
    controllerMetrics,
    controller.isSyncedLeader ? { ...own, ...readState(controller) } : own,
  );
}

function readState({ allocator, counters: { services, announcements } }: Controller): ControllerReadings {
  const { config, claimTracker } = allocator;
  const labeled = new Set([...config.pools.keys()].slice(0, maxPools));
  const labelOf = (key: string): string => (labeled.has(key) ? key : '');
  const pools = poolUsage(allocator);
  // A number has about 16 significant digits, which is enough for the usage of a /64.
  const series = (count: (counts: PoolCounts) => bigint): [string, Family, number][] =>
    pools.map(({ labels, counts }) => [...labels, Number(count(counts))]);
  const quotas = quotaUsage(allocator, new Map(services.pendingForQuota.rows()));
  const pending = new Counts<[key: string, family: string, reason: string]>();
  for (const [key, family, reason, count] of services.pending.rows())
    pending.add([labelOf(key), family, reason], count);
  const longest = new Map<string, [key: string, family: string, reason: string, seconds: number]>();
  for (const [key, family, reason, seconds] of services.pendingSeconds()) {
    const name = labelOf(key);
    const at = [name, family, reason].join('\0');
    if (seconds >= (longest.get(at)?.[3] ?? 0)) longest.set(at, [name, family, reason, seconds]);
  }
  const found = new Counts<[code: ProblemCode]>(each(problemNouns));
  for (const problem of config.problems) {
    const { code, count } = countOf(problem);
    found.add([code], count);
  }
  return {
    kube_vip_cloud_provider_pool_size_addresses: series(({ size }) => size),
    kube_vip_cloud_provider_pool_used_addresses: series(({ used }) => used),
    kube_vip_cloud_provider_pool_reserved_addresses: series(({ reserved }) => reserved),
    kube_vip_cloud_provider_pool_free_addresses: series(({ free }) => free),
    kube_vip_cloud_provider_pool_excluded_addresses: series(({ excluded }) => excluded),
    kube_vip_cloud_provider_quota_limit_addresses: quotas.map(({ namespace, limit }) => [namespace, limit]),
    kube_vip_cloud_provider_quota_held_addresses: quotas.map(({ namespace, used }) => [namespace, used]),
    kube_vip_cloud_provider_quota_pending_services: quotas.map(({ namespace, pending }) => [
      namespace,
      pending,
    ]),
    kube_vip_cloud_provider_services: services.states.rows(),
    kube_vip_cloud_provider_services_pending: pending.rows(),
    kube_vip_cloud_provider_longest_pending_seconds: longest.values(),
    kube_vip_cloud_provider_services_in_conflict: services.inConflict.rows(),
    kube_vip_cloud_provider_services_failing: services.failing.rows(),
    kube_vip_cloud_provider_pending_changes: services.pendingChanges.rows(),
    kube_vip_cloud_provider_address_conflicts: [[services.conflictCount]],
    kube_vip_cloud_provider_addresses_outside_pool: [[services.outside]],
    kube_vip_cloud_provider_services_unannounced: announcements.counts(),
    kube_vip_cloud_provider_longest_unannounced_seconds: announcements.longestSeconds(),
    kube_vip_cloud_provider_config_problems: found.rows(),
    kube_vip_cloud_provider_claims: [
      ['ours', claimTracker.claims.ours],
      ['others', claimTracker.claims.others],
      ['tombstones', claimTracker.claims.tombstones],
    ],
  };
}

interface PoolUsage {
  readonly labels: [key: string, family: Family];
  readonly counts: PoolCounts;
}

/** The pools with addresses of each family, then the sum of those beyond `maxPools`. */
function poolUsage({ ledger, config }: Controller['allocator']): PoolUsage[] {
  const countsOf = poolCounter(ledger);
  const usages = poolsOf(config).map((pool) =>
    families
      .map((family): PoolUsage => ({ labels: [pool.key, family], counts: countsOf(pool, family) }))
      .filter(({ counts }) => counts.size + counts.excluded > 0n),
  );
  const others = usages.slice(maxPools).flat();
  const sums = families.flatMap((family): PoolUsage[] => {
    const counts = others.filter(({ labels }) => labels[1] === family).map(({ counts }) => counts);
    return counts.length === 0 ? [] : [{ labels: ['', family], counts: counts.reduce(added) }];
  });
  return [...usages.slice(0, maxPools).flat(), ...sums];
}

function added(a: PoolCounts, b: PoolCounts): PoolCounts {
  return {
    size: a.size + b.size,
    used: a.used + b.used,
    reserved: a.reserved + b.reserved,
    free: a.free + b.free,
    excluded: a.excluded + b.excluded,
  };
}

type QuotaUsage = Pick<QuotaRow, 'namespace' | 'limit' | 'used' | 'pending'>;

/** The namespaces with a quota, then the sum of those beyond `maxNamespaces`. */
function quotaUsage(allocator: Controller['allocator'], byQuota: ReadonlyMap<string, number>): QuotaUsage[] {
  const rows = quotaRows(allocator, { byQuota });
  const shown = rows.slice(0, maxNamespaces);
  const others = rows.slice(maxNamespaces);
  if (others.length === 0) return shown;
  const sum = (count: (row: QuotaRow) => number): number => others.reduce((all, row) => all + count(row), 0);
  const [limit, used, pending] = [sum((row) => row.limit), sum((row) => row.used), sum((row) => row.pending)];
  return [...shown, { namespace: '', limit, used, pending }];
}

const families: readonly Family[] = ['IPv4', 'IPv6'];
