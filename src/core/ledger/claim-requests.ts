import { type Address, isUnspecified, sameAddress } from '../ip/address.ts';
import { addressesOf, formatList, readList } from '../model/address-list.ts';
import type { Change } from '../model/service-patch.ts';
import { type Claim, type Pledge, samePledge } from './claim.ts';
import type { Claims } from './claim-store.ts';
import { bearsMark, type Standing } from './service-state.ts';

/** A claim that has to bear these pledges before an address may be written. */
export interface ClaimRequest {
  readonly address: Address;
  /** Ours, as it is known; undefined where it has to be made. */
  readonly known: Claim | undefined;
  readonly pledges: readonly Pledge[];
}

/**
 * What has to be claimed before a change of a Service is written: each address that it does not bear a mark of yet. A pledge
 * to others that may still bind stays; so does one to the same Service, whose write may be on its way.
 */
export function claimRequests(standing: Standing, { record }: Change, claims: Claims): ClaimRequest[] {
  if (record == null) return [];
  const { view, key } = standing;
  const given = addressesOf(readList(record.addresses)?.entries ?? []).filter(
    (address) => !isUnspecified(address) && !hasByItself(standing, address),
  );
  const pledge: Pledge = {
    service: key,
    uid: view.uid,
    version: view.resourceVersion,
    addresses: formatList(given),
    source: record.source,
  };
  return given.flatMap((address) => {
    const there = claims.get(address);
    // Somebody else's is never touched: making our own is refused, and then it is known why.
    const known = there?.owner === undefined ? there : undefined;
    const pledges = known?.pledges ?? [];
    return pledges.some((one) => samePledge(one, pledge))
      ? []
      : [{ address, known, pledges: [...pledges, pledge] }];
  });
}

/** Whether the Service itself says that it has the address: the Go version's label says so of all that it asks for. */
function hasByItself(standing: Standing, address: Address): boolean {
  const isAmong = (list: readonly Address[]): boolean => list.some((one) => sameAddress(one, address));
  const isPledged = isAmong(standing.pledged.map((one) => one.address));
  return bearsMark(standing, address) && isAmong(standing.asks) && !isPledged;
}
