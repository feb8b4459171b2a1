import type { Cause } from '../core/decision.ts';
import type { Clock } from '../kube/transport.ts';
import { Counts } from '../metrics/counts.ts';
import { Arrivals } from './arrivals.ts';
import { Census, each } from './census.ts';

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

/** What is counted of a controller's work, as plain numbers: a scrape reads them (metrics.ts). */
export class Figures {
  readonly census = new Census();
  readonly arrivals: Arrivals;
  readonly assignments = new Counts<[cause: Cause]>(each(causes));
  /** Each time that a watch broke off, or could not be begun. */
  readonly watchFailures = new Counts<[watch: string]>();
  releases = 0;

  constructor(clock: Clock) {
    this.arrivals = new Arrivals(clock);
  }
}
