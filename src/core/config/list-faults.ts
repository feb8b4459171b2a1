import type { Config } from './config.ts';

/** Why a list of pools has fewer pools than it seems to have. */
export interface ListFaults {
  /** Names of pools that do not exist. */
  readonly missing: readonly { readonly name: string; readonly meant: string | undefined }[];
  /** Entries that are not the name of a pool. */
  readonly invalid: readonly string[];
}

const noFaults: ListFaults = { missing: [], invalid: [] };

/** As long as their configuration is in use. */
const found = new WeakMap<Config, ReadonlyMap<string, ListFaults>>();

/** What is wrong with the list that has this key, as far as the problems of the configuration name it: O(1) after the first call. */
export function listFaults(config: Config, list: string): ListFaults {
  const known = found.get(config) ?? faultsIn(config);
  found.set(config, known);
  return known.get(list) ?? noFaults;
}

function faultsIn({ problems }: Config): ReadonlyMap<string, ListFaults> {
  const faults = new Map<
    string,
    { missing: { name: string; meant: string | undefined }[]; invalid: string[] }
  >();
  for (const problem of problems) {
    if (problem.code !== 'missing-pool' && problem.code !== 'bad-pool-name') continue;
    const of = faults.get(problem.key) ?? { missing: [], invalid: [] };
    faults.set(problem.key, of);
    if (problem.code === 'bad-pool-name') of.invalid.push(problem.entry);
    else of.missing.push({ name: problem.entry, meant: problem.meant });
  }
  return faults;
}
