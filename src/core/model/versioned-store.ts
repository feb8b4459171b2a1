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

/** An object that is gone, and its last version that was known. */
export interface Gone<K> {
  readonly key: K;
  readonly resourceVersion: string;
}

export interface VersionedStoreOptions<K, V> {
  readonly items: StoreItems<K, V>;
  /** Objects that are gone before a list or a watch has shown it: usually none. */
  readonly gone: StoreItems<K, Gone<K>>;
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
    const isRestored = compareVersions(resourceVersion, this.#knownVersion) < 0;
    const listed = values
      .map((value) => [keyOf(value), value] as const)
      .filter(([key, value]) => isRestored || !this.#isGone(key, value));
    this.#forgetGone(isRestored ? [] : values.map(keyOf));
    const missing = new Set(items.values());
    for (const [key] of listed) {
      const known = items.get(key);
      if (known !== undefined) missing.delete(known);
    }
    for (const known of missing) this.#change(keyOf(known), known, undefined, resourceVersion);
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
    if (this.#isGone(key, value)) return;
    this.#options.gone.delete(key);
    const known = this.get(key);
    if (known === undefined || isNewer(value, known)) this.#change(key, known, value, value.resourceVersion);
  }

  /** A watch reports that an object is gone as of `resourceVersion`. It is removed, unless a newer state of it is known. */
  delete(key: K, resourceVersion: string): void {
    const { gone } = this.#options;
    if (compareVersions(resourceVersion, gone.get(key)?.resourceVersion ?? '') >= 0) gone.delete(key);
    this.#remove(key, resourceVersion);
  }

  /**
   * A response says that an object is gone whose last version was `resourceVersion`. It is removed, unless a newer state of it is
   * known. Lists and watches may still show its earlier states: they are ignored until one of them shows that it is gone.
   */
  gone(key: K, resourceVersion: string): void {
    if (this.#remove(key, resourceVersion)) this.#options.gone.set(key, { key, resourceVersion });
  }

  /** Returns whether it was removed. */
  #remove(key: K, resourceVersion: string): boolean {
    const known = this.get(key);
    if (known === undefined || compareVersions(resourceVersion, known.resourceVersion) < 0) return false;
    this.#change(key, known, undefined, resourceVersion);
    return true;
  }

  #isGone(key: K, { resourceVersion }: V): boolean {
    const gone = this.#options.gone.get(key);
    return gone !== undefined && compareVersions(resourceVersion, gone.resourceVersion) <= 0;
  }

  /** A list has shown that all objects but the listed ones are gone. */
  #forgetGone(listed: readonly K[]): void {
    const { gone } = this.#options;
    const kept = listed.flatMap((key) => gone.get(key) ?? []);
    for (const { key } of [...gone.values()]) gone.delete(key);
    for (const one of kept) gone.set(one.key, one);
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
