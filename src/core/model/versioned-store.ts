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

/** Where a store keeps its objects: a Map, or a map for another kind of key. */
export interface StoreItems<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
  delete(key: K): unknown;
  values(): Iterable<V>;
}

export interface VersionedStoreOptions<K, V> {
  readonly items: StoreItems<K, V>;
  readonly keyOf: (value: V) => K;
  /** Called after each change of the store. */
  readonly changed: (change: StoreChange<K, V>) => void;
}

/**
 * The objects of one collection, as lists, watches, and responses to writes report them in any order. A state that is older
 * than the known one is ignored, unless a list shows that etcd was restored from a backup.
 */
export class VersionedStore<K, V extends Versioned> {
  readonly #options: VersionedStoreOptions<K, V>;
  /** The newest version that a list or a watch reported. */
  #knownVersion = '';

  constructor(options: VersionedStoreOptions<K, V>) {
    this.#options = options;
  }

  get(key: K): V | undefined {
    return this.#options.items.get(key);
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
    const { items, keyOf } = this.#options;
    const listed = values.map((value) => [keyOf(value), value] as const);
    const missing = new Set(items.values());
    for (const [key] of listed) {
      const known = items.get(key);
      if (known !== undefined) missing.delete(known);
    }
    for (const known of missing) this.#change(keyOf(known), known, undefined, resourceVersion);
    const isRestored = compareVersions(resourceVersion, this.#knownVersion) < 0;
    this.#knownVersion = resourceVersion;
    for (const [key, value] of listed) {
      const known = items.get(key);
      if (isRestored || known === undefined || applies(value, known, resourceVersion))
        this.#change(key, known, value, value.resourceVersion);
    }
    return isRestored;
  }

  /** Adds or updates an object, unless a state at least as new is known. */
  put(value: V): void {
    const key = this.#options.keyOf(value);
    const known = this.get(key);
    if (known === undefined || isNewer(value, known)) this.#change(key, known, value, value.resourceVersion);
  }

  /** Removes an object that is gone as of `resourceVersion`, unless a newer state of it is known. */
  delete(key: K, resourceVersion: string): void {
    const known = this.get(key);
    if (known !== undefined && compareVersions(resourceVersion, known.resourceVersion) >= 0)
      this.#change(key, known, undefined, resourceVersion);
  }

  /** Lists and watches have reported everything up to this version. Returns whether that is news. */
  observed(resourceVersion: string): boolean {
    if (this.isKnownUpTo(resourceVersion)) return false;
    this.#knownVersion = resourceVersion;
    return true;
  }

  #change(key: K, before: V | undefined, after: V | undefined, resourceVersion: string): void {
    const { items, changed } = this.#options;
    if (after === undefined) items.delete(key);
    else items.set(key, after);
    changed({ key, before, after, resourceVersion });
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
