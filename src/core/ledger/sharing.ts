import type { Config } from '../config/config.ts';
import { policyFor, settingsAt } from '../config/policy.ts';
import type { Address } from '../ip/address.ts';
import { isOnly } from '../model/address-list.ts';
import type { ServiceView } from '../model/service-view.ts';
import { type IgnoreReason, originOf, type ServiceState } from './service-state.ts';

/** Why two Services may not share an address. */
export type SharingConflict =
  | { readonly code: 'not-ours'; readonly service: string; readonly reason: IgnoreReason }
  /** The common ports, such as `TCP/80`. */
  | { readonly code: 'port-clash'; readonly ports: readonly string[] }
  | { readonly code: 'several-addresses'; readonly service: string }
  | { readonly code: 'being-deleted'; readonly service: string }
  | { readonly code: 'sharing-not-allowed'; readonly service: string; readonly namespace: string }
  /** One of them has a sharing key that the other does not have. */
  | { readonly code: 'other-sharing-key'; readonly service: string; readonly key: string | undefined }
  | { readonly code: 'local-traffic'; readonly service: string }
  | { readonly code: 'no-ports'; readonly service: string };

/**
 * Why two Services that both request an address may not share it; undefined if they may. The first rule that fails is the
 * reason (spec section 6).
 */
export function sharingConflict(
  one: ServiceState,
  other: ServiceState,
  address: Address,
  config: Config,
): SharingConflict | undefined {
  // Users who request one address for both accept the consequences, as long as the ports differ.
  const areStatic = originOf(one) === 'static' && originOf(other) === 'static';
  return areStatic
    ? (foreign(one, other) ?? portClash(one, other))
    : allocatedConflict(one, other, address, config);
}

/** The same if one of the two is, or will be, allocated the address: both then have to agree. */
export function allocatedConflict(
  one: ServiceState,
  other: ServiceState,
  address: Address,
  config: Config,
): SharingConflict | undefined {
  return foreign(one, other) ?? joinConflict(one, other, address, config) ?? severalAddresses(one);
}

function foreign(one: ServiceState, other: ServiceState): SharingConflict | undefined {
  for (const { ignoreReason, key } of [other, one])
    if (ignoreReason !== undefined) return { code: 'not-ours', service: key, reason: ignoreReason };
  return undefined;
}

/** Whether a Service that uses the address is assigned it, and shares it with all Services that take none of its ports. */
export function offersAddress(holder: ServiceState, address: Address, config: Config): boolean {
  const { view, record, intent, ignoreReason } = holder;
  // A label beside another Service's record is a copy's.
  const isAssigned = view.labeled && (record !== undefined || view.record === undefined);
  if (!isAssigned || ignoreReason !== undefined) return false;
  // An address that is only in the status, or that DHCP leased, cannot be shared.
  const hasAddress = 'list' in intent && isOnly(intent.list, address);
  return hasAddress && isStable(holder) && whyClosed(holder, address, config) === undefined;
}

/**
 * While a write is in flight that releases addresses, the holder may still have those. If it has exactly one IPv4 address before
 * and after the write, it can share the new one with any outcome.
 */
function isStable({ requestedIPs, releasingIPs }: ServiceState): boolean {
  if (releasingIPs.length === 0) return true;
  return (
    releasingIPs.length === 1 &&
    releasingIPs.every(({ isOnly }) => isOnly) &&
    requestedIPs.length === 2 &&
    requestedIPs.every(({ family }) => family === 'IPv4')
  );
}

/** Whether one Service has the address of another in conflict with it. A Service that is being deleted leaves it anyway. */
export function isInConflict(
  one: ServiceState,
  other: ServiceState,
  address: Address,
  config: Config,
): boolean {
  const why = sharingConflict(one, other, address, config);
  return why !== undefined && why.code !== 'being-deleted';
}

/** Why `newcomer`, which is being allocated, may not share the address of `holder`; undefined if it may. */
export function joinConflict(
  newcomer: ServiceState,
  holder: ServiceState,
  address: Address,
  config: Config,
): SharingConflict | undefined {
  if (holder.ignoreReason !== undefined)
    return { code: 'not-ours', service: holder.key, reason: holder.ignoreReason };
  return (
    portClash(newcomer, holder) ??
    whyClosed(holder, address, config) ??
    whyNotSharing(newcomer, address, config) ??
    (sharingGroup(newcomer, address, config) === sharingGroup(holder, address, config)
      ? undefined
      : { code: 'other-sharing-key', service: holder.key, key: holder.view.sharingKey })
  );
}

/** Why the holder shares its address with no other Service. */
function whyClosed(holder: ServiceState, address: Address, config: Config): SharingConflict | undefined {
  return severalAddresses(holder) ?? whyNotSharing(holder, address, config);
}

/** Why this Service cannot share the address at all; undefined if it can. */
export function whyNotSharing(
  state: ServiceState,
  address: Address,
  config: Config,
): SharingConflict | undefined {
  if (!state.view.deleting && sharingGroup(state, address, config) === undefined)
    return { code: 'sharing-not-allowed', service: state.key, namespace: state.view.namespace };
  return whyNotEligible(state);
}

/** Why the Service can share no address, whatever the configuration says; undefined if it can. */
export function whyNotEligible({
  view,
  key: service,
}: ServiceState): (SharingConflict & { code: 'being-deleted' | 'local-traffic' | 'no-ports' }) | undefined {
  if (view.deleting) return { code: 'being-deleted', service };
  if (view.localTraffic) return { code: 'local-traffic', service };
  if (view.ports.length === 0) return { code: 'no-ports', service };
  return undefined;
}

/** With whom the Service may share the address: with those for which this is the same text. Undefined: with none. */
export function sharingGroup({ view }: ServiceState, address: Address, config: Config): string | undefined {
  return sharingGroupWhere(settingsAt(policyFor(config, view), address).sharing, view);
}

/**
 * The same where sharing is allowed, or is not. A sharing key works in one namespace anyway, and beyond it where sharing is allowed
 * (spec section 12).
 */
export function sharingGroupWhere(
  isAllowed: boolean,
  { namespace, sharingKey }: ServiceView,
): string | undefined {
  if (sharingKey === undefined) return isAllowed ? '' : undefined;
  // A key can be any text, and a namespace is not empty: no key looks like another namespace with its key.
  return `${isAllowed ? '' : namespace}\n${sharingKey}`;
}

function portClash(one: ServiceState, other: ServiceState): SharingConflict | undefined {
  const ports = one.view.ports.filter((port) => other.view.ports.includes(port));
  return ports.length === 0 ? undefined : { code: 'port-clash', ports };
}

/**
 * Whether one of two Services on one address may get no traffic. With `externalTrafficPolicy: Local`, the node that announces the
 * address reaches only its own Pods, so both Services need the same Pods.
 */
export function splitsTraffic({ view: one }: ServiceState, { view: other }: ServiceState): boolean {
  if (!one.localTraffic && !other.localTraffic) return false;
  return one.localTraffic !== other.localTraffic || one.selector !== other.selector;
}

/** When kube-vip removes a sharing Service, it does not release the Service's other addresses (spec section 11). */
export function severalAddresses({
  requestedIPs,
  releasingIPs,
  key: service,
}: ServiceState): SharingConflict | undefined {
  const lasting = requestedIPs.filter(
    (requested) => !releasingIPs.some(({ address }) => address === requested),
  );
  return lasting.length > 1 || lasting[0]?.family === 'IPv6'
    ? { code: 'several-addresses', service }
    : undefined;
}
