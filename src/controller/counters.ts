import type { Clock } from '../client/transport.ts';
import type { AddressConflict, WriteCause } from '../core/decide/decision.ts';
import { Counts } from '../metrics/counts.ts';
import { LatencyTracker } from './latency-tracker.ts';
import { conflictReasons, each, ServiceStats } from './service-stats.ts';

const causes: Readonly<Record<WriteCause, true>> = {
  allocate: true,
  share: true,
  'mark-static': true,
  restore: true,
  adopt: true,
  families: true,
  ports: true,
  reallocate: true,
  update: true,
};

/** What is listed and watched; `claims` only with --claims. */
export type WatchName = 'services' | 'configmap' | 'cleanup' | 'claims';

const watches: Readonly<Record<WatchName, true>> = {
  services: true,
  configmap: true,
  cleanup: true,
  claims: true,
};

/** What is counted of a controller's work, as plain numbers: a scrape reads them (metrics.ts). */
export class Counters {
  readonly services: ServiceStats;
  readonly latency: LatencyTracker;
  readonly assignments = new Counts<[cause: WriteCause]>(each(causes));
  /** Each time that a Service was told why it cannot have an address. */
  readonly conflicts = new Counts<[reason: AddressConflict['code']]>(each(conflictReasons));
  /** Each time that a watch broke off, or could not be begun. */
  readonly watchFailures = new Counts<[watch: WatchName]>(each(watches));
  releases = 0;

  constructor(clock: Clock) {
    this.services = new ServiceStats(clock);
    this.latency = new LatencyTracker(clock);
  }
}
