import type { KubeObject } from '../core/model/objects.ts';
import { frozen } from './json.ts';

/** One change of one object. Watches with a selector send the previous content in DELETED. */
export interface StoreChange {
  revision: number;
  /** Orders the objects of a resource as etcd's keys do. */
  key: string;
  before: KubeObject | undefined;
  after: KubeObject | undefined;
}

/** All objects at one revision, by the plural of their resource. */
export interface Backup {
  readonly revision: number;
  readonly objects: ReadonlyMap<string, readonly KubeObject[]>;
}

/** Lists are ordered by etcd's key, which has `/` between namespace and name. */
export function keyOf({ metadata }: KubeObject): string {
  return keyAt(metadata.namespace, metadata.name);
}

/** The key of a cluster-scoped object starts with `/`. */
export function keyAt(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

/**
 * The objects of one resource and their latest changes.
 *
 * Invariant: undoing `#changes` from the last to the first, starting with `#objects`, gives every state since the
 * revision `#oldest`. A list can therefore continue, and a watch can start, at any revision since then.
 */
export class Collection {
  readonly #objects = new Map<string, KubeObject>();
  readonly #watchers = new Set<(change: StoreChange) => void>();
  readonly #historyLimit: number;
  #changes: StoreChange[] = [];
  #oldest: number;
  #sortedKeys: string[] | undefined;

  constructor(oldest: number, historyLimit: number, objects: readonly KubeObject[] = []) {
    this.#oldest = oldest;
    this.#historyLimit = historyLimit;
    for (const object of objects) this.#objects.set(keyOf(object), object);
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  /** In order of their keys. */
  all(): KubeObject[] {
    this.#sortedKeys ??= [...this.#objects.keys()].sort();
    return this.#sortedKeys.flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** The objects at `revision`, or undefined if that history was dropped. */
  at(revision: number): KubeObject[] | undefined {
    const undo = this.since(revision);
    if (undo === undefined) return undefined;
    if (undo.length === 0) return this.all();
    const objects = new Map(this.#objects);
    for (const { key, before } of undo.reverse()) {
      if (before === undefined) objects.delete(key);
      else objects.set(key, before);
    }
    return [...objects.keys()].sort().flatMap((key) => objects.get(key) ?? []);
  }

  /** The changes after `revision`, oldest first, or undefined if some of them were dropped. */
  since(revision: number): StoreChange[] | undefined {
    if (revision < this.#oldest) return undefined;
    return this.#changes.slice(firstAfter(this.#changes, revision));
  }

  /** The first revision that is still available. */
  get oldest(): number {
    return this.#oldest;
  }

  apply(change: StoreChange): void {
    if (change.after === undefined) this.#objects.delete(change.key);
    else this.#objects.set(change.key, change.after);
    if (change.before === undefined || change.after === undefined) this.#sortedKeys = undefined;
    this.#changes.push(change);
    // Dropping half at a time makes it cheap for each change.
    if (this.#changes.length > 2 * this.#historyLimit) {
      const dropped = this.#changes.splice(0, this.#historyLimit);
      this.#oldest = dropped.at(-1)?.revision ?? this.#oldest;
    }
    for (const watcher of [...this.#watchers]) watcher(change);
  }

  dropHistory(revision: number): void {
    this.#changes = [];
    this.#oldest = revision;
  }

  /** Calls `watcher` for each later change, until the returned function is called. */
  watch(watcher: (change: StoreChange) => void): () => void {
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }
}

function firstAfter(changes: readonly StoreChange[], revision: number): number {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((changes[middle]?.revision ?? 0) <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The part of etcd: collections with one common revision, which only grows. */
export class Store {
  readonly #collections = new Map<string, Collection>();
  #revision: number;

  /** Starts with the contents of `backup`, and without its history. */
  constructor(resources: readonly string[], { revision, objects }: Backup, historyLimit: number) {
    this.#revision = revision;
    for (const plural of resources)
      this.#collections.set(plural, new Collection(revision, historyLimit, objects.get(plural)));
  }

  backup(): Backup {
    const objects = [...this.#collections].map(([plural, collection]) => [plural, collection.all()] as const);
    return { revision: this.#revision, objects: new Map(objects) };
  }

  get revision(): number {
    return this.#revision;
  }

  collection(plural: string): Collection {
    const collection = this.#collections.get(plural);
    if (collection === undefined) throw new Error(`there is no collection ${plural}`);
    return collection;
  }

  /** Stores an object with the next revision. */
  put(plural: string, object: KubeObject): KubeObject {
    const key = keyOf(object);
    const collection = this.collection(plural);
    const before = collection.get(key);
    const after = frozen(this.#revised(object));
    collection.apply({ revision: this.#revision, key, before, after });
    return after;
  }

  /** Removes an object, and returns it with the revision of the removal. */
  remove(plural: string, object: KubeObject): KubeObject {
    const key = keyOf(object);
    const collection = this.collection(plural);
    const last = frozen(this.#revised(object));
    collection.apply({ revision: this.#revision, key, before: collection.get(key), after: undefined });
    return last;
  }

  /** Drops all history, like a compaction of etcd. */
  compact(): void {
    for (const collection of this.#collections.values()) collection.dropHistory(this.#revision);
  }

  #revised(object: KubeObject): KubeObject {
    this.#revision += 1;
    return withRevision(object, this.#revision);
  }
}

export function withRevision(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}
