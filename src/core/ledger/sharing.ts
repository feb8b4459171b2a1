import { type Config, sharingFor } from '../config/config.ts';
import { type IgnoreReason, originOf, type ServiceState } from './service-state.ts';

/** Why two Services may not share an address. */
export type SharingConflict =
  | { readonly code: 'not-ours'; readonly service: string; readonly reason: IgnoreReason }
  /** The common ports, such as `TCP/80`. */
  | { readonly code: 'port-clash'; readonly ports: readonly string[] }
  | { readonly code: 'several-addresses'; readonly service: string }
  | { readonly code: 'being-deleted'; readonly service: string }
  | { readonly code: 'sharing-not-allowed'; readonly service: string; readonly namespace: string }
  | { readonly code: 'local-traffic'; readonly service: string }
  | { readonly code: 'no-ports'; readonly service: string }
  /** An IPAddress object of another owner claims it (claim.ts). */
  | { readonly code: 'claimed'; readonly managedBy: string };

/**
 * Why two Services that both request an address may not share it; undefined if they may. The first rule that fails is the
 * reason (spec section 6).
 */
export function sharingConflict(
  one: ServiceState,
  other: ServiceState,
  config: Config,
): SharingConflict | undefined {
  for (const { ignoreReason, key } of [other, one])
    if (ignoreReason !== undefined) return { code: 'not-ours', service: key, reason: ignoreReason };
  // Users who request one address for both accept the consequences, as long as the ports differ.
  const areStatic = originOf(one) === 'static' && originOf(other) === 'static';
  return (
    portClash(one, other) ??
    (areStatic ? undefined : (joinConflict(one, other, config) ?? severalAddresses(one)))
  );
}

/** Why `newcomer`, which is being allocated, may not share the address of `holder`; undefined if it may. */
export function joinConflict(
  newcomer: ServiceState,
  holder: ServiceState,
  config: Config,
): SharingConflict | undefined {
  if (holder.ignoreReason !== undefined)
    return { code: 'not-ours', service: holder.key, reason: holder.ignoreReason };
  return (
    portClash(newcomer, holder) ??
    severalAddresses(holder) ??
    whyNotSharing(holder, config) ??
    whyNotSharing(newcomer, config)
  );
}

/** Why this Service cannot share an address at all; undefined if it can. */
export function whyNotSharing(
  { view, key: service }: ServiceState,
  config: Config,
): SharingConflict | undefined {
  if (view.deleting) return { code: 'being-deleted', service };
  if (!sharingFor(config, view.namespace)) {
    return { code: 'sharing-not-allowed', service, namespace: view.namespace };
  }
  if (view.localTraffic) return { code: 'local-traffic', service };
  if (view.ports.length === 0) return { code: 'no-ports', service };
  return undefined;
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
