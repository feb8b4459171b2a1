import { formatAddress } from '../ip/address.ts';
import { AddressMap } from '../ip/address-map.ts';
import { RangeIndex } from '../ip/range-index.ts';
import type { ConfigProblem } from './config-problem.ts';
import { EntryProblems } from './entry-problems.ts';
import { poolKey, poolNameOf } from './keys.ts';
import type { Pool } from './pool.ts';
import type { Settings } from './settings.ts';

/** Problems that only show when keys are read together, in steps of microseconds: O(what the ConfigMap says). */
export function* crossProblems(
  config: { readonly pools: ReadonlyMap<string, Pool>; readonly settings: Settings },
  problems: ConfigProblem[],
): Generator<void> {
  const listed = new Set<string>();
  for (const [namespace, names] of sorted(config.settings.pools.namespace)) {
    const key = `pools-${namespace}`;
    const missing = new EntryProblems(problems);
    for (const name of names) {
      yield;
      listed.add(name);
      if (!config.pools.has(poolKey(name))) missing.add({ code: 'missing-pool', key, entry: name });
    }
    missing.addCounts(key);
  }
  for (const key of config.pools.keys()) {
    yield;
    const pool = poolNameOf(key);
    if (pool !== undefined && !listed.has(pool)) problems.push({ code: 'unlisted-pool', key, pool });
  }
  yield* reservationProblems(config.settings, problems);
}

function* reservationProblems({ reserve, exclude }: Settings, problems: ConfigProblem[]): Generator<void> {
  const known = new AddressMap<string>();
  if (reserve.namespace.has('global'))
    problems.push({ code: 'only-namespace-global', key: 'reserve-global' });
  const excluded = new RangeIndex<string>();
  const keys = [
    ...sorted(exclude.namespace).map(([namespace, ranges]) => [`exclude-${namespace}`, ranges] as const),
    ...sorted(exclude.pool).map(([pool, ranges]) => [`exclude.${pool}`, ranges] as const),
  ];
  for (const [by, ranges] of keys)
    for (const range of ranges) {
      yield;
      excluded.add(range, by);
    }
  for (const [namespace, reservations] of sorted(reserve.namespace)) {
    const key = `reserve-${namespace}`;
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
