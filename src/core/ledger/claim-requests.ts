import { type Address, isUnspecified, sameAddress } from '../ip/address.ts';
import { addressesOf, formatAddressList, parseAddressList } from '../model/address-list.ts';
import type { ServicePatch } from '../model/service-patch.ts';
import { type Claim, type Reservation, sameReservation } from './claim.ts';
import type { ClaimStore } from './claim-store.ts';
import { recordsAllocationOf, type ServiceState } from './service-state.ts';

/** A claim that has to bear these pledges before an address may be written. */
export interface ClaimRequest {
  readonly address: Address;
  /** Ours, as it is known; undefined where it has to be made. */
  readonly known: Claim | undefined;
  readonly reservations: readonly Reservation[];
}

/**
 * What has to be claimed before a change of a Service is written: each address that it does not bear a mark of yet. A pledge
 * to others that may still bind stays; so does one to the same Service, whose write may be on its way.
 */
export function claimRequests(
  state: ServiceState,
  { record }: ServicePatch,
  claims: ClaimStore,
): ClaimRequest[] {
  if (record == null) return [];
  const { view, key } = state;
  const given = addressesOf(parseAddressList(record.addresses)?.entries ?? []).filter(
    (address) => !isUnspecified(address) && !recordsItself(state, address),
  );
  const reservation: Reservation = {
    service: key,
    uid: view.uid,
    version: view.resourceVersion,
    addresses: formatAddressList(given),
    source: record.source,
  };
  return given.flatMap((address) => {
    const there = claims.get(address);
    // Somebody else's is never touched: making our own is refused, and then it is known why.
    const known = there?.owner === undefined ? there : undefined;
    const reservations = known?.reservations ?? [];
    return reservations.some((one) => sameReservation(one, reservation))
      ? []
      : [{ address, known, reservations: [...reservations, reservation] }];
  });
}

/** Whether the Service itself says that it has the address: the Go version's label says so of all that it asks for. */
function recordsItself(state: ServiceState, address: Address): boolean {
  const isAmong = (list: readonly Address[]): boolean => list.some((one) => sameAddress(one, address));
  const isPledged = isAmong(state.reserved.map((one) => one.address));
  return recordsAllocationOf(state, address) && isAmong(state.requestedIPs) && !isPledged;
}
