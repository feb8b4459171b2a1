import type { AllocationPolicy } from '../config/policy.ts';
import type { Allocation } from './allocate.ts';
import type { AddressConflict, Decision, DesiredState } from './decision.ts';
import type { Subject } from './facts.ts';

/** A run of the checks on one Service. */
export interface Run extends Subject {
  /** The name of this controller in allocation records. */
  readonly controller: string;
  /** What the checks before this one found. */
  readonly found: readonly Step[];
}

/** A rule about Services. It passes, or decides. */
export interface Check {
  readonly name: CheckName;
  readonly run: (run: Run) => Verdict | undefined;
}

export type CheckName =
  | 'type'
  | 'ignore'
  | 'class'
  | 'controller'
  | 'deletion'
  | 'request'
  | 'reallocation'
  | 'removed-record'
  | 'conflict'
  | 'ports'
  | 'families'
  | 'pools'
  | 'quota'
  | 'allocation'
  | 'write';

/** Without `desired` or `decision`, the check passes and only leaves what it found. */
export interface Verdict extends Findings {
  /** What the Service should have: no more checks but the comparison with what it has. */
  readonly desired?: DesiredState;
  /** The Service gets nothing. */
  readonly decision?: Decision;
}

/** What a check found, whether it passed or decided. */
interface Findings {
  readonly allocation?: Allocation | undefined;
  readonly conflict?: AddressConflict | undefined;
}

/** A check that ran. */
export interface Step extends Findings {
  readonly check: CheckName;
}

/** How a decision was made. `stepsOf` lists the checks that ran. */
export interface Trace {
  readonly policy: AllocationPolicy;
  /** The checks that found something or decided, in order. */
  readonly found: readonly Step[];
  /** How many of the checks ran, besides the comparison with the desired state. */
  readonly ran: number;
  /** Whether they led to a desired state, which was then compared. */
  readonly isCompared: boolean;
}
