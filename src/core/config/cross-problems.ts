import { formatAddress } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import { RangeIndex } from '../ip/range-index.ts';
import { nearestWord } from '../text/nearest.ts';
import type { ConfigProblem } from './config-problem.ts';
import { EntryProblems } from './entry-problems.ts';
import { keyFor, poolKey, poolNameOf } from './keys.ts';
import type { Pool } from './pool.ts';
import type { Settings } from './settings.ts';

/** Problems that only show when keys are read together, in steps of microseconds: O(what the ConfigMap says). */
export function* crossProblems(
  config: { readonly pools: ReadonlyMap<string, Pool>; readonly settings: Settings },
  problems: ConfigProblem[],
): Generator<void> {
  const listed = new Set<string>();
  const lists = sorted(config.settings.pools.namespace);
  let suggestions = maxSuggestions;
  for (const [namespace, names] of lists) {
    const key = keyFor('pools', 'namespace', namespace);
    const missing = new EntryProblems(problems);
    const onList = new Set(names);
    for (const name of names) {
      yield;
      listed.add(name);
      if (config.pools.has(poolKey(name))) continue;
      suggestions -= 1;
      const meant = suggestions >= 0 ? nearestPool(name, onList, config.pools) : undefined;
      missing.add({ code: 'missing-pool', key, entry: name, meant });
    }
    missing.addCounts(key);
  }
  const [first] = config.settings.pools.namespace.has('global')
    ? ['global']
    : lists.map(([namespace]) => namespace);
  const list = first === undefined ? undefined : keyFor('pools', 'namespace', first);
  for (const key of config.pools.keys()) {
    yield;
    const pool = poolNameOf(key);
    if (pool !== undefined && !listed.has(pool)) problems.push({ code: 'unlisted-pool', key, pool, list });
  }
  yield* reservationProblems(config.settings, problems);
}

/** So many are explained (`explainProblems`), and each takes up to a few milliseconds. */
const maxSuggestions = 20;
const maxCandidates = 200;

/** The pool that a list probably means by a name that no pool has. */
function nearestPool(
  name: string,
  listed: ReadonlySet<string>,
  pools: ReadonlyMap<string, Pool>,
): string | undefined {
  const candidates: string[] = [];
  for (const key of pools.keys()) {
    const pool = poolNameOf(key);
    if (pool !== undefined) candidates.push(pool);
    if (candidates.length === maxCandidates) break;
  }
  return nearestWord(
    name,
    candidates.filter((pool) => !listed.has(pool)),
  );
}

function* reservationProblems({ reserve, exclude }: Settings, problems: ConfigProblem[]): Generator<void> {
  const known = new AddressMap<string>();
  if (reserve.namespace.has('global'))
    problems.push({ code: 'only-namespace-global', key: 'reserve-global' });
  const excluded = new RangeIndex<string>();
  const keys = [
    ...sorted(exclude.namespace).map(
      ([namespace, ranges]) => [keyFor('exclude', 'namespace', namespace), ranges] as const,
    ),
    ...sorted(exclude.pool).map(([pool, ranges]) => [keyFor('exclude', 'pool', pool), ranges] as const),
  ];
  for (const [by, ranges] of keys)
    for (const range of ranges) {
      yield;
      excluded.add(range, by);
    }
  for (const [namespace, reservations] of sorted(reserve.namespace)) {
    const key = keyFor('reserve', 'namespace', namespace);
    for (const { service, address } of reservations) {
      yield;
      const reservation = `${service}=${formatAddress(address)}`;
      const first = known.get(address);
      if (first !== undefined) problems.push({ code: 'reserved-twice', key, reservation, by: first });
      else known.set(address, `${namespace}/${service}`);
      for (const by of [...excluded.at(address)].sort().slice(0, 1))
        problems.push({ code: 'reserved-and-excluded', key, reservation, by });
    }
  }
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
