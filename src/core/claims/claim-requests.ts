import { type Address, isUnspecified } from '../ip/address.ts';
import { hasAllocationOf, isReserved, requests, type ServiceState } from '../ledger/service-state.ts';
import { addressesOf, canonicalList } from '../model/address-list.ts';
import { type Claim, type ClaimReservation, isForSameWrite } from '../model/claim.ts';
import type { ServicePatch } from '../model/service-patch.ts';
import { compareVersions } from '../model/service-view.ts';
import type { ClaimStore } from './claim-store.ts';

/** A claim that must have these reservations before an address may be written. */
export interface ClaimRequest {
  readonly address: Address;
  /** This controller's claim, or any tombstone, as it is known; undefined if it has to be created. */
  readonly known: Claim | undefined;
  /** The one that is added is the last. */
  readonly reservations: readonly ClaimReservation[];
}

/**
 * The claims that a patch needs before it is written: one for each address that the Service does not record yet. Reservations
 * that may still be binding stay, also those for the same Service, because their writes may still arrive.
 *
 * A reservation in a claim that this leadership has only listed does not count: an earlier leader whose write was rejected may have
 * sent a deletion of that version of the claim, and it may still arrive. `listed` is the version of the list.
 */
export function claimRequests(
  state: ServiceState,
  { record }: ServicePatch,
  claims: ClaimStore,
  listed: string,
): ClaimRequest[] {
  if (record == null) return [];
  const { view, key } = state;
  const added = addressesOf(record.addresses.entries).filter(
    (address) => !isUnspecified(address) && !recordsAddress(state, address),
  );
  const reservation: ClaimReservation = {
    service: key,
    uid: view.uid,
    version: view.resourceVersion,
    addresses: canonicalList(added),
    source: record.source,
  };
  return added.flatMap((address): ClaimRequest[] => {
    const claim = claims.get(address);
    // A claim of another owner is never changed. Creating this controller's own then fails with a known reason.
    const known = claim?.owner === undefined ? claim : undefined;
    if (known === undefined) return [{ address, known, reservations: [reservation] }];
    const { reservations, resourceVersion } = known;
    const isListedOnly = compareVersions(resourceVersion, listed) <= 0;
    if (!isListedOnly && reservations.some((one) => isForSameWrite(one, reservation))) return [];
    return [
      { address, known, reservations: [...reservations, { ...reservation, addedTo: resourceVersion }] },
    ];
  });
}

/** Whether the Service's own fields record the address. The Go version's label covers all addresses that it requests. */
function recordsAddress(state: ServiceState, address: Address): boolean {
  return hasAllocationOf(state, address) && requests(state, address) && !isReserved(state, address);
}
