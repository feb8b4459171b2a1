import { poolFor } from '../config/config.ts';
import { type Address, isUnspecified, sameAddress } from '../ip/address.ts';
import { rangesContain } from '../ip/range.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { sharingConflict } from '../ledger/sharing.ts';
import { type AddressEntry, addressesOf } from '../model/address-list.ts';
import type { AllocationContext } from './allocation-context.ts';
import type { Condition, OtherService, OtherServices } from './decision.ts';

/** Who else has the address: by sharing it, or because a duplicate was made elsewhere. */
export function coHolders(
  state: ServiceState,
  address: Address,
  { ledger, config }: AllocationContext,
): ServiceState[] {
  // The rule, and the quick way: nobody else shows it.
  if (ledger.servicesAt(address).length < 2) return [];
  return ledger.holding(address, config).holders.filter((other) => other !== state);
}

/** Holders of the same address that may not share it: a duplicate made elsewhere. */
export function conflicts(state: ServiceState, address: Address, context: AllocationContext): OtherService[] {
  return conflictingServices(coHolders(state, address, context), state, context);
}

/** What a person should know of a Service that is served with this list. */
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
    const outside = !isStatic && (pool === undefined || !rangesContain(pool.ranges, address));
    if (outside) conditions.push({ code: 'outside-pool', address, key: pool?.key });
  }
  if (namespace === 'global' && !isStatic && pool !== undefined)
    conditions.push({ code: 'global-namespace', key: pool.key });
  return conditions;
}

function conditionsFromOthers(
  state: ServiceState,
  address: Address,
  context: AllocationContext,
): readonly Condition[] {
  const { ledger, config } = context;
  // What it is only now given it does not have yet.
  if (!state.requestedIPs.some((asked) => sameAddress(asked, address))) return [];
  if (ledger.servicesAt(address).length < 2) return [];
  // Who is being moved elsewhere is nobody's rival for much longer; if the write fails, everybody is looked at again.
  const stays = ({ releasingIPs }: ServiceState) =>
    !releasingIPs.some((left) => sameAddress(left.address, address));
  const { holders, contenders } = ledger.holding(address, config);
  if (!holders.includes(state)) return [];
  const conditions: Condition[] = [];
  const others = holders.filter((other) => other !== state);
  const conflict = conflictingServices(others.filter(stays), state, context);
  if (conflict.length > 0) conditions.push({ code: 'conflict', address, ...summarize(conflict) });
  const lasting = contenders.filter((other) => stays(other) && !other.view.deleting);
  const contested = conflictingServices(lasting, state, context);
  if (contested.length > 0) conditions.push({ code: 'contested', address, ...summarize(contested) });
  if (others.length > 0 && conflict.length === 0)
    conditions.push({ code: 'shared', others: others.map(({ key }) => key).sort() });
  return conditions;
}

function conflictingServices(
  others: readonly ServiceState[],
  state: ServiceState,
  { config }: AllocationContext,
): OtherService[] {
  return others.flatMap((other) => {
    const why = sharingConflict(state, other, config);
    return why === undefined || why.code === 'being-deleted' ? [] : [{ service: other.key, why }];
  });
}

/** As many as a sentence has room for. */
const mostNamed = 3;

function summarize(services: readonly OtherService[]): OtherServices {
  return { services: services.slice(0, mostNamed), more: Math.max(0, services.length - mostNamed) };
}
