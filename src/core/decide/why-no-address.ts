import { listFaults } from '../config/list-faults.ts';
import type { AllocationPolicy, PolicyPool, Quota } from '../config/policy.ts';
import type { Family } from '../ip/address.ts';
import type { ReservationFor } from '../ledger/reservations.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import type { ServiceView } from '../model/service-view.ts';
import type { AllocationFailure } from './allocation-failure.ts';
import type { Facts } from './facts.ts';

/** Why a pool without a free address of the family has none. */
export function whyNoneFree(pool: PolicyPool, family: Family, { ledger }: Facts): AllocationFailure {
  const { key, size, dhcp, spans, whole, excludedBy } = pool;
  const excluded = { excluded: whole.size[family] - size[family], excludedBy };
  if (size[family] > 0n) {
    const { reservations } = ledger;
    const claimed = reservations.count('claimed', family, spans[family]);
    const reserved = reservations.count('configured', family, spans[family]);
    return {
      code: 'pool-full',
      key,
      family,
      size: size[family],
      claimed,
      reserved,
      noSharing: undefined,
      ...excluded,
    };
  }
  const other = family === 'IPv4' ? 'IPv6' : 'IPv4';
  return size[other] > 0n || dhcp[other]
    ? { code: 'family-not-in-pool', key, family, ...excluded }
    : { code: 'pool-empty', key, ...excluded };
}

/** Why no pool serves the Service. */
export function whyNoPool(
  { namespace }: Pick<ServiceView, 'namespace'>,
  { choice, list, listed }: AllocationPolicy,
  { config }: Pick<Facts, 'config'>,
): AllocationFailure {
  if (!config.exists) return { code: 'no-config-map' };
  if (list === undefined) return { code: 'no-pool', namespace };
  const names = listed.map(({ name }) => name);
  if (choice.by === 'refused')
    return { code: 'pool-not-listed', namespace, list, pools: choice.pools, listed: names };
  const faults = listFaults(config, list);
  return names.length === 0
    ? { code: 'list-empty', namespace, list, faults }
    : { code: 'no-pool-chosen', namespace, list, listed: names, faults };
}

export function whyNoRoom(
  state: ServiceState,
  { key, limit }: Quota,
  { ledger }: Facts,
  reserved?: ReservationFor<'configured'>,
): AllocationFailure & { readonly code: 'quota-reached' } {
  const { namespace } = state.view;
  const held = ledger.held.count(namespace, undefined);
  return { code: 'quota-reached', key, namespace, limit, held, reserved };
}
