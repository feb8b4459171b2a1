import { type CanonicalList, canonicalList, isFirst, parseAddressList } from '../model/address-list.ts';
import { staticSource } from '../model/allocation-record.ts';
import { announcedFields, diff } from '../model/service-patch.ts';
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
    record === undefined
      ? assignedByGo(view)
      : record.source === staticSource
        ? nothingListed
        : record.addresses;
  const isAllocated = allocated.entries.length > 0;
  const isShown = isAllocated && shownBy(view).text === allocated.text;
  const isSpec = isFirst(view.specIP, allocated);
  const announced = announcedFields.filter(
    (field) => record?.[field] !== undefined && record[field] === view[field],
  );
  const patch = diff(view, {
    ...(isShown ? { annotation: null } : {}),
    ...(isSpec ? { specIP: null } : {}),
    labeled: false,
    record: null,
    ...Object.fromEntries(announced.map((field) => [field, null])),
    ipamLabel: null,
    goFinalizers: null,
  });
  return { kind: 'release', patch, addresses: record?.addresses ?? allocated };
}

/** Without an allocation record, the label alone proves nothing: any client can set `implementation: kube-vip`. */
function needsCleanup(view: ServiceView): boolean {
  const hasFields = view.annotation !== undefined || view.specIP !== undefined || view.ipamLabel;
  return view.labeled && (hasFields || view.goFinalizers !== undefined);
}

/** The Go version allocated an address exactly if it is the first one in both fields (spec section 6). */
function assignedByGo(view: ServiceView): CanonicalList {
  const shown = shownBy(view);
  return isFirst(view.specIP, shown) ? shown : nothingListed;
}

function shownBy({ annotation }: ServiceView): CanonicalList {
  return canonicalList(parseAddressList(annotation)?.entries ?? []);
}

const nothingListed = canonicalList([]);
