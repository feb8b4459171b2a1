import { poolFor } from '../config/config.ts';
import { type Address, isUnspecified, sameAddress } from '../ip/address.ts';
import { rangesContain } from '../ip/range.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { sharingConflict, splitsTraffic } from '../ledger/sharing.ts';
import type { SharingGroup } from '../ledger/sharing-group.ts';
import { type AddressEntry, addressesOf } from '../model/address-list.ts';
import type { AllocationContext } from './allocation-context.ts';
import { type Condition, maxNamedServices, type OtherServices } from './decision.ts';
import { whyNotAvailable } from './why-no-address.ts';

/** The other holders of the address: they share it, or another program created a duplicate. */
export function coHolders(
  state: ServiceState,
  address: Address,
  { ledger, config }: AllocationContext,
): ServiceState[] {
  // The common case: no other Service uses it.
  if (ledger.servicesAt(address).length < 2) return [];
  return ledger.holding(address, config).holders.filter((other) => other !== state);
}

/** Other holders of the address that may not share it with `state`. */
export function conflicts(state: ServiceState, address: Address, context: AllocationContext): ServiceState[] {
  return coHolders(state, address, context).filter((other) => {
    const why = sharingConflict(state, other, context.config);
    return why !== undefined && why.code !== 'being-deleted';
  });
}

/** What an operator should know about a Service to which this list is assigned. */
export function conditionsOf(
  state: ServiceState,
  list: readonly AddressEntry[],
  context: AllocationContext,
): Condition[] {
  const { namespace } = state.view;
  const pool = poolFor(context.config, namespace);
  const isStatic =
    state.intent.kind === 'requested' || ('origin' in state.intent && state.intent.origin === 'static');
  const conditions: Condition[] = [];
  for (const address of addressesOf(list)) {
    if (isUnspecified(address)) continue;
    const owner = context.ledger.claimOwner(address);
    if (owner !== undefined) conditions.push({ code: 'claimed', address, owner });
    conditions.push(...conditionsFromOthers(state, address, context));
    conditions.push(...wrongFamily(state, address));
    const outside = !isStatic && (pool === undefined || !rangesContain(pool.ranges, address));
    if (outside) conditions.push({ code: 'outside-pool', service: state.key, address, key: pool?.key });
  }
  conditions.push(...misreadWords(state, list));
  const incomplete = missingFamily(state, list, isStatic, context);
  if (incomplete !== undefined) conditions.push(incomplete);
  if (namespace === 'global' && !isStatic && pool !== undefined)
    conditions.push({ code: 'global-namespace', key: pool.key });
  return conditions;
}

function wrongFamily({ view: { families, policy } }: ServiceState, address: Address): Condition[] {
  // Only files lack the families.
  if (families.length === 0 || families.includes(address.family)) return [];
  return [{ code: 'wrong-family', address, families, policy }];
}

/** A hostname without a dot is rarely meant as one: templates leave such words when a value is not set. */
function misreadWords({ key: service }: ServiceState, list: readonly AddressEntry[]): Condition[] {
  return list.flatMap((entry) =>
    typeof entry === 'string' && !entry.includes('.')
      ? [{ code: 'read-as-hostname', service, text: entry }]
      : [],
  );
}

/** Set if a dual-stack Service has addresses of one family only. */
function missingFamily(
  { view, key: service }: ServiceState,
  list: readonly AddressEntry[],
  isStatic: boolean,
  context: AllocationContext,
): Condition | undefined {
  const { namespace, policy, families } = view;
  const pool = poolFor(context.config, namespace);
  // A pool of a single DHCP entry provides that for both families, and a hostname can resolve to either.
  if (policy === 'SingleStack' || families.length < 2 || pool?.dhcpOnly !== undefined) return undefined;
  const present = list.map((entry) => (typeof entry === 'string' ? undefined : entry.family));
  const missing = families.find((family) => !present.includes(family));
  if (missing === undefined || present.length === 0 || present.includes(undefined)) return undefined;
  const why = isStatic ? 'static' : whyNotAvailable(namespace, missing, context);
  return { code: 'one-family', service, policy, missing, key: pool?.key, why };
}

function conditionsFromOthers(
  state: ServiceState,
  address: Address,
  context: AllocationContext,
): readonly Condition[] {
  const { ledger, config } = context;
  // An address that this decision assigns is not in use yet.
  if (!state.requestedIPs.some((asked) => sameAddress(asked, address))) return [];
  if (ledger.servicesAt(address).length < 2) return [];
  const { holders, holding, contending } = ledger.holding(address, config);
  if (!holding.has(state)) return [];
  const conditions: Condition[] = [];
  const conflict = othersInConflict(holding, state, context);
  if (conflict !== undefined) conditions.push({ code: 'conflict', service: state.key, address, ...conflict });
  const contested = othersInConflict(contending, state, context);
  if (contested !== undefined) conditions.push({ code: 'contested', address, ...contested });
  const stays = ({ releasingIPs }: ServiceState) =>
    !releasingIPs.some((released) => sameAddress(released.address, address));
  const split = (holding.hasLocalTraffic ? holders : []).filter(
    (other) =>
      splitsTraffic(state, other) && stays(other) && sharingConflict(state, other, config) === undefined,
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
  state: ServiceState,
  { config }: AllocationContext,
): OtherServices | undefined {
  const { first, count } = group.conflictsOf(state, maxNamedServices);
  if (count === 0) return undefined;
  const services = first.flatMap((other) => {
    const why = sharingConflict(state, other, config);
    return why === undefined ? [] : [{ service: other.key, why }];
  });
  return { services, more: count - services.length };
}
