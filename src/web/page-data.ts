import type { Finding } from '../core/explain/explain-trace.ts';
import type { AddressState } from '../core/queries/occupancy.ts';

/** The JSON that the server sends to the page. Both sides use these types. Counts that may be large are strings. */

/** `Assigning`: a write is due or in flight; `addresses` are those already in use. */
export type ServiceItemState = 'Assigned' | 'Assigning' | 'Pending' | 'Conflict' | 'Ignored';

export interface ServiceItem {
  readonly namespace: string;
  readonly name: string;
  readonly addresses: readonly string[];
  /** The pool's key in the ConfigMap, `static`, `unknown` or empty. */
  readonly from: string;
  readonly state: ServiceItemState;
  /** Why the Service is pending, what an operator should know about it, or empty. */
  readonly condition: string;
}

export interface PoolItem {
  readonly key: string;
  readonly ranges: string;
  readonly size: string;
  readonly used: string;
  readonly free: string;
  /** Usage of the allocatable addresses, 0 to 100. */
  readonly percent: number;
  /** What a new Service would get: one address for each family with free addresses. */
  readonly next: readonly string[];
  /** `for blog, shop`, `20 excluded`, `1 reserved`, `not used: no list names it`. */
  readonly notes: readonly string[];
  readonly problems: readonly string[];
}

/** A namespace with a quota. */
export interface QuotaItem {
  readonly namespace: string;
  /** The key in the ConfigMap. */
  readonly key: string;
  readonly limit: number;
  /** The addresses that its Services have. More than `limit` after the quota was lowered. */
  readonly used: number;
  /** 0 to 100. */
  readonly percent: number;
  /** The Services that do not get an address because of it. */
  readonly pending: number;
}

export interface AddressCell {
  readonly address: string;
  readonly state: AddressState;
  /** The first few holders, contenders and claim owners, and the number of the others. */
  readonly services: readonly string[];
  readonly more: number;
  /** What the configuration says about it: `excluded by exclude.internal`, `reserved for shop/web (reserve-shop)`. Of a free one: its last holder. */
  readonly note?: string;
}

/** Adjacent addresses that are drawn as one. */
export interface Block {
  readonly range: string;
  readonly size: string;
  readonly used: number;
  readonly free: string;
  readonly states: Readonly<Partial<Record<AddressState, number>>>;
}

export type Segment = { readonly range: string; readonly size: string } & (
  | { readonly cells: readonly AddressCell[] }
  | {
      readonly blocks: readonly Block[];
      /** The smallest block that contains all addresses in use, if it is smaller than the segment. */
      readonly inUseRange: string | undefined;
    }
);

export interface PoolMap {
  readonly segments: readonly Segment[];
  /** The number of ranges that are not drawn. */
  readonly more: number;
  /** Addresses that the pool's Services have outside the pool: DHCP leases, static ones, or from an earlier pool. */
  readonly outside: readonly AddressCell[];
}

export interface ServiceTransition {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly before: ServiceItem | undefined;
  readonly after: ServiceItem | undefined;
}

/** `leading`: this replica allocates addresses. `watching`: this program only reads. */
export type Role = 'leader' | 'standby' | 'read-only';

export interface PageOverview {
  readonly version: string;
  readonly role: Role;
  /** Whether the initial lists have been read. */
  readonly isReady: boolean;
  readonly configMap: string;
  readonly counts: Readonly<Record<ServiceItemState, number>>;
  readonly pools: readonly (PoolItem & { readonly map: PoolMap })[];
  readonly morePools: number;
  /** Those with the fewest addresses left come first. */
  readonly quotas: readonly QuotaItem[];
  readonly moreQuotas: number;
  readonly problems: readonly string[];
  /** Services in state Pending or Conflict. */
  readonly pending: readonly ServiceItem[];
  readonly morePending: number;
  /** Services in state Assigned or Assigning that have a condition. */
  readonly withConditions: readonly ServiceItem[];
  readonly moreWithConditions: number;
  /** Newest first. */
  readonly changes: readonly ServiceTransition[];
  /** Start of the change history, in milliseconds since 1970. */
  readonly since: number;
}

export interface PoolDetail {
  readonly pool: PoolItem;
  /** Undefined for the whole pool. */
  readonly range: string | undefined;
  /** From the pool's own range down to the range that is shown. */
  readonly parents: readonly string[];
  readonly map: PoolMap;
  readonly inUse: readonly AddressCell[];
  readonly moreInUse: number;
}

export interface AddressDetail {
  readonly address: string;
  readonly state: AddressState;
  /** The pools that contain it, each with the block that is drawn around it. */
  readonly pools: readonly { readonly key: string; readonly around: string }[];
  readonly holders: readonly ServiceItem[];
  /** Contenders, then Services that only their status connects to the address. */
  readonly others: readonly ServiceItem[];
  /** `used as an external IP of Service default/legacy`; empty if it is none. */
  readonly externalIP: string;
  /** The parent of another owner's IPAddress claim. */
  readonly claimOwner: string | undefined;
  /** As in `AddressCell`; empty if there is none. */
  readonly note: string;
}

export interface ServiceDetail {
  readonly service: ServiceItem;
  readonly addresses: readonly { readonly address: string; readonly state: AddressState }[];
  /** The keys of the pools that it can get an address from, in order. The checks say why these. */
  readonly pools: readonly string[];
  /** The checks of its decision, up to the one that decided. */
  readonly checks: readonly Finding[];
  /** Simplest first. */
  readonly remedies: readonly string[];
  readonly facts: readonly (readonly [string, string])[];
}

export interface SearchResult {
  readonly query: string;
  readonly services: readonly ServiceItem[];
  readonly more: number;
  readonly pools: readonly string[];
  /** The normalized query, if it is an address. */
  readonly address: string | undefined;
}

/** Sent after each snapshot that followed a change, and periodically. */
export interface PageUpdate {
  readonly revision: number;
  readonly role: Role;
  /** The number of Services that changed, and the latest change. */
  readonly changed: number;
  readonly newest: ServiceTransition | undefined;
}
