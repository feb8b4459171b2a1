import type { Check } from '../core/explain/checks.ts';
import type { AddressState } from '../core/queries/occupancy.ts';

/** What the page is told, as JSON: its side and the server's side read these same types. Counts that may be large are texts. */

/** `due`: a write is to come. Its addresses are those that the Service shows already. */
export type ServiceItemState = 'Assigned' | 'Assigning' | 'Pending' | 'Conflict' | 'Ignored';

export interface ServiceItem {
  readonly namespace: string;
  readonly name: string;
  readonly addresses: readonly string[];
  /** The ConfigMap's key, `static`, `unknown` or empty. */
  readonly from: string;
  readonly state: ServiceItemState;
  /** Why it waits, what is odd, or empty. */
  readonly note: string;
}

export interface PoolItem {
  readonly key: string;
  readonly ranges: string;
  readonly size: string;
  readonly used: string;
  readonly free: string;
  /** Of what can be allocated, 0 to 100. */
  readonly percent: number;
  /** What a new Service would get, one for each family that has some. */
  readonly next: readonly string[];
  readonly notes: readonly string[];
}

export interface AddressCell {
  readonly address: string;
  readonly state: AddressState;
  /** Who has it, or shows it; then how many more. */
  readonly services: readonly string[];
  readonly more: number;
}

/** Addresses side by side that are drawn as one. */
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
      /** The smallest block that has all which is in use, where that is less. */
      readonly fit: string | undefined;
    }
);

export interface PoolMap {
  readonly segments: readonly Segment[];
  /** Ranges for which there is no room. */
  readonly more: number;
  /** Addresses that Services of this pool have outside of it: by DHCP, by name, or from before a change of the pool. */
  readonly beside: readonly AddressCell[];
}

export interface ServiceTransition {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly before: ServiceItem | undefined;
  readonly after: ServiceItem | undefined;
}

/** `leading`: it is what gives addresses. `watching`: it only looks. */
export type Role = 'leading' | 'standing by' | 'watching';

export interface PageOverview {
  readonly version: string;
  readonly role: Role;
  /** Whether the first lists are in. */
  readonly isReady: boolean;
  readonly configMap: string;
  readonly counts: Readonly<Record<ServiceItemState, number>>;
  readonly pools: readonly (PoolItem & { readonly map: PoolMap })[];
  readonly morePools: number;
  readonly problems: readonly string[];
  /** Those that wait or were refused, and those that are served with something odd. */
  readonly waiting: readonly ServiceItem[];
  readonly moreWaiting: number;
  readonly odd: readonly ServiceItem[];
  readonly moreOdd: number;
  /** Newest first. */
  readonly changes: readonly ServiceTransition[];
  /** Since when changes are seen; milliseconds since 1970. */
  readonly since: number;
}

export interface PoolDetail {
  readonly pool: PoolItem;
  /** undefined: the whole pool. */
  readonly range: string | undefined;
  /** From the pool's own range down to what is shown. */
  readonly parents: readonly string[];
  readonly map: PoolMap;
  readonly inUse: readonly AddressCell[];
  readonly moreInUse: number;
}

export interface AddressDetail {
  readonly address: string;
  readonly state: AddressState;
  /** The pools that span it, and the part of each that is drawn around it. */
  readonly pools: readonly { readonly key: string; readonly around: string }[];
  readonly holders: readonly ServiceItem[];
  readonly others: readonly ServiceItem[];
  /** Who else has claimed it in the API. */
  readonly owner: string | undefined;
}

export interface ServiceDetail {
  readonly service: ServiceItem;
  readonly addresses: readonly { readonly address: string; readonly state: AddressState }[];
  /** The key of its namespace's pool. */
  readonly pool: string | undefined;
  /** The checks of its decision, down to the one that decided. */
  readonly checks: readonly Check[];
  /** What helps, the shortest way first. */
  readonly remedies: readonly string[];
  readonly facts: readonly (readonly [string, string])[];
}

export interface SearchResult {
  readonly query: string;
  readonly services: readonly ServiceItem[];
  readonly more: number;
  readonly pools: readonly string[];
  /** The query, where it is an address. */
  readonly address: string | undefined;
}

/** Told to whoever listens, after each look that found something new, and now and then. */
export interface News {
  readonly revision: number;
  readonly role: Role;
  /** How many Services changed, and one of them. */
  readonly changed: number;
  readonly newest: ServiceTransition | undefined;
}
