import type { Data } from '../core/naive-pools.ts';

/** The namespaces of a soak test, each with its percentage of Services. */
export const namespaces = {
  /** Has enough addresses for all Services. */
  wide: 30,
  /** Has addresses for about two thirds, so that pending Services get released addresses. */
  tight: 20,
  /** Has both families and too few IPv6 addresses. */
  dual: 15,
  /** Has few addresses, and allows sharing. */
  shared: 15,
  /** Users request addresses in this and in other pools. The pool is a part of the global one. */
  named: 8,
  /** The pool is edited frequently. */
  edited: 12,
} as const;
export type Namespace = keyof typeof namespaces;

export const poolVariants = 6;

/** The ConfigMap's data for this number of Services. Variants differ in the pool of `edited` and in the search order. */
export function poolsOf(services: number, variant: number): Data {
  const share = (hundredths: number): number => Math.max(6, Math.round((services * hundredths) / 100));
  const edited = [
    range('10.6', share(8)),
    range('10.6', share(16)),
    `${range('10.66', share(5))},${rangeV6(0x8000, share(3))}`,
    `${range('10.6', share(3))},${range('10.66', share(10))}`,
    // Without a pool, the global one applies.
    undefined,
    range('10.67', share(12)),
  ][variant % poolVariants];
  return {
    'cidr-wide': range('10.1', share(100)),
    'range-tight': range('10.2', share(13)),
    'cidr-dual': `${range('10.3', share(20))},${rangeV6(1, share(6))}`,
    'cidr-shared': range('10.4', share(4)),
    'allow-share-shared': 'true',
    'range-named': range('10.5', share(5)),
    'cidr-global': range('10.5', share(8)),
    'search-order': variant % 3 === 2 ? 'desc' : 'asc',
    ...(edited === undefined ? {} : { 'cidr-edited': edited }),
  };
}

/** The n-th address with this prefix, counted from 0. Addresses that end in .0 or .255 are excluded from pools. */
export function addressOf(prefix: string, n: number): string {
  const value = n + 1;
  return `${prefix}.${value >> 8}.${value & 255}`;
}

function range(prefix: string, count: number): string {
  return `${addressOf(prefix, 0)}-${addressOf(prefix, count - 1)}`;
}

function rangeV6(first: number, count: number): string {
  return `fd00::${first.toString(16)}-fd00::${(first + count - 1).toString(16)}`;
}
