import type { KubeObject } from '../core/model/objects.ts';

/**
 * A Lease as client-go's leader election reads and writes it (coordination.k8s.io/v1; client-go
 * tools/leaderelection/resourcelock/leaselock.go), so that a controller written in Go and this one exclude each other.
 */
export interface Lease extends KubeObject {
  spec?: {
    /** Empty or absent: nobody holds it. */
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    /** How often it went from one holder to another. */
    leaseTransitions?: number;
  };
}

export interface LeaseHolder {
  readonly identity: string;
  readonly leaseDurationMs: number;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
}

export function holderOf(lease: Lease): string {
  return lease.spec?.holderIdentity ?? '';
}

/** The Lease with a new holder, or renewed where it is the same one. Fields that are not ours stay. */
export function withHolder(lease: Lease, { identity, leaseDurationMs, wallMs }: LeaseHolder): Lease {
  const now = microTime(wallMs);
  const isRenewal = holderOf(lease) === identity;
  const transitions = lease.spec?.leaseTransitions;
  return {
    ...lease,
    spec: {
      ...lease.spec,
      holderIdentity: identity,
      leaseDurationSeconds: Math.floor(leaseDurationMs / 1000),
      acquireTime: isRenewal ? (lease.spec?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: isRenewal ? (transitions ?? 0) : transitions === undefined ? 0 : transitions + 1,
    },
  };
}

/** The Lease given back: whoever looks at it may take it at once. */
export function withoutHolder(lease: Lease, wallMs: number): Lease {
  const now = microTime(wallMs);
  return {
    ...lease,
    // The API server asks for a positive duration.
    spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now },
  };
}

/** For how long after its content was first seen nobody else may take it; `otherwise` where it does not say. */
export function durationMs(lease: Lease, otherwise: number): number {
  const seconds = lease.spec?.leaseDurationSeconds;
  return seconds === undefined ? otherwise : seconds * 1000;
}

/** metav1.MicroTime: exactly six digits after the point. */
function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '000Z');
}
