import type { Clock } from '../client/transport.ts';
import type { AnnouncementProblem } from '../core/decide/announcement.ts';
import type { ServiceKey } from '../core/model/service-view.ts';

export type AnnouncementReason = AnnouncementProblem['code'];

/**
 * The Services whose status does not show what was assigned, and since when this process has observed it: O(1) for each change
 * of a Service and for each reading. Without an announcer these are all Services, so an entry is one small integer.
 *
 * Invariant: each map is in the order of time, because entries are only added at the end.
 */
export class Announcements {
  readonly #clock: Clock;
  readonly #notAnnounced = new Map<ServiceKey, number>();
  readonly #foreign = new Map<ServiceKey, number>();
  /** What the status shows, for problems with addresses that were not assigned. */
  readonly #shown = new Map<ServiceKey, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  put(key: ServiceKey, problem: AnnouncementProblem | undefined): void {
    if (problem?.code !== 'foreign-status') {
      this.#foreign.delete(key);
      this.#shown.delete(key);
      if (problem === undefined) this.#notAnnounced.delete(key);
      else if (!this.#notAnnounced.has(key)) this.#notAnnounced.set(key, this.#seconds);
      return;
    }
    const text = textOf(problem);
    if (this.#shown.get(key) === text) return;
    this.delete(key);
    this.#shown.set(key, text);
    this.#foreign.set(key, this.#seconds);
  }

  /** kube-vip wrote the addresses in the status: earlier ones of the Service, which it has not replaced yet. */
  isOfKubeVip(key: ServiceKey, problem: AnnouncementProblem): void {
    const text = textOf(problem);
    if (this.#shown.get(key) !== text) return;
    this.#foreign.delete(key);
    this.#notAnnounced.set(key, this.#seconds);
  }

  delete(key: ServiceKey): void {
    this.#notAnnounced.delete(key);
    this.#foreign.delete(key);
    this.#shown.delete(key);
  }

  deleteOthers(isKnown: (key: ServiceKey) => boolean): void {
    for (const key of [...this.#notAnnounced.keys(), ...this.#foreign.keys()])
      if (!isKnown(key)) this.delete(key);
  }

  counts(): [reason: AnnouncementReason, count: number][] {
    return [
      ['not-announced', this.#notAnnounced.size],
      ['foreign-status', this.#foreign.size],
    ];
  }

  /** The age of the oldest problem for each reason; 0 if there is none. */
  longestSeconds(): [reason: AnnouncementReason, seconds: number][] {
    return [
      ['not-announced', this.#oldest(this.#notAnnounced)],
      ['foreign-status', this.#oldest(this.#foreign)],
    ];
  }

  #oldest(since: ReadonlyMap<ServiceKey, number>): number {
    const [oldest] = since.values();
    return oldest === undefined ? 0 : this.#seconds - oldest;
  }

  /** V8 stores small integers inline, but fractions as heap objects. */
  get #seconds(): number {
    return Math.floor(this.#clock.now() / 1000);
  }
}

/** Identifies what the status shows. */
export function textOf({ missing, shown }: AnnouncementProblem): string {
  return [...missing, ...shown.map(({ family, value }) => `${family} ${value}`)].join(' ');
}
