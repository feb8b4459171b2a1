import { type AllocationPolicy, spans } from '../config/policy.ts';
import { type Address, includesAddress, isUnspecified } from '../ip/address.ts';
import { append, concat, none } from '../ip/short-lists.ts';
import { originOf, releases, requests, type ServiceState } from '../ledger/service-state.ts';
import { sharingConflict, splitsTraffic } from '../ledger/sharing.ts';
import type { SharingGroup } from '../ledger/sharing-group.ts';
import { type AddressEntry, addressesOf } from '../model/address-list.ts';
import type { MissingAddress } from './allocate.ts';
import { type Condition, maxNamedServices, type OtherServices } from './decision.ts';
import type { Facts, Subject } from './facts.ts';
import { missingFamilies } from './missing-families.ts';
import { notShared } from './not-shared.ts';
import { whyNoPool } from './why-no-address.ts';

/** What an operator should know about a Service to which this list is assigned. */
export function conditionsOf(
  subject: Subject,
  list: readonly AddressEntry[],
  missing?: readonly MissingAddress[],
): readonly Condition[] {
  const { state, policy, facts } = subject;
  const isStatic = originOf(state) === 'static';
  let conditions: readonly Condition[] = none;
  for (const entry of list) {
    if (typeof entry === 'string') conditions = concat(conditions, misreadWord(state, entry));
    else if (!isUnspecified(entry)) conditions = concat(conditions, conditionsAt(entry, subject, isStatic));
  }
  conditions = concat(conditions, unusedReservations(state, list, facts));
  if (!isStatic) conditions = concat(conditions, notShared(subject, list));
  conditions = concat(conditions, missingFamilies(subject, list, isStatic, missing));
  return state.view.namespace === 'global' && !isStatic && policy.list !== undefined
    ? append(conditions, { code: 'global-namespace', key: policy.list })
    : conditions;
}

/** What follows from one of its addresses. */
function conditionsAt(
  address: Address,
  { state, policy, facts }: Subject,
  isStatic: boolean,
): readonly Condition[] {
  const { ledger } = facts;
  let conditions: readonly Condition[] = none;
  const owner = ledger.claimOwner(address);
  if (owner !== undefined) conditions = append(conditions, { code: 'claimed', address, owner });
  const reserved = ledger.reservedFor(address);
  const isReserved = reserved?.service === state.key;
  // The Service had the address before the configuration reserved it for another one.
  if (reserved !== undefined && !isReserved) {
    const { service, key } = reserved;
    conditions = append(conditions, { code: 'reserved-for-other', address, service, key });
  }
  conditions = concat(conditions, conditionsFromOthers(state, address, facts));
  conditions = concat(conditions, wrongFamily(state, address));
  if (isStatic || isReserved || spans(policy, address)) return conditions;
  const key = (policy.pools[0] ?? policy.listed[0])?.key;
  const why = canReallocate(state, policy, facts) ? undefined : whyNoPool(state.view, policy, facts);
  return append(conditions, { code: 'outside-pool', service: state.key, address, key, why });
}

/** Whether a pool serves the Service, or an address is reserved for it, which it also gets without one. */
function canReallocate(
  { key }: ServiceState,
  { choice, pools }: AllocationPolicy,
  { ledger }: Facts,
): boolean {
  if (choice.by === 'refused') return false;
  return pools.length > 0 || ledger.reservations.of(key, 'configured').length > 0;
}

/** Addresses that are reserved for the Service although it has others. */
function unusedReservations(
  state: ServiceState,
  list: readonly AddressEntry[],
  { ledger }: Facts,
): readonly Condition[] {
  const reserved = ledger.reservations.of(state.key, 'configured');
  if (reserved.length === 0) return none;
  return reserved
    .filter(({ address }) => !includesAddress(addressesOf(list), address))
    .map(({ address, key }) => {
      const others = ledger.servicesAt(address).filter((other) => other !== state);
      // Requests by name do not keep it from the Service.
      const holders = ledger.isFreeFor(state, address) ? none : others;
      return { code: 'reservation-unused', address, key, holders: holders.map((other) => other.key).sort() };
    });
}

function wrongFamily({ view: { families, policy } }: ServiceState, address: Address): readonly Condition[] {
  // Only files lack the families.
  if (families.length === 0 || families.includes(address.family)) return none;
  return [{ code: 'wrong-family', address, families, policy }];
}

/** A hostname without a dot is rarely meant as one: templates leave such words when a value is not set. */
function misreadWord({ key: service }: ServiceState, text: string): readonly Condition[] {
  return text.includes('.') ? none : [{ code: 'read-as-hostname', service, text }];
}

function conditionsFromOthers(state: ServiceState, address: Address, facts: Facts): readonly Condition[] {
  const { ledger, config } = facts;
  // An address that this decision assigns is not in use yet.
  if (!requests(state, address) || !ledger.isUsedByOthers(address, state)) return none;
  const { holders, holding, contending } = ledger.holding(address, config);
  if (!holding.has(state)) return none;
  const conditions: Condition[] = [];
  const conflict = othersInConflict(holding, address, state, facts);
  if (conflict !== undefined) conditions.push({ code: 'conflict', service: state.key, address, ...conflict });
  const contested = othersInConflict(contending, address, state, facts);
  if (contested !== undefined) conditions.push({ code: 'contested', address, ...contested });
  const split = (holding.hasLocalTraffic ? holders : []).filter(
    (other) =>
      splitsTraffic(state, other) &&
      !releases(other, address) &&
      sharingConflict(state, other, address, config) === undefined,
  );
  if (split.length > 0) {
    const areAllLocal = [state, ...split].every(({ view }) => view.localTraffic);
    conditions.push({
      code: 'local-traffic',
      address,
      others: split.map(({ key }) => key).sort(),
      areAllLocal,
    });
  } else if (holders.length > 1 && conflict === undefined) {
    const others = holders.filter((other) => other !== state).map(({ key }) => key);
    conditions.push({ code: 'shared', others: others.sort() });
  }
  return conditions;
}

/** The other members of the group that may not share the address with `state`; undefined if there is none. */
function othersInConflict(
  group: SharingGroup,
  address: Address,
  state: ServiceState,
  { config }: Facts,
): OtherServices | undefined {
  const { first, count } = group.conflictsOf(state, maxNamedServices);
  if (count === 0) return undefined;
  const services = first.flatMap((other) => {
    const why = sharingConflict(state, other, address, config);
    return why === undefined ? [] : [{ service: other.key, why }];
  });
  return { services, more: count - services.length };
}
