import type { Clock } from '../client/transport.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import { Histogram } from '../metrics/histogram.ts';

/** In seconds: most take a few hundredths; a Service that waits for its pool to grow may take hours. */
const bounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200];

/**
 * The time from the watch event of a Service until its address is written. It uses the monotonic clock of
 * this process, because a creation timestamp has a resolution of one second and is from another machine.
 */
export class LatencyTracker {
  readonly seconds = new Histogram(bounds);
  readonly #clock: Clock;
  readonly #since = new Map<ServiceKey, { readonly uid: string; readonly at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call for Services from watch events, not from lists: their age is unknown. */
  seen(view: ServiceView, isLeading: boolean): void {
    const key = keyOf(view);
    const hasNoAddress =
      view.record === undefined && view.annotation === undefined && view.specIP === undefined;
    if (!hasNoAddress) {
      // Another replica has assigned the address; `assigned` handles our own writes.
      if (!isLeading) this.#since.delete(key);
      return;
    }
    if (this.#since.get(key)?.uid === view.uid) return;
    this.#since.set(key, { uid: view.uid, at: this.#clock.now() });
  }

  /** When the watch delivered the Service without an address, if known. */
  since({ uid, ...name }: ServiceView): number | undefined {
    const since = this.#since.get(keyOf(name));
    return since?.uid === uid ? since.at : undefined;
  }

  /** Call when an address from a pool was written. */
  assigned(view: ServiceView): void {
    const since = this.since(view);
    this.#since.delete(keyOf(view));
    if (since !== undefined) this.seconds.observe((this.#clock.now() - since) / 1000);
  }

  delete(key: ServiceKey): void {
    this.#since.delete(key);
  }

  deleteOthers(isKnown: (key: ServiceKey) => boolean): void {
    for (const key of this.#since.keys()) if (!isKnown(key)) this.#since.delete(key);
  }
}
