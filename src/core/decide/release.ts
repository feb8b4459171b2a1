import { formatAddressList, parseAddressList } from '../model/address-list.ts';
import { staticSource } from '../model/allocation-record.ts';
import type { ServicePatch } from '../model/service-patch.ts';
import type { ServiceView } from '../model/service-view.ts';
import type { Decision } from './decision.ts';

/**
 * A Service that is no longer of type LoadBalancer: what was written for it comes off in one write (spec section 9).
 * A static annotation is the user's and stays. What another controller's record names is that controller's.
 */
export function release(view: ServiceView, controller: string): Decision {
  const { record } = view;
  const nothing: Decision = { kind: 'ignore', why: 'not-a-load-balancer' };
  if (view.ignored) return nothing;
  if (record === undefined ? !needsCleanup(view) : record.controller !== controller) return nothing;
  const given =
    record === undefined ? givenByGo(view) : record.source === staticSource ? '' : record.addresses;
  const shown = formatAddressList(parseAddressList(view.annotation)?.entries ?? []);
  const first = given.split(',')[0] ?? '';
  const patch: ServicePatch = {
    ...(given !== '' && shown === given ? { annotation: null } : {}),
    ...(given !== '' && view.specIP === first ? { specIP: null } : {}),
    ...(view.labeled ? { labeled: false } : {}),
    ...(record !== undefined ? { record: null } : {}),
    ...(record?.interface !== undefined && record.interface === view.interface ? { interface: null } : {}),
    ...(view.ipamLabel ? { ipamLabel: null } : {}),
    ...(view.goFinalizers !== undefined ? { goFinalizers: null } : {}),
  };
  return { kind: 'release', patch, addresses: record?.addresses ?? given };
}

/** Without a record the label alone proves nothing: anybody may write `implementation: kube-vip` on a Service. */
function needsCleanup(view: ServiceView): boolean {
  const marks = view.annotation !== undefined || view.specIP !== undefined || view.ipamLabel;
  return view.labeled && (marks || view.goFinalizers !== undefined);
}

/** The Go version allocated exactly what stands first in both places (spec section 6). */
function givenByGo(view: ServiceView): string {
  const shown = formatAddressList(parseAddressList(view.annotation)?.entries ?? []);
  return view.specIP !== undefined && view.specIP === shown.split(',')[0] ? shown : '';
}
