import type { Family } from '../ip/address.ts';
import type { Range } from '../ip/range.ts';
import type { SpecialPurpose } from '../ip/special-purpose.ts';

/** What is wrong; corrections.ts looks for the reason and for what was meant, which takes longer than reading. */
export type ConfigProblem =
  | EntryProblem
  /** A pool has more problems of this code than it lists. */
  | { code: 'more-entries'; key: string; of: EntryProblem['code']; count: number }
  | { code: 'empty-pool'; key: string }
  /** A key without an entry has no effect, unless it is the list of a namespace: that then has no pool. */
  | { code: 'no-entry'; key: string }
  /** The key is for a pool that does not exist. */
  | { code: 'pool-of-key-missing'; key: string; pool: string }
  /** The key is for the namespace "global" and no other. */
  | { code: 'only-namespace-global'; key: string }
  /** No list names the pool, so that it serves no Service. `list` is one that could; undefined if there is none. */
  | { code: 'unlisted-pool'; key: string; pool: string; list: string | undefined }
  /** The same address is reserved in two places: `by` comes first. */
  | { code: 'reserved-twice'; key: string; reservation: string; by: string }
  /** A reserved address is excluded as well, which does not keep it from its Service. */
  | { code: 'reserved-and-excluded'; key: string; reservation: string; by: string }
  | { code: 'nothing-allocatable'; key: string }
  | { code: 'dhcp-beside-addresses'; key: string; family: Family }
  | { code: 'shadowed'; key: string; by: string }
  | { code: 'unknown-key'; key: string }
  | { code: 'not-text'; key: string }
  | { code: 'binary-data'; key: string }
  | InvalidValue;

export type EntryProblem =
  | { code: 'bad-entry'; key: string; entry: string }
  /** Not the name of a pool. */
  | { code: 'bad-pool-name'; key: string; entry: string }
  | { code: 'listed-twice'; key: string; entry: string }
  /** A list names a pool that does not exist. `meant` is the nearest one that exists and is not on the list, if one is near. */
  | { code: 'missing-pool'; key: string; entry: string; meant: string | undefined }
  | { code: 'bad-reservation'; key: string; entry: string }
  | { code: 'host-bits'; key: string; entry: string; range: Range; used: Range }
  | { code: 'special-purpose'; key: string; entry: string; special: SpecialPurpose };

/** A value that the type of its key does not accept. */
export interface InvalidValue {
  readonly code:
    | 'bad-boolean'
    | 'bad-order'
    | 'bad-interface'
    | 'bad-vlan'
    | 'bad-lease'
    | 'bad-quota'
    | 'bad-duration'
    | 'bad-selector';
  readonly key: string;
  readonly value: string;
  /** What it is read as. Empty if the key then has no effect. */
  readonly meaning: string;
}

export type ProblemCode = Exclude<ConfigProblem['code'], 'more-entries'>;

/** What a problem is, and how often: a pool with many entries of one problem counts most of them. */
export function countOf(problem: ConfigProblem): { readonly code: ProblemCode; readonly count: number } {
  return problem.code === 'more-entries'
    ? { code: problem.of, count: problem.count }
    : { code: problem.code, count: 1 };
}

/** Whether the controller only says how it reads something that is valid. */
export function isInformational(problem: ConfigProblem): boolean {
  return countOf(problem).code === 'host-bits';
}
