import { formatAddressList, parseAddressList } from '../model/address-list.ts';
import { staticSource } from '../model/allocation-record.ts';
import type { ServicePatch } from '../model/service-patch.ts';
import type { ServiceView } from '../model/service-view.ts';
import type { Decision } from './decision.ts';

/**
 * Removes what was written for a Service that is no longer of type LoadBalancer, in one write (spec section 9). A static
 * annotation belongs to the user and stays. A Service whose allocation record names another controller is left alone.
 */
export function release(view: ServiceView, controller: string): Decision {
  const { record } = view;
  const nothing: Decision = { kind: 'ignore', why: 'not-a-load-balancer' };
  if (view.ignored) return nothing;
  if (record === undefined ? !needsCleanup(view) : record.controller !== controller) return nothing;
  const allocated =
    record === undefined ? assignedByGo(view) : record.source === staticSource ? '' : record.addresses;
  const shown = formatAddressList(parseAddressList(view.annotation)?.entries ?? []);
  const first = allocated.split(',')[0] ?? '';
  const patch: ServicePatch = {
    ...(allocated !== '' && shown === allocated ? { annotation: null } : {}),
    ...(allocated !== '' && view.specIP === first ? { specIP: null } : {}),
    ...(view.labeled ? { labeled: false } : {}),
    ...(record !== undefined ? { record: null } : {}),
    ...(record?.interface !== undefined && record.interface === view.interface ? { interface: null } : {}),
    ...(view.ipamLabel ? { ipamLabel: null } : {}),
    ...(view.goFinalizers !== undefined ? { goFinalizers: null } : {}),
  };
  return { kind: 'release', patch, addresses: record?.addresses ?? allocated };
}

/** Without an allocation record, the label alone proves nothing: any client can set `implementation: kube-vip`. */
function needsCleanup(view: ServiceView): boolean {
  const hasFields = view.annotation !== undefined || view.specIP !== undefined || view.ipamLabel;
  return view.labeled && (hasFields || view.goFinalizers !== undefined);
}

/** The Go version allocated an address exactly if it is the first one in both fields (spec section 6). */
function assignedByGo(view: ServiceView): string {
  const shown = formatAddressList(parseAddressList(view.annotation)?.entries ?? []);
  return view.specIP !== undefined && view.specIP === shown.split(',')[0] ? shown : '';
}
