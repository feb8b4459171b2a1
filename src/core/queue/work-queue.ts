import { RecurringMap } from '../ip/recurring-map.ts';
import { SortedSet } from '../ip/sorted-set.ts';
import { Backoff, type Version } from './back-off.ts';

export interface WorkQueueOptions<T> {
  readonly keyOf: (item: T) => string;
  /** Sorts the items of one priority. Items that compare as 0 have the same key. Without it, the first one added is first. */
  readonly compare?: (a: T, b: T) => number;
  /** Items for which this is false come first. */
  readonly isSecondary?: (item: T) => boolean;
  /** Called when the work on an item ends. What it adds is queued. */
  readonly ended?: (item: T) => void;
}

/**
 * A queue with the contract of client-go's workqueue: a key is processed once at a time, and a key that is added meanwhile is
 * queued again at the end. Primary items come first, then secondary ones, then postponed ones.
 *
 * An item can be delayed, with back-off after failures. If it is added during its delay, it is still processed, so that what is
 * known about it stays up to date, but changes of the same version have to wait (`WorkItem.isDelayed`). The queue has no timer:
 * the next delay passes at `nextAt`.
 */
export class WorkQueue<T> {
  readonly #options: WorkQueueOptions<T>;
  readonly #primary: Ready<T>;
  readonly #secondary: Ready<T>;
  readonly #postponed: Ready<T>;
  /** All of them, in the order in which they are processed. */
  readonly #ready: readonly Ready<T>[];
  /** What is processed, by key (client-go: processing and dirty). */
  readonly #processing = new RecurringMap<string, WorkItem<T>>();
  readonly #backoff = new Backoff<T>();
  readonly #internals: Internals<T> = {
    backoff: this.#backoff,
    add: (item) => this.add(item),
    end: (work) => this.#end(work),
  };

  constructor(options: WorkQueueOptions<T>) {
    const { keyOf, compare } = options;
    const create = (): Ready<T> => (compare === undefined ? new Fifo(keyOf) : new SortedSet(compare));
    this.#options = options;
    this.#primary = create();
    this.#secondary = create();
    this.#postponed = create();
    this.#ready = [this.#primary, this.#secondary, this.#postponed];
  }

  /** Whether no item is ready or processed. Delayed items do not count. */
  get isIdle(): boolean {
    return this.#processing.size === 0 && this.#ready.every(({ size }) => size === 0);
  }

  /** When the next delayed item is due, in milliseconds of the caller's clock; undefined if none is delayed. */
  get nextAt(): number | undefined {
    return this.#backoff.nextAt;
  }

  add(item: T): void {
    const { keyOf, isSecondary } = this.#options;
    const key = keyOf(item);
    const processed = this.#processing.get(key);
    if (processed !== undefined) processed.added = item;
    else (isSecondary?.(item) ? this.#secondary : this.#primary).add(item);
  }

  /** Adds an item behind all others. */
  postpone(item: T): void {
    this.#postponed.add(item);
  }

  /** The item is gone. */
  delete(item: T): void {
    const key = this.#options.keyOf(item);
    const processed = this.#processing.get(key);
    if (processed !== undefined) processed.added = undefined;
    for (const ready of this.#ready) ready.delete(item);
    this.#backoff.forget(key);
  }

  /** Forgets the delays and failures of all keys for which `isKnown` is false. */
  forgetOthers(isKnown: (key: string) => boolean): void {
    this.#backoff.forgetOthers(isKnown);
  }

  /** Begins to process the next item: O(log n). Undefined if none is ready. */
  get(now: number): WorkItem<T> | undefined {
    for (let due = this.#backoff.takeDue(now); due !== undefined; due = this.#backoff.takeDue(now))
      this.add(due);
    for (const ready of this.#ready) {
      for (let item = ready.shift(); item !== undefined; item = ready.shift()) {
        const key = this.#options.keyOf(item);
        const processed = this.#processing.get(key);
        if (processed === undefined) {
          const work = new WorkItem(item, key, ready === this.#postponed, this.#internals);
          this.#processing.set(key, work);
          return work;
        }
        processed.added = item;
      }
    }
    return undefined;
  }

  #end(work: WorkItem<T>): void {
    // It may add the item.
    this.#options.ended?.(work.item);
    this.#processing.delete(work.key);
    if (work.added !== undefined) this.add(work.added);
  }
}

/** What a `WorkItem` uses of its queue. */
interface Internals<T> {
  readonly backoff: Backoff<T>;
  readonly add: (item: T) => void;
  readonly end: (work: WorkItem<T>) => void;
}

/** Every way to end the work on an item returns one, so a function with this result has ended it. */
export interface Ended {
  /** The milliseconds until the item is due again, if it was delayed. */
  readonly retryInMs: number;
}

/** An item that is processed until one of the methods that return `Ended` is called, once. */
export class WorkItem<T> {
  readonly item: T;
  /** Whether it was postponed before. */
  readonly isPostponed: boolean;
  readonly key: string;
  /** What was added under the same key meanwhile. */
  added: T | undefined;
  readonly #queue: Internals<T>;
  #hasEnded = false;

  constructor(item: T, key: string, isPostponed: boolean, queue: Internals<T>) {
    this.item = item;
    this.isPostponed = isPostponed;
    this.key = key;
    this.#queue = queue;
  }

  /** Whether changes of this version are delayed. */
  isDelayed(version: Version): boolean {
    return this.#queue.backoff.isDelayed(this.key, version);
  }

  /** Nothing is left to do: forgets earlier failures. */
  done(): Ended {
    this.#queue.backoff.forget(this.key);
    return this.#ended();
  }

  /** Delays and failures remain. */
  leave(): Ended {
    return this.#ended();
  }

  /** A change of this version was written: forgets its failures, and queues changes that may succeed now (`Backoff.written`). */
  written(version: Version, now: number): Ended {
    for (const due of this.#queue.backoff.written(this.key, version, now)) this.#queue.add(due);
    return this.#ended();
  }

  /** Delays changes of this version for `ms` milliseconds, without a failure. */
  retryAfter(ms: number, version: Version, now: number): Ended {
    this.#queue.backoff.delay(this.key, this.item, version, now + ms);
    return this.#ended(ms);
  }

  /** A change failed: delays changes of this version with back-off. `refusedBy` is what refused it, if that is known. */
  retry(version: Version, now: number, refusedBy?: string): Ended {
    return this.#ended(this.#queue.backoff.failed(this.key, this.item, version, now, refusedBy));
  }

  #ended(retryInMs = 0): Ended {
    if (this.#hasEnded) throw new Error(`the work on ${this.key} has ended already`);
    this.#hasEnded = true;
    this.#queue.end(this);
    return { retryInMs };
  }
}

/** The items of one priority. An item that is in it already stays in its place. */
interface Ready<T> {
  readonly size: number;
  add(item: T): void;
  delete(item: T): void;
  shift(): T | undefined;
}

class Fifo<T> implements Ready<T> {
  readonly #keyOf: (item: T) => string;
  readonly #items = new Map<string, T>();
  /** Continues behind deleted entries, which a new iterator would pass again, and with what is added. */
  #iterator = this.#items.values();

  constructor(keyOf: (item: T) => string) {
    this.#keyOf = keyOf;
  }

  get size(): number {
    return this.#items.size;
  }

  add(item: T): void {
    const key = this.#keyOf(item);
    if (!this.#items.has(key)) this.#items.set(key, item);
  }

  delete(item: T): void {
    this.#items.delete(this.#keyOf(item));
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    let { value, done } = this.#iterator.next();
    if (done) {
      this.#iterator = this.#items.values();
      value = this.#iterator.next().value;
    }
    if (value !== undefined) this.delete(value);
    return value;
  }
}
