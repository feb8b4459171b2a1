import {
  configKeys,
  type KeyName,
  type KeyRow,
  keyForms,
  type ParsedKey,
  parseKey,
  type Scope,
  startOf,
} from './keys.ts';
import type { Pool } from './pool.ts';

type Rows = typeof configKeys;
type ValueOf<K extends KeyName> = Rows[K] extends KeyRow<infer T, Scope> ? T : never;
type PoolName = { [K in KeyName]: ValueOf<K> extends Pool ? K : never }[KeyName];

/**
 * The values of all keys except pools: by name, scope, and target. In scope `all`, the target is '', and a missing key has its default.
 */
export type Settings = {
  readonly [K in Exclude<KeyName, PoolName>]: {
    readonly [S in Rows[K]['scopes'][number]]: ReadonlyMap<string, ValueOf<K>>;
  };
};

/** The same for code that handles all keys, whose types TypeScript cannot follow. */
type AnySettings<M> = Readonly<Partial<Record<KeyName, Partial<Record<Scope, M>>>>>;

/** The defaults. */
export function noSettings(): Settings {
  const rows = Object.entries<KeyRow<unknown, Scope>>(configKeys);
  const all = rows.map(([name, row]) => [
    name,
    Object.fromEntries(row.scopes.map((scope) => [scope, valuesIn(row, scope)])),
  ]);
  return Object.fromEntries(all) as Settings;
}

function valuesIn({ default: value }: KeyRow<unknown, Scope>, scope: Scope): Map<string, unknown> {
  return new Map(scope === 'all' && value !== undefined ? [['', value]] : []);
}

/** Sets the value of a key that is not a pool. The value must have the type of its row. */
export function setValue(settings: Settings, { name, scope, target }: ParsedKey, value: unknown): void {
  (settings as AnySettings<Map<string, unknown>>)[name]?.[scope]?.set(target, value);
}

/** The keys in this scope that have a value, pools excepted. */
export function settingsIn(settings: Settings, scope: Scope): string[] {
  const values: AnySettings<ReadonlyMap<string, unknown>> = settings;
  return keyForms
    .filter((form) => form.scope === scope && form.spelling === form.name)
    .flatMap((form) =>
      [...(values[form.name]?.[scope]?.keys() ?? [])].map((target) => startOf(form) + target),
    );
}

/** For how long freed addresses have to be remembered, in milliseconds; 0 if no key needs that. */
export function memoryOf(settings: Settings): number {
  const all: AnySettings<ReadonlyMap<string, unknown>> = settings;
  let longest = 0;
  for (const { name, row, scope } of keyForms) {
    if (row.remembers === undefined) continue;
    for (const value of all[name]?.[scope]?.values() ?? []) longest = Math.max(longest, row.remembers(value));
  }
  return longest;
}

/** The values of one key that can be set for a pool, a namespace, and everything. */
interface Scoped<T> {
  readonly pool?: ReadonlyMap<string, T>;
  readonly namespace: ReadonlyMap<string, T>;
  readonly all?: ReadonlyMap<string, T>;
}

/** The value for a pool, if it has a name, otherwise that for the namespace, otherwise the global one (spec section 12). */
export function settingFor<T>(values: Scoped<T>, pool: string | undefined, namespace: string): T | undefined {
  return (
    (pool === undefined ? undefined : values.pool?.get(pool)) ??
    values.namespace.get(namespace) ??
    values.namespace.get('global') ??
    values.all?.get('')
  );
}

/** Whether a key that is not a pool has a value. */
export function hasSetting(settings: Settings, key: string): boolean {
  const parsed = parseKey(key);
  if (parsed === undefined) return false;
  const values: AnySettings<ReadonlyMap<string, unknown>> = settings;
  return values[parsed.name]?.[parsed.scope]?.has(parsed.target) ?? false;
}
