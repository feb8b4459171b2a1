import type { ConfigMap } from '../model/objects.ts';
import type { ConfigProblem } from './config-problem.ts';
import { keyForms, parseKey, precedingKey, startOf } from './keys.ts';
import { type Pool, pool } from './pool.ts';
import { noSettings, type Settings, setValue } from './settings.ts';
import type { Reading, ScalarType } from './value-type.ts';

/** The parsed ConfigMap. */
export interface Config {
  /** False if the ConfigMap does not exist. */
  readonly exists: boolean;
  /** By key, sorted. Includes shadowed pools. */
  readonly pools: ReadonlyMap<string, Pool>;
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
  const unused: ConfigProblem[] = [];
  for (const [key, text] of texts) {
    yield;
    const parsed = parseKey(key);
    if (parsed === undefined) {
      problems.push({ code: 'unknown-key', key });
      continue;
    }
    const by = precedingKey(parsed);
    const isUnused = by !== undefined && texts.has(by);
    if (isUnused) unused.push({ code: 'shadowed', key, by });
    const { row, name, spelling } = parsed;
    const trimmed = settings['skip-end-ips-in-cidr'].all.get('') === true;
    const reading = { key, text, trimmed, problems };
    const value =
      'read' in row.type ? yield* row.type.read(reading) : readScalar(row.type, reading, row.default);
    if (row.type === pool) pools.set(key, value as Pool);
    // An alternative spelling does not replace the right one.
    else if (value !== undefined && (spelling === name || !isUnused)) setValue(settings, parsed, value);
  }
  for (const problem of unused) {
    yield;
    problems.push(problem);
  }
  for (const key of Object.keys(configMap.binaryData ?? {}).sort())
    problems.push({ code: 'binary-data', key });
  return { exists: true, pools, settings, problems };
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
  settings: noSettings(),
  problems: [],
};

/** Keys for the whole ConfigMap come first: the others are read by them. Sorted, so that equal ConfigMaps have equal reports. */
function inReadingOrder(keys: readonly string[]): string[] {
  const sorted = keys.toSorted();
  return [...sorted.filter((key) => keysForAll.has(key)), ...sorted.filter((key) => !keysForAll.has(key))];
}

const keysForAll: ReadonlySet<string> = new Set(keyForms.filter(({ scope }) => scope === 'all').map(startOf));

/** The key that takes precedence over a pool's, so that the pool is not used. */
export function shadowOf({ pools }: Config, key: string): string | undefined {
  const parsed = parseKey(key);
  const by = parsed && precedingKey(parsed);
  return by !== undefined && pools.has(by) ? by : undefined;
}
