import type { Clock } from '../client/transport.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../core/model/service-view.ts';
import { Histogram } from '../metrics/histogram.ts';

/** Seconds: most take a few hundredths; who waits for a pool to grow may take hours. */
const bounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200];

/**
 * How long Services take from the moment that a watch tells of them until their address is written. By the monotonic
 * clock of this process: a creation time has a resolution of one second, and is another machine's.
 */
export class LatencyTracker {
  readonly seconds = new Histogram(bounds);
  readonly #clock: Clock;
  readonly #since = new Map<ServiceKey, { readonly uid: string; readonly at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A watch tells of a Service. What a list tells of has been there for nobody knows how long. */
  seen(view: ServiceView, isLeading: boolean): void {
    const key = keyOf(view);
    const isBare = view.record === undefined && view.annotation === undefined && view.specIP === undefined;
    if (!isBare) {
      // Another replica has served it; what we write ourselves is told by `served`.
      if (!isLeading) this.#since.delete(key);
      return;
    }
    if (this.#since.get(key)?.uid === view.uid) return;
    this.#since.set(key, { uid: view.uid, at: this.#clock.now() });
  }

  /** When the watch told of it, as a Service without an address. */
  since({ uid, ...name }: ServiceView): number | undefined {
    const since = this.#since.get(keyOf(name));
    return since?.uid === uid ? since.at : undefined;
  }

  /** An address of a pool was written on it. */
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
