import type { Address } from '../ip/address.ts';
import type { Owner } from '../ledger/claim.ts';
import type { NotOurs } from '../ledger/service-state.ts';
import type { Obstacle } from '../ledger/sharing.ts';
import type { AddressList } from '../model/address-list.ts';
import type { Change } from '../model/service-patch.ts';
import type { ServiceKey } from '../model/service-view.ts';
import type { Shortage } from './allocation-failure.ts';

/** What is to be done about one Service, and why. Everything that people see is made from these values. */
export type Decision =
  /** Not ours, or with nothing left to do: nothing is written. */
  | { readonly kind: 'ignore'; readonly why: NotOurs | 'being-deleted' }
  /** Served, and as it should be. */
  | ({ readonly kind: 'keep' } & Served)
  /** Served once `change` is written. */
  | ({ readonly kind: 'write'; readonly cause: Cause; readonly change: Change } & Served)
  /** Ours, and there is no address for it. */
  | { readonly kind: 'wait'; readonly shortages: readonly Shortage[] }
  /**
   * What it asks for by name, or shows, cannot be had. `change` takes the marks of an earlier address off; `shortages`
   * says why there is nothing else for it, where it would take something else.
   */
  | {
      readonly kind: 'refuse';
      readonly refusal: Refusal;
      readonly change: Change;
      readonly shortages: readonly Shortage[];
    }
  /** What we wrote comes off again. */
  | { readonly kind: 'release'; readonly change: Change; readonly addresses: string };

export interface Served {
  /** Canonical, as in the annotation. */
  readonly addresses: string;
  /** The ConfigMap's key, `static` or `unknown`. */
  readonly source: string;
  readonly notes: readonly Note[];
}

/** What a write is for. */
export type Cause =
  | 'allocate'
  | 'share'
  | 'mark-static'
  | 'restore'
  | 'adopt'
  | 'families'
  | 'ports'
  | 'reallocate'
  | 'update';

export type Refusal =
  | { readonly code: 'taken'; readonly address: Address; readonly holder: ServiceKey; readonly why: Obstacle }
  | {
      readonly code: 'not-an-address';
      readonly field: 'annotation' | 'spec';
      readonly fault: NonNullable<AddressList['fault']>;
    };

/** What a person should know of a Service that is served all the same. */
export type Note =
  /** Others have the address, too, and may not share it: a duplicate made elsewhere. */
  | ({ readonly code: 'conflict'; readonly address: Address } & Rivals)
  /** Others ask for it who may not share it. They do not get it, and may be announced with it all the same. */
  | ({ readonly code: 'contested'; readonly address: Address } & Rivals)
  /** Somebody else has claimed it in the API. */
  | { readonly code: 'claimed'; readonly address: Address; readonly owner: Owner }
  | { readonly code: 'outside-pool'; readonly address: Address; readonly key: string | undefined }
  | { readonly code: 'shared'; readonly others: readonly ServiceKey[] }
  /** It wants what it cannot have yet, and keeps what it has meanwhile. */
  | {
      readonly code: 'unmet';
      readonly wish: 'families' | 'ports' | 'reallocate';
      readonly shortages: readonly Shortage[];
    }
  | { readonly code: 'global-namespace'; readonly key: string };

/** Oldest first. A thousand Services can be put on one address: some are named, the others counted. */
export interface Rivals {
  readonly rivals: readonly Rival[];
  readonly more: number;
}

export interface Rival {
  readonly service: ServiceKey;
  readonly why: Obstacle;
}

/** A note that somebody else has the address of a served Service, or asks for it, where that may not be. */
type Dispute = Note & { readonly code: 'conflict' | 'contested' | 'claimed' };

export function isDispute(note: Note): note is Dispute {
  return note.code === 'conflict' || note.code === 'contested' || note.code === 'claimed';
}

/** The addresses of a Service that somebody else has, or asks for, where that may not be. */
export function disputedIn(decision: Decision): readonly Address[] {
  if (decision.kind === 'refuse') {
    return decision.refusal.code === 'taken' ? [decision.refusal.address] : [];
  }
  return 'notes' in decision ? decision.notes.filter(isDispute).map(({ address }) => address) : [];
}

/** Whether more addresses could change the decision: such a Service is tried again when its pool improves. */
export function isWaiting(decision: Decision): boolean {
  if (decision.kind === 'wait') return true;
  if (decision.kind === 'refuse') return decision.shortages.length > 0;
  return (
    (decision.kind === 'keep' || decision.kind === 'write') &&
    decision.notes.some(({ code }) => code === 'unmet')
  );
}
