import type { Clock } from '../client/transport.ts';
import type { AddressConflict, WriteCause } from '../core/decide/decision.ts';
import { Counts } from '../metrics/counts.ts';
import { Announcements } from './announcements.ts';
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
  pools: true,
  reallocate: true,
  confirm: true,
  update: true,
};

/** The watched resources; `claims` only with --claims. */
export type WatchName = 'services' | 'configmap' | 'external-ips' | 'cleanup' | 'claims';

const watches: Readonly<Record<WatchName, true>> = {
  services: true,
  configmap: true,
  'external-ips': true,
  cleanup: true,
  claims: true,
};

/** The counters of a controller, as plain numbers that a scrape reads (metrics.ts). */
export class Counters {
  readonly services: ServiceStats;
  readonly latency: LatencyTracker;
  readonly announcements: Announcements;
  readonly assignments = new Counts<[cause: WriteCause]>(each(causes));
  /** Reported conflicts. */
  readonly conflicts = new Counts<[reason: AddressConflict['code']]>(each(conflictReasons));
  /** Failed lists and watches. */
  readonly watchFailures = new Counts<[watch: WatchName]>(each(watches));
  /** Failed lists and watches whose connection carried no data. */
  readonly silentWatches = new Counts<[watch: WatchName]>(each(watches));
  releases = 0;
  /** Assignments by other controllers while this replica leads. */
  otherAllocations = 0;

  constructor(clock: Clock) {
    this.services = new ServiceStats(clock);
    this.latency = new LatencyTracker(clock);
    this.announcements = new Announcements(clock);
  }
}
