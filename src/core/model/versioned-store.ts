import { compareVersions } from './service-view.ts';

/** What the store needs to know of an object in the API. */
export interface Versioned {
  readonly resourceVersion: string;
  readonly uid?: string;
}

/** An object appeared, changed, or is gone as of `resourceVersion`. */
export interface StoreChange<K, V> {
  readonly key: K;
  readonly before: V | undefined;
  /** Undefined: it is gone. */
  readonly after: V | undefined;
  readonly resourceVersion: string;
}

/** An object that is gone, and its last known version. */
export interface Gone<K> {
  readonly key: K;
  readonly resourceVersion: string;
}

/** A Map, or a map for another kind of key. */
interface Items<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
  delete(key: K): unknown;
  values(): Iterable<V>;
}

export interface VersionedStoreOptions<K, V> {
  /** Where the known objects are kept. */
  readonly items: { get(key: K): V | undefined; values(): Iterable<V> };
  readonly keyOf: (value: V) => K;
  /** Where the objects are kept that are gone before a list or a watch has shown it: usually none. The default is a Map. */
  readonly gone?: Items<K, Gone<K>>;
  /** Makes the change in `items`. */
  readonly change: (change: StoreChange<K, V>) => void;
}

/**
 * The objects of one collection, as lists, watches, and responses to writes report them in any order. A state that is older
 * than the known one is ignored, unless a list shows that etcd was restored from a backup.
 */
export class VersionedStore<K, V extends Versioned> {
  readonly #options: VersionedStoreOptions<K, V>;
  readonly #gone: Items<K, Gone<K>>;
  /** The newest version that a list or a watch reported. */
  #knownVersion = '';

  constructor(options: VersionedStoreOptions<K, V>) {
    this.#options = options;
    this.#gone = options.gone ?? new Map<K, Gone<K>>();
  }

  /** Whether lists and watches have reported all changes up to this version. */
  isKnownUpTo(resourceVersion: string): boolean {
    return compareVersions(this.#knownVersion, resourceVersion) >= 0;
  }

  /**
   * Replaces everything with a consistent list of version `resourceVersion`: objects missing from the list are gone. The
   * response to a write may be newer than the list, and then takes precedence. If the list is older than what lists and watches
   * reported before, etcd was restored from a backup, and the list takes precedence. Returns whether it was restored.
   */
  replace(values: readonly V[], resourceVersion: string): boolean {
    const { items, keyOf, change } = this.#options;
    const isRestored = compareVersions(resourceVersion, this.#knownVersion) < 0;
    const listed = values
      .map((value) => [keyOf(value), value] as const)
      .filter(([key, value]) => isRestored || !this.#isGone(key, value));
    for (const gone of [...this.#gone.values()])
      if (isRestored || compareVersions(gone.resourceVersion, resourceVersion) <= 0)
        this.#gone.delete(gone.key);
    const missing = new Set(items.values());
    for (const [key] of listed) {
      const known = items.get(key);
      if (known !== undefined) missing.delete(known);
    }
    for (const before of missing) change({ key: keyOf(before), before, after: undefined, resourceVersion });
    this.#knownVersion = resourceVersion;
    for (const [key, after] of listed) {
      const before = items.get(key);
      if (isRestored || before === undefined || applies(after, before, resourceVersion))
        change({ key, before, after, resourceVersion: after.resourceVersion });
    }
    return isRestored;
  }

  /** Adds or updates an object, unless a state at least as new is known. */
  put(after: V): void {
    const { items, keyOf, change } = this.#options;
    const key = keyOf(after);
    if (this.#isGone(key, after)) return;
    this.#gone.delete(key);
    const before = items.get(key);
    const { resourceVersion } = after;
    if (before === undefined || isNewer(after, before)) change({ key, before, after, resourceVersion });
  }

  /** A watch reports that an object is gone as of `resourceVersion`. It is removed, unless a newer state of it is known. */
  delete(key: K, resourceVersion: string): void {
    if (compareVersions(resourceVersion, this.#gone.get(key)?.resourceVersion ?? '') >= 0)
      this.#gone.delete(key);
    this.#remove(key, resourceVersion);
  }

  /**
   * A response says that an object is gone whose last version was `resourceVersion`. It is removed, unless a newer state of it is
   * known. A watch, or a list that was requested before, may still show its earlier states: they are ignored.
   */
  gone(key: K, resourceVersion: string): void {
    if (this.#remove(key, resourceVersion)) this.#gone.set(key, { key, resourceVersion });
  }

  /** Returns whether it was removed. */
  #remove(key: K, resourceVersion: string): boolean {
    const { items, change } = this.#options;
    const before = items.get(key);
    if (before === undefined || compareVersions(resourceVersion, before.resourceVersion) < 0) return false;
    change({ key, before, after: undefined, resourceVersion });
    return true;
  }

  #isGone(key: K, { resourceVersion }: V): boolean {
    const gone = this.#gone.get(key);
    return gone !== undefined && compareVersions(resourceVersion, gone.resourceVersion) <= 0;
  }

  /** Lists and watches have reported everything up to this version. Returns whether that is news. */
  observed(resourceVersion: string): boolean {
    if (this.isKnownUpTo(resourceVersion)) return false;
    this.#knownVersion = resourceVersion;
    return true;
  }
}

function isNewer(value: Versioned, known: Versioned): boolean {
  return compareVersions(value.resourceVersion, known.resourceVersion) > 0;
}

/** Whether an object in a list of version `listed` replaces the known state. With another UID, it is another object of that name. */
function applies(value: Versioned, known: Versioned, listed: string): boolean {
  return value.uid !== known.uid || isNewer(value, known) || isRolledBack(value, known, listed);
}

/**
 * Whether a list shows an older state than the known one, although it is new enough to include that one: etcd was restored
 * from a backup, and the older state applies.
 */
function isRolledBack(value: Versioned, known: Versioned, listed: string): boolean {
  return isNewer(known, value) && compareVersions(known.resourceVersion, listed) <= 0;
}
