import type { Config } from './config.ts';
import { oncePerConfig } from './once-per-config.ts';

/** Why a list of pools has fewer pools than it seems to have. */
export interface ListFaults {
  /** Names of pools that do not exist. */
  readonly missing: readonly { readonly name: string; readonly meant: string | undefined }[];
  /** Entries that are not the name of a pool. */
  readonly invalid: readonly string[];
}

const noFaults: ListFaults = { missing: [], invalid: [] };

/** What is wrong with the list that has this key, as far as the problems of the configuration name it: O(1) after the first call. */
export function listFaults(config: Config, list: string): ListFaults {
  return faultsIn(config).get(list) ?? noFaults;
}

const faultsIn = oncePerConfig(({ problems }): ReadonlyMap<string, ListFaults> => {
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
});
