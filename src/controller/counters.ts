import type { Clock } from '../client/transport.ts';
import type { Cause, Refusal } from '../core/decide/decision.ts';
import { Counts } from '../metrics/counts.ts';
import { Arrivals } from './latency-tracker.ts';
import { Census, each, refusals } from './service-stats.ts';

const causes: Readonly<Record<Cause, true>> = {
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
export type WatchName = 'services' | 'configmap' | 'leftovers' | 'claims';

const watches: Readonly<Record<WatchName, true>> = {
  services: true,
  configmap: true,
  leftovers: true,
  claims: true,
};

/** What is counted of a controller's work, as plain numbers: a scrape reads them (metrics.ts). */
export class Figures {
  readonly census: Census;
  readonly arrivals: Arrivals;
  readonly assignments = new Counts<[cause: Cause]>(each(causes));
  /** Each time that a Service was told why it cannot have an address. */
  readonly refusals = new Counts<[reason: Refusal['code']]>(each(refusals));
  /** Each time that a watch broke off, or could not be begun. */
  readonly watchFailures = new Counts<[watch: WatchName]>(each(watches));
  releases = 0;

  constructor(clock: Clock) {
    this.census = new Census(clock);
    this.arrivals = new Arrivals(clock);
  }
}
