import {
  configKeys,
  type KeyName,
  type KeyRow,
  keyForms,
  type ParsedKey,
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
