import type { ServiceKey } from '../model/service-view.ts';
import { type HistoryFact, rememberedCause } from './history-facts.ts';

/** Which address, in its canonical text, or which Service. */
export type HistoryQuery = { readonly address: string } | { readonly service: ServiceKey };

/** A time in a history, in milliseconds since 1970. */
export interface Moment {
  readonly time: number;
  /** If false, it happened at this time or before. */
  readonly isExact: boolean;
  /** Of a moment that is not exact: after this time, if that is known. */
  readonly after?: number;
}

/** A Service had an address without interruption, as far as the facts show. */
export interface HeldPeriod {
  readonly service: ServiceKey;
  readonly address: string;
  readonly from: Moment;
  /** Undefined: it still had it at the end of what is known. */
  readonly until: Moment | undefined;
  /** Why it began: a `WriteCause`; undefined if it began before what is known. */
  readonly assigned: string | undefined;
  /** The key of the pool, `static` or `unknown`, as far as it is known. */
  readonly source: string | undefined;
  /** Why it ended: the cause of a release or of the write of other addresses; `unknown` if no source says so. */
  readonly ended: string | undefined;
}

/** A Service requested an address that another one had, or had it together with one with which it may not share. */
export interface PastConflict {
  readonly time: number;
  readonly service: ServiceKey;
  readonly address: string;
  /** Which Service or owner had it; undefined if `service` had. */
  readonly holder: string | undefined;
}

export interface HistoryAnswer {
  /** In the order in which they began. */
  readonly periods: readonly HeldPeriod[];
  /** How many periods are older than these, and were dropped. */
  readonly dropped: number;
  readonly conflicts: readonly PastConflict[];
  readonly droppedConflicts: number;
  /** The earliest and the latest fact; undefined without any. */
  readonly begins: number | undefined;
  readonly ends: number | undefined;
  /** From then on it is known which Services have addresses, because all of them were listed; undefined if they never were. */
  readonly isCompleteFrom: number | undefined;
  /** The largest step back of the time, if it went back by more than a second. */
  readonly stepBack: { readonly from: number; readonly to: number } | undefined;
}

/** So many periods and conflicts are kept, the newest ones: a log can have any length. */
export const maxPeriods = 1_000;

/** These writes keep addresses that the Service had already. */
const keepingCauses: ReadonlySet<string> = new Set(['adopt', 'restore', 'confirm', 'update']);

/** Steps within a second come from the order in which threads write, not from a clock that was set. */
const minStepBackMs = 1_000;

/** The log's line about a release follows the time in its tombstone at once, if both are of one replica. */
const maxRepeatMs = 10_000;

interface Release {
  readonly service: ServiceKey;
  readonly address: string;
  readonly time: number;
  readonly cause: string;
}

type OpenPeriod = HeldPeriod & { readonly order: number };

/** The list of all Services with addresses, as far as it was read. */
interface Listing {
  readonly parts: number;
  readonly part: number;
  readonly found: ReadonlySet<string>;
}

/**
 * Answers which Service had an address from when to when. Takes facts one by one, in the order in which they happened, and keeps
 * only those about the query: memory does not depend on their number.
 */
export class History {
  readonly #query: HistoryQuery;
  readonly #open = new Map<string, OpenPeriod>();
  readonly #closed = new Newest<OpenPeriod>(maxPeriods);
  readonly #conflicts = new Newest<PastConflict>(maxPeriods);
  /** One for each source, because sources are read side by side. */
  readonly #listings = new Map<number, Listing>();
  #order = 0;
  #droppedOpen = 0;
  #begins: number | undefined;
  #ends: number | undefined;
  #last: number | undefined;
  /** The last fact that only a leader reports. */
  #lastOfLeader: number | undefined;
  #isCompleteFrom: number | undefined;
  #stepBack: HistoryAnswer['stepBack'];

  constructor(query: HistoryQuery) {
    this.#query = query;
  }

  /** `source` tells sources apart, such as the logs of two replicas. */
  add(fact: HistoryFact, source = 0): void {
    this.#track(fact.time);
    switch (fact.kind) {
      case 'assigned':
        this.#assigned(fact);
        break;
      case 'released':
        for (const address of this.#asked(fact.service, fact.addresses))
          this.#released(fact.service, address, fact.time, fact.cause);
        break;
      case 'conflict':
        for (const address of this.#asked(fact.service, fact.addresses)) {
          const { time, service, holder } = fact;
          this.#conflicts.add({ time, service, address, holder });
        }
        break;
      case 'holders':
        this.#listed(fact, source);
        break;
      case 'other':
        return;
    }
    this.#lastOfLeader = fact.time;
  }

  answer(): HistoryAnswer {
    const periods = [...this.#closed.items, ...this.#open.values()].sort((a, b) => a.order - b.order);
    return {
      periods: periods.map(({ order, ...period }) => period),
      dropped: this.#closed.dropped + this.#droppedOpen,
      conflicts: this.#conflicts.items,
      droppedConflicts: this.#conflicts.dropped,
      begins: this.#begins,
      ends: this.#ends,
      isCompleteFrom: this.#isCompleteFrom,
      stepBack: this.#stepBack,
    };
  }

  #track(time: number): void {
    if (this.#begins === undefined || time < this.#begins) this.#begins = time;
    if (this.#ends === undefined || time > this.#ends) this.#ends = time;
    const last = this.#last;
    this.#last = time;
    if (last === undefined || last - time <= minStepBackMs) return;
    const known = this.#stepBack;
    if (known === undefined || last - time > known.from - known.to) this.#stepBack = { from: last, to: time };
  }

  /** Those of the Service's addresses that the query is about. */
  #asked(service: ServiceKey, addresses: readonly string[]): readonly string[] {
    const query = this.#query;
    if ('service' in query) return query.service === service ? addresses : [];
    return addresses.includes(query.address) ? [query.address] : [];
  }

  #assigned({ time, service, addresses, previous, cause, source }: HistoryFact & { kind: 'assigned' }): void {
    const exactly: Moment = { time, isExact: true };
    const had = this.#asked(service, previous).filter((address) => !addresses.includes(address));
    for (const address of had) this.#released(service, address, time, cause);
    // Earlier versions do not report what the Service had.
    for (const period of this.#openOf((one) => one.service === service && !addresses.includes(one.address)))
      this.#close(period, exactly, cause);
    for (const address of this.#asked(service, addresses)) {
      // An address from the pool was free, so whatever ended the periods of others was not reported.
      if (cause === 'allocate')
        for (const period of this.#openOf((one) => one.address === address && one.service !== service))
          this.#close(period, this.#before(time), 'unknown');
      const isKept = keepingCauses.has(cause) || previous.includes(address);
      if (!this.#open.has(keyOf(service, address)))
        this.#begin({
          service,
          address,
          from: isKept ? { time, isExact: false } : exactly,
          assigned: isKept ? undefined : cause,
          source: source === '' ? undefined : source,
        });
    }
  }

  #released(service: ServiceKey, address: string, time: number, cause: string): void {
    const exactly: Moment = { time, isExact: true };
    const open = this.#open.get(keyOf(service, address));
    if (open !== undefined) this.#close(open, exactly, cause);
    else if (!this.#isExplained({ service, address, time, cause })) {
      const from: Moment = { time, isExact: false };
      const begun = this.#begin({ service, address, from, assigned: undefined, source: undefined });
      this.#close(begun, exactly, cause);
    }
  }

  /**
   * Whether the release belongs to a period that has ended already: if the type of a Service changes, the watch reports its end, and
   * the cleanup that only its type has changed. A tombstone repeats what the log says, if it is complete.
   */
  #isExplained({ service, address, time, cause }: Release): boolean {
    const last = this.#closed.last((one) => one.service === service && one.address === address);
    const isNear = last?.until !== undefined && Math.abs(last.until.time - time) <= maxRepeatMs;
    if (cause === rememberedCause && isNear) return true;
    if (last?.ended === rememberedCause && isNear) {
      this.#closed.replace(last, { ...last, until: { time, isExact: true }, ended: cause });
      return true;
    }
    if (cause === 'type-changed' && last?.ended === 'deleted') {
      this.#closed.replace(last, { ...last, ended: cause });
      return true;
    }
    return cause === 'deleted' && last?.ended === 'type-changed';
  }

  /** The Services that are missing in a complete list have lost their addresses before it. */
  #listed({ time, holders, part, parts }: HistoryFact & { kind: 'holders' }, source: number): void {
    const before = part === 1 ? { parts, part: 0, found: new Set<string>() } : this.#listings.get(source);
    const found = new Set(before?.found);
    for (const { service, addresses } of holders) {
      for (const address of this.#asked(service, addresses)) {
        found.add(keyOf(service, address));
        if (!this.#open.has(keyOf(service, address)))
          this.#begin({
            service,
            address,
            from: this.#before(time),
            assigned: undefined,
            source: undefined,
          });
      }
    }
    this.#listings.delete(source);
    if (before?.parts !== parts || before.part !== part - 1) return;
    if (part < parts) {
      this.#listings.set(source, { parts, part, found });
      return;
    }
    this.#isCompleteFrom ??= time;
    for (const period of this.#openOf((one) => !found.has(keyOf(one.service, one.address))))
      this.#close(period, this.#before(time), 'unknown');
  }

  /** At an unknown time before this one, and after the last report of a leader. */
  #before(time: number): Moment {
    const after = this.#lastOfLeader;
    return { time, isExact: false, ...(after === undefined || after > time ? {} : { after }) };
  }

  #begin(period: Omit<HeldPeriod, 'until' | 'ended'>): OpenPeriod {
    const begun = { ...period, order: this.#order++, until: undefined, ended: undefined };
    this.#open.set(keyOf(period.service, period.address), begun);
    // A log of an earlier version has no ends, and its Services no limit.
    const [oldest] = this.#open.size > maxPeriods ? this.#open.keys() : [];
    if (oldest !== undefined && this.#open.delete(oldest)) this.#droppedOpen += 1;
    return begun;
  }

  #openOf(fits: (period: OpenPeriod) => boolean): OpenPeriod[] {
    return [...this.#open.values()].filter(fits);
  }

  #close(period: OpenPeriod, until: Moment, ended: string): void {
    this.#open.delete(keyOf(period.service, period.address));
    this.#closed.add({ ...period, until, ended });
  }
}

function keyOf(service: ServiceKey, address: string): string {
  return `${service} ${address}`;
}

/** The newest items, and the number of older ones. */
class Newest<T> {
  readonly #max: number;
  #items: T[] = [];
  #dropped = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get items(): readonly T[] {
    return this.#items.slice(-this.#max);
  }

  get dropped(): number {
    return this.#dropped + Math.max(0, this.#items.length - this.#max);
  }

  add(item: T): void {
    this.#items.push(item);
    // Twice as many are kept for a moment, so that dropping one costs nothing.
    if (this.#items.length < 2 * this.#max) return;
    this.#dropped += this.#items.length - this.#max;
    this.#items = this.#items.slice(-this.#max);
  }

  last(fits: (item: T) => boolean): T | undefined {
    return this.#items.findLast(fits);
  }

  replace(item: T, by: T): void {
    this.#items[this.#items.lastIndexOf(item)] = by;
  }
}
