import type { Clock } from '../client/transport.ts';
import type { AllocationFailure } from '../core/decide/allocation-failure.ts';
import {
  type AddressConflict,
  type Condition,
  conflictingAddresses,
  type Decision,
} from '../core/decide/decision.ts';
import { formatAddress } from '../core/ip/address.ts';
import { canonicalList } from '../core/model/address-list.ts';
import type { ServiceKey } from '../core/model/service-view.ts';
import { Counts } from '../metrics/counts.ts';
import type { RefusalKind } from './refusal.ts';

/** `failing`: the API server rejects the write. */
export type StatState = 'assigned' | 'pending' | 'conflict' | 'failing';

type ChangeKind = (Condition & { code: 'pending-change' })['change'];

const states: Readonly<Record<StatState, true>> = {
  assigned: true,
  pending: true,
  conflict: true,
  failing: true,
};
export const conflictReasons: Readonly<Record<AddressConflict['code'], true>> = {
  'address-in-use': true,
  'invalid-address': true,
  'quota-reached': true,
};
const changeKinds: Readonly<Record<ChangeKind, true>> = {
  families: true,
  ports: true,
  pools: true,
  reallocate: true,
};

export const refusalKinds: Readonly<Record<RefusalKind, true>> = {
  permission: true,
  admission: true,
  other: true,
};

/** The API server refuses the change of a Service. */
export interface Failing {
  readonly kind: 'failing';
  readonly refusal: RefusalKind;
}

/** Shared by nearly all Services: those without conditions. */
const keptWithoutConditions: Decision = {
  kind: 'keep',
  addresses: canonicalList([]),
  source: '',
  conditions: [],
};

/**
 * Statistics of the Services by their last decision. Updated with each decision in O(its conditions), so that
 * reading them visits only pending Services.
 *
 * Invariant: the counts are the sum of what `#count` adds for each entry of `#last`.
 */
export class ServiceStats {
  readonly states = new Counts<[state: StatState]>(each(states));
  readonly inConflict = new Counts<[reason: AddressConflict['code']]>(each(conflictReasons));
  readonly pendingChanges = new Counts<[change: ChangeKind]>(each(changeKinds));
  /** Services whose change the API server refuses. */
  readonly failing = new Counts<[refusal: RefusalKind]>(each(refusalKinds));
  /** A Service that needs both families may be counted twice. */
  readonly pending = new Counts<PendingReason>();
  /** Services without an address because of the quota of their namespace. */
  readonly pendingForQuota = new Counts<[namespace: string]>();
  readonly #clock: Clock;
  readonly #last = new Map<ServiceKey, Decision | Failing>();
  /** When each pending Service became pending. */
  readonly #pendingSince = new Map<ServiceKey, number>();
  readonly #conflicts = new Counts<[address: string]>();
  #outside = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Addresses that more Services have or request than can share them. */
  get conflictCount(): number {
    return this.#conflicts.size;
  }

  /** Addresses outside the pool of their Service. */
  get outside(): number {
    return this.#outside;
  }

  /** `since`: when the watch delivered the Service, if known. */
  put(key: ServiceKey, next: Decision | Failing, since = this.#clock.now()): void {
    const before = this.#pendingSince.get(key);
    this.delete(key);
    if (next.kind === 'pending') this.#pendingSince.set(key, before ?? since);
    const hasNoConditions = next.kind === 'keep' && next.conditions.length === 0;
    this.#last.set(key, hasNoConditions ? keptWithoutConditions : next);
    this.#count(next, 1);
  }

  delete(key: ServiceKey): void {
    const last = this.#last.get(key);
    if (last === undefined) return;
    this.#last.delete(key);
    this.#pendingSince.delete(key);
    this.#count(last, -1);
  }

  /** The Services without an address, by their last decision: O(Services). */
  *waiting(): IterableIterator<readonly [ServiceKey, Decision]> {
    for (const [key, last] of this.#last)
      if (last.kind === 'pending' || last.kind === 'conflict') yield [key, last];
  }

  /** For each pending Service, its reason and the seconds: O(pending Services). */
  *pendingSeconds(): IterableIterator<readonly [...reason: PendingReason, seconds: number]> {
    const now = this.#clock.now();
    for (const [key, since] of this.#pendingSince) {
      const decision = this.#last.get(key);
      if (decision?.kind !== 'pending') continue;
      for (const failure of decision.failures) yield [...pendingReasonOf(failure), (now - since) / 1000];
    }
  }

  deleteOthers(isKnown: (key: ServiceKey) => boolean): void {
    for (const key of this.#last.keys()) if (!isKnown(key)) this.delete(key);
  }

  #count(decision: Decision | Failing, by: 1 | -1): void {
    const state = stateOf(decision);
    if (state !== undefined) this.states.add([state], by);
    if (decision.kind === 'failing') {
      this.failing.add([decision.refusal], by);
      return;
    }
    if (decision.kind === 'pending') {
      for (const failure of decision.failures) this.pending.add(pendingReasonOf(failure), by);
    }
    if (decision.kind === 'conflict') this.inConflict.add([decision.conflict.code], by);
    const failures = 'failures' in decision ? decision.failures : [];
    const quota = failures.find(({ code }) => code === 'quota-reached');
    if (quota?.code === 'quota-reached') this.pendingForQuota.add([quota.namespace], by);
    for (const address of conflictingAddresses(decision)) this.#conflicts.add([formatAddress(address)], by);
    if (!('conditions' in decision)) return;
    for (const condition of decision.conditions) {
      if (condition.code === 'outside-pool') this.#outside += by;
      if (condition.code === 'pending-change') this.pendingChanges.add([condition.change], by);
    }
  }
}

/** The pool and the family, if there are any, and the reason. */
type PendingReason = [pool: string, family: string, reason: AllocationFailure['code']];

function pendingReasonOf(failure: AllocationFailure): PendingReason {
  return ['key' in failure ? failure.key : '', 'family' in failure ? failure.family : '', failure.code];
}

function stateOf(decision: Decision | Failing): StatState | undefined {
  switch (decision.kind) {
    case 'failing':
      return 'failing';
    case 'keep':
    case 'write':
      return 'assigned';
    case 'pending':
      return 'pending';
    case 'conflict':
      return 'conflict';
    case 'ignore':
    case 'release':
      return undefined;
  }
}

/** The values of a closed union, as label rows. A missing value does not compile. */
export function each<Value extends string>(all: Readonly<Record<Value, unknown>>): [Value][] {
  return Object.keys(all).map((value) => [value as Value]);
}
