import type { KubeObject } from '../core/model/objects.ts';

/**
 * A Lease as client-go's leader election reads and writes it (coordination.k8s.io/v1; client-go
 * tools/leaderelection/resourcelock/leaselock.go), so that a controller written in Go and this one exclude
 * each other.
 */
export interface Lease extends KubeObject {
  spec?: {
    /** Empty or absent: no holder. */
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    /** The number of changes from one holder to another. */
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

/** Sets a new holder, or renews the Lease for the same one. Keeps fields that we do not own. */
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

/** Releases the Lease: another replica may acquire it at once. */
export function withoutHolder(lease: Lease, wallMs: number): Lease {
  const now = microTime(wallMs);
  return {
    ...lease,
    // The API server requires a positive duration.
    spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now },
  };
}

/** How long after its spec was first observed the Lease is valid; `defaultMs` if it does not say. */
export function durationMs(lease: Lease, defaultMs: number): number {
  const seconds = lease.spec?.leaseDurationSeconds;
  return seconds === undefined ? defaultMs : seconds * 1000;
}

/** metav1.MicroTime: exactly six digits after the decimal point. */
function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '000Z');
}
