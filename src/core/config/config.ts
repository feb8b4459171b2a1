import type { ConfigMap } from '../model/objects.ts';
import type { ConfigProblem } from './config-problem.ts';
import { crossProblems } from './cross-problems.ts';
import { keyForms, type ParsedKey, parseKey, poolKey, precedingKeys, startOf } from './keys.ts';
import { type Pool, pool } from './pool.ts';
import { hasSetting, noSettings, type Settings, settingFor, setValue } from './settings.ts';
import type { Reading, ScalarType } from './value-type.ts';

/** The parsed ConfigMap. */
export interface Config {
  /** False if the ConfigMap does not exist. */
  readonly exists: boolean;
  /** By key, sorted. Includes shadowed pools. */
  readonly pools: ReadonlyMap<string, Pool>;
  /** The pools read with the ends of blocks where `pools` is without them, and the reverse. Only if a namespace needs them. */
  readonly withOtherEnds: ReadonlyMap<string, Pool>;
  /** The values of all other keys. */
  readonly settings: Settings;
  readonly problems: readonly ConfigProblem[];
}

/** Parses the ConfigMap. Never throws: an invalid part is reported as a problem, and the rest still applies. */
export function readConfig(configMap: ConfigMap | undefined): Config {
  const steps = readConfigInSteps(configMap);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** `readConfig` in steps of microseconds: a ConfigMap of a mebibyte takes longer than an event loop may stand still. */
export function* readConfigInSteps(configMap: ConfigMap | undefined): Generator<void, Config> {
  if (configMap === undefined) return emptyConfig;
  const problems: ConfigProblem[] = [];
  const texts = new Map<string, string>();
  const data: Readonly<Record<string, unknown>> = configMap.data ?? {};
  for (const key of inReadingOrder(Object.keys(data))) {
    yield;
    const text = data[key];
    if (typeof text === 'string') texts.set(key, text);
    else problems.push({ code: 'not-text', key });
  }
  const settings = noSettings();
  const pools = new Map<string, Pool>();
  const withOtherEnds = new Map<string, Pool>();
  /** What namespaces say about the ends of blocks, which is read before the pools. */
  let trims: ReadonlySet<boolean> | undefined;
  const unused: ConfigProblem[] = [];
  for (const [key, text] of texts) {
    yield;
    const parsed = parseKey(key);
    if (parsed === undefined) {
      problems.push({ code: 'unknown-key', key });
      continue;
    }
    const by = precedingKeys(parsed).find((one) => texts.has(one));
    if (by !== undefined) unused.push({ code: 'shadowed', key, by });
    const { row, name, spelling, scope, target } = parsed;
    if (scope === 'pool' && !texts.has(poolKey(target)))
      unused.push({ code: 'pool-of-key-missing', key, pool: target });
    const trimmed = isTrimmed(settings, parsed);
    const reading = { key, text, trimmed, problems };
    const value =
      'read' in row.type ? yield* row.type.read(reading) : readScalar(row.type, reading, row.default);
    if (row.type === pool) {
      pools.set(key, value as Pool);
      trims ??= new Set(settings['skip-end-ips-in-cidr'].namespace.values());
      if (trims.has(!trimmed) && canDiffer(settings, parsed)) {
        const other = yield* pool.read({ key, text, trimmed: !trimmed, problems: [] });
        withOtherEnds.set(key, other);
      }
    }
    // An alternative spelling does not replace the right one.
    else if (value !== undefined && (spelling === name || by === undefined))
      setValue(settings, parsed, value);
  }
  yield* crossProblems({ pools, settings }, problems);
  for (const problem of unused) {
    yield;
    problems.push(problem);
  }
  for (const key of Object.keys(configMap.binaryData ?? {}).sort())
    problems.push({ code: 'binary-data', key });
  return { exists: true, pools, withOtherEnds, settings, problems };
}

/** Returns the default, and reports why, if the value is invalid. */
function readScalar<T>(
  { parse, code }: ScalarType<T>,
  { key, text, problems }: Reading,
  fallback: T | undefined,
): T | undefined {
  const value = parse(text);
  if (value !== undefined) return value;
  problems.push({ code, key, value: text, meaning: String(fallback ?? '') });
  return fallback;
}

export const emptyConfig: Config = {
  exists: false,
  pools: new Map(),
  withOtherEnds: new Map(),
  settings: noSettings(),
  problems: [],
};

/** Keys by which others are read come first. Sorted, so that equal ConfigMaps have equal reports. */
function inReadingOrder(keys: readonly string[]): string[] {
  const sorted = keys.toSorted();
  const isFirst = (key: string): boolean => firstStarts.some((start) => key.startsWith(start));
  return [...sorted.filter(isFirst), ...sorted.filter((key) => !isFirst(key))];
}

const firstStarts = keyForms
  .filter(({ scope, row }) => scope === 'all' || row.isReadFirst === true)
  .map(startOf);

/** Whether the ends of the blocks of a pool are excluded for all Services whose namespace has no setting of its own. */
function isTrimmed(settings: Settings, { scope, target }: ParsedKey): boolean {
  const [pool, namespace] = scope === 'pool' ? [target, 'global'] : [undefined, target];
  return settingFor(settings['skip-end-ips-in-cidr'], pool, namespace) ?? true;
}

/** Whether namespaces that use the pool can have different settings about its ends. */
function canDiffer(settings: Settings, { scope, target }: ParsedKey): boolean {
  return scope === 'pool' ? !settings['skip-end-ips-in-cidr'].pool.has(target) : target === 'global';
}

/** The key that takes precedence over a pool's, so that the pool is not used. */
export function shadowOf({ pools, settings }: Config, key: string): string | undefined {
  const parsed = parseKey(key);
  if (parsed === undefined) return undefined;
  return precedingKeys(parsed).find((by) => pools.has(by) || hasSetting(settings, by));
}
