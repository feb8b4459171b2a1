import type { Service } from '../../src/core/model/objects.ts';
import type { Data } from '../core/naive-pools.ts';
import type { Edit } from '../core/users.ts';
import type { Stream } from './requests.ts';

/** What a user does. */
export type Act =
  | { readonly do: 'create'; readonly name: string; readonly spec: Service['spec'] }
  | { readonly do: 'delete'; readonly name: string }
  | { readonly do: 'edit'; readonly name: string; readonly edit: Edit; readonly text: string }
  | { readonly do: 'configure'; readonly data: Data | undefined };

export type FaultKind =
  /** A process ends at once. Its requests can still arrive. */
  | 'crash'
  /** The leader loses the Lease. */
  | 'lose'
  /** A request never arrives. */
  | 'lost'
  /** A write is carried out, and its response is lost. */
  | 'answer lost'
  /** A write gets no response now, and arrives later, or never. */
  | 'late'
  /** Admission denies a write once. */
  | 'denied'
  /** A watch ends with 410 Expired. */
  | 'expired';

/** A small world, and how much may happen in it. */
export interface Scope {
  readonly name: string;
  readonly replicas: number;
  /** The names of the Services; at most four. */
  readonly services: readonly string[];
  /** The pools at the start. */
  readonly data: Data;
  /** Other pools that a user may configure. */
  readonly configs: readonly (Data | undefined)[];
  /** The specs with which a user may create a Service. */
  readonly specs: readonly NonNullable<Service['spec']>[];
  readonly edits: readonly { readonly edit: Edit; readonly text: string }[];
  /** The Services that exist at the start, each with a spec. */
  readonly existing?: readonly NonNullable<Service['spec']>[];
  readonly faultKinds: readonly FaultKind[];
  /** How many acts and faults one story can have. */
  readonly acts: number;
  readonly faults: number;
  readonly claims?: boolean;
  /** The second controller keeps a view of the cluster while it is a standby. */
  readonly followers?: boolean;
  /** A request can arrive when another replica leads already (docs/decisions/0007). */
  readonly lateWrites?: boolean;
  /** A leader that has lost the Lease does not know it yet. */
  readonly twoLeaders?: boolean;
  readonly concurrency?: number;
}

/** The watches of whose versions something waits: reservations of claims and external IPs end with them. */
export function awaited({ claims, edits }: Scope): readonly Stream[] {
  if (edits.some(({ edit }) => edit.do === 'external')) return ['services', 'others'];
  return claims === true ? ['services'] : [];
}
