import { type Address, includesAddress, isUnspecified, readAddress, sameAddress } from '../ip/address.ts';
import { append, none } from '../ip/short-lists.ts';
import {
  type AddressEntry,
  type AddressList,
  addressesOf,
  type CanonicalList,
  formatAddressList,
  isFirst,
  maxEntries,
  parseAddressList,
} from '../model/address-list.ts';
import { type AllocationRecord, staticSource } from '../model/allocation-record.ts';
import type { Options } from '../model/options.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../model/service-view.ts';
import { readExternalIPs } from './external-ips.ts';

export type Origin = 'allocated' | 'static';

/** Why this controller never writes to a Service. */
export type IgnoreReason = 'not-a-load-balancer' | 'other-class' | 'ignored' | 'other-controller';

/** What a Service requests, according to its own fields alone (spec section 6). */
export type Intent =
  /** An address from its pool. */
  | { readonly kind: 'new' }
  /** The addresses in its allocation record, or those that the Go version assigned. */
  | { readonly kind: 'assigned'; readonly list: readonly AddressEntry[]; readonly origin: Origin }
  /** Its allocation record is another Service's: it was restored from a backup, or created from a dump. */
  | { readonly kind: 'copied'; readonly list: readonly AddressEntry[]; readonly origin: Origin }
  /** Addresses that a user requested in the field `by`. */
  | { readonly kind: 'requested'; readonly list: readonly AddressEntry[]; readonly by: 'annotation' | 'spec' }
  /** The addresses in its allocation record, because the annotation was removed or blanked. */
  | {
      readonly kind: 'annotationRemoved';
      readonly list: readonly AddressEntry[];
      readonly origin: Origin;
      /** The allocation record, if it was removed as well. The list has those of its addresses that the Service still shows. */
      readonly removed?: AllocationRecord;
    }
  | {
      readonly kind: 'unreadable';
      readonly by: 'annotation' | 'spec';
      readonly fault: NonNullable<AddressList['fault']>;
    };

/** A Service in the ledger: its view, and what follows from that alone. */
export interface ServiceState {
  readonly view: ServiceView;
  readonly key: ServiceKey;
  readonly ignoreReason: IgnoreReason | undefined;
  /** The allocation record, if it is this Service's own. */
  readonly record: AllocationRecord | undefined;
  readonly intent: Intent;
  /** Addresses that the Service requests, records, or leases: another Service that requests one of them is in conflict. */
  readonly requestedIPs: readonly Address[];
  /** The requested addresses, those in the status, and external IPs: all of them are in use. */
  readonly usedIPs: readonly Address[];
  /** Requested addresses that a write in flight releases. They stay in use until the write is known to have succeeded. */
  readonly releasingIPs: readonly ReleasingIP[];
  /** Addresses that an IPAddress claim reserves for a write which may still arrive. The Service already holds them. */
  readonly reserved: readonly ReservedAddress[];
}

/** An address that is reserved for a Service, and where it came from. */
export interface ReservedAddress {
  readonly address: Address;
  /** As in the allocation record. */
  readonly source: string;
}

interface ReleasingIP {
  readonly address: Address;
  /** Whether the address was allocated to the Service, and not only requested. */
  readonly isAllocated: boolean;
  /** Whether the Service requests no other address until then. */
  readonly isOnly: boolean;
}

/**
 * `removed` is the allocation record that was removed from this very Service, if the process has seen it. It only tells an
 * allocated address from a requested one: which addresses are in use follows from the fields alone.
 */
export function stateOf(
  view: ServiceView,
  options: Options,
  key = keyOf(view),
  removed?: AllocationRecord,
): ServiceState {
  const record = view.record?.uid === view.uid ? view.record : undefined;
  const ignoreReason = ignoreReasonOf(view, record, options);
  const { intent, requestedIPs, usedIPs } =
    view.type === 'LoadBalancer' ? readAddresses(view, record) : noAddresses;
  const isRemembered =
    removed !== undefined && ignoreReason === undefined && !view.deleting && isTraceOf(removed, view);
  return {
    view,
    key,
    ignoreReason,
    record,
    intent: isRemembered ? intentOfRemoved(removed, view) : intent,
    requestedIPs,
    usedIPs,
    releasingIPs: none,
    reserved: none,
  };
}

/**
 * Whether the Service lost annotation, record, and label together, and its spec still has the first address of the record: then
 * that address was not requested by name.
 */
export function isTraceOf(record: AllocationRecord, view: ServiceView): boolean {
  const lostAll =
    view.record === undefined && !view.labeled && parseAddressList(view.annotation) === undefined;
  return lostAll && record.uid === view.uid && isFirst(view.specIP?.trim(), record.addresses);
}

/** The addresses of the record that the spec or the status still shows. */
function intentOfRemoved(removed: AllocationRecord, view: ServiceView): Intent {
  const shown = [view.specIP, ...view.statusIPs].flatMap((text) => parseAddressList(text)?.entries ?? none);
  const list = removed.addresses.entries.filter(
    (entry) => typeof entry === 'object' && shown.some((one) => isSame(one, entry)),
  );
  return { kind: 'annotationRemoved', list, origin: originOfRecord(removed), removed };
}

/** What the Service's fields say about addresses. */
function readAddresses(
  view: ServiceView,
  record: AllocationRecord | undefined,
): Pick<ServiceState, 'intent' | 'requestedIPs' | 'usedIPs'> {
  const annotation = listIn(view.annotation, record?.addresses);
  const spec = view.specIP === view.annotation ? annotation : listIn(view.specIP, record?.addresses);
  const intent = intentOf(view, annotation, spec, record);
  let requestedIPs = withAll(none, annotation);
  if (spec !== annotation) requestedIPs = withAll(requestedIPs, spec);
  // The recorded addresses stay in use while the fields are blank or being edited: the record makes the Service their holder.
  if (record !== undefined && record.addresses.entries !== annotation?.entries)
    requestedIPs = withAll(requestedIPs, record.addresses);
  if (requestsLease(annotation ?? spec))
    requestedIPs = withAll(requestedIPs, parseAddressList(view.requestedIP));
  let usedIPs = requestedIPs;
  for (const ip of view.statusIPs.slice(0, maxEntries))
    usedIPs = withAll(usedIPs, ip === view.annotation ? annotation : listIn(ip, record?.addresses));
  if (view.externalIPs.length > 0) usedIPs = withAll(usedIPs, { entries: readExternalIPs(view.externalIPs) });
  return { intent, requestedIPs, usedIPs };
}

/**
 * Appends the addresses in `more`, each once, without the placeholders 0.0.0.0 and ::. Returns `list` itself if nothing is new, and the
 * list in `more` if it has all: the fields of a Service usually have the same addresses, and there are many Services.
 */
function withAll(
  list: readonly Address[],
  more: Pick<AddressList, 'entries'> | undefined,
): readonly Address[] {
  const entries = more?.entries ?? none;
  if (list.length === 0 && areDistinct(entries)) return entries;
  let all = list;
  for (const entry of entries) {
    if (typeof entry === 'string' || isUnspecified(entry)) continue;
    if (includesAddress(all, entry)) continue;
    all = append(all, entry);
  }
  return all;
}

/** Whether the list has only addresses, none of them twice, and no placeholder. */
function areDistinct(entries: readonly AddressEntry[]): entries is readonly Address[] {
  for (let i = 0; i < entries.length; i += 1) {
    const entry = entries[i];
    if (typeof entry !== 'object' || isUnspecified(entry)) return false;
    for (let before = 0; before < i; before += 1) if (isSame(entries[before], entry)) return false;
  }
  return true;
}

const newIntent: Intent = { kind: 'new' };
const noAddresses = { intent: newIntent, requestedIPs: none, usedIPs: none };

/** Several fields of a Service usually have the same text as its allocation record, which is parsed already. */
function listIn(text: string | undefined, recorded: CanonicalList | undefined): AddressList | undefined {
  return text !== undefined && text === recorded?.text ? recorded : parseAddressList(text);
}

/**
 * The state to assume while a write is in flight: the new state plus the addresses that the write releases. Otherwise such an
 * address could be assigned to another Service, although the write may still be rejected.
 */
export function assumedState(before: ServiceState, after: ServiceState): ServiceState {
  const released = missingIn(after.requestedIPs, before.requestedIPs);
  if (released.length === 0) return after;
  const releasingIPs = released.map((address) => ({
    address,
    isAllocated: hasAllocationOf(before, address),
    isOnly: before.requestedIPs.length === 1,
  }));
  const usedIPs = withAll(after.usedIPs, { entries: released });
  return { ...after, requestedIPs: [...after.requestedIPs, ...released], usedIPs, releasingIPs };
}

/** The same Service with the addresses reserved for it. */
export function withReservations(state: ServiceState, reserved: readonly ReservedAddress[]): ServiceState {
  if (reserved.length === 0) return state;
  const more = { entries: reserved.map(({ address }) => address) };
  return {
    ...state,
    requestedIPs: withAll(state.requestedIPs, more),
    usedIPs: withAll(state.usedIPs, more),
    reserved,
  };
}

/**
 * Whether `address` is allocated to the Service, so that it keeps the address when others request it: it has an allocation
 * record of it, the Go version's label (spec section 5), or a reservation. A record of another Service proves nothing, and
 * neither does the label beside it.
 */
export function hasAllocationOf(state: ServiceState, address: Address): boolean {
  const { view, record, releasingIPs } = state;
  if (isReserved(state, address)) return true;
  const releasing = releasingIPs.find((one) => sameAddress(one.address, address));
  if (releasing !== undefined) return releasing.isAllocated;
  if (view.record === undefined) return view.labeled;
  if (record === undefined) return false;
  const isRecorded = includesAddress(addressesOf(record.addresses.entries), address);
  return isRecorded || (isLease(state, address) && view.labeled);
}

/** Whether the Service comes back to the address, which it had by an allocation record that was removed a moment ago. */
export function isRemembered({ intent }: ServiceState, address: Address): boolean {
  return (
    intent.kind === 'annotationRemoved' &&
    intent.removed !== undefined &&
    includesAddress(addressesOf(intent.list), address)
  );
}

/** Whether the Service requests, records, or leases the address. */
export function requests({ requestedIPs }: ServiceState, address: Address): boolean {
  return includesAddress(requestedIPs, address);
}

/** Whether a claim reserves the address for a write which may still arrive. */
export function isReserved({ reserved }: ServiceState, address: Address): boolean {
  return reserved.some((one) => sameAddress(one.address, address));
}

/** Whether a write in flight releases the address. */
export function releases({ releasingIPs }: ServiceState, address: Address): boolean {
  return releasingIPs.some((one) => sameAddress(one.address, address));
}

/** The addresses that one state of a Service uses, and the next one does not. */
export function freedBy(
  before: ServiceState | undefined,
  after: ServiceState | undefined,
): readonly Address[] {
  if (before === undefined || before.usedIPs === after?.usedIPs) return none;
  if (after === undefined) return before.usedIPs;
  return missingIn(after.usedIPs, before.usedIPs);
}

/** Those of the addresses that the list does not have. */
function missingIn(list: readonly Address[], addresses: readonly Address[]): readonly Address[] {
  return addresses.length === 0 ? none : addresses.filter((address) => !includesAddress(list, address));
}

/** Whether nothing but its status says that the Service has addresses: any load balancer may have written them. */
export function hasStatusOnly({ view, intent }: ServiceState): boolean {
  const wasAssigned = view.labeled || view.record !== undefined;
  return intent.kind === 'new' && !wasAssigned && view.statusIPs.length > 0;
}

/** Whether the Service's annotation says that DHCP leased it this address. */
export function isLease({ view }: ServiceState, address: Address): boolean {
  const leased = view.requestedIP === undefined ? undefined : readAddress(view.requestedIP.trim());
  return leased !== undefined && sameAddress(leased, address);
}

/** Where the address came from, for the sharing rules; undefined for a Service without one. */
export function originOf({ intent }: ServiceState): Origin | undefined {
  switch (intent.kind) {
    case 'new':
      return undefined;
    case 'requested':
    case 'unreadable':
      return 'static';
    default:
      return intent.origin;
  }
}

function ignoreReasonOf(
  view: ServiceView,
  record: AllocationRecord | undefined,
  options: Options,
): IgnoreReason | undefined {
  if (view.type !== 'LoadBalancer') return 'not-a-load-balancer';
  if (view.ignored) return 'ignored';
  if (view.class !== options.class) return 'other-class';
  if (record !== undefined && record.controller !== options.controller) return 'other-controller';
  return undefined;
}

function requestsLease(list: AddressList | undefined): boolean {
  return list?.entries.some((entry) => typeof entry !== 'string' && isUnspecified(entry)) === true;
}

function intentOf(
  view: ServiceView,
  annotation: AddressList | undefined,
  spec: AddressList | undefined,
  record: AllocationRecord | undefined,
): Intent {
  if (annotation?.fault !== undefined)
    return { kind: 'unreadable', by: 'annotation', fault: annotation.fault };
  const specIP = specRequest(spec);
  if (record !== undefined) return intentOfRecord(record, view.annotation, annotation, specIP);
  const copied = view.record;
  if (annotation !== undefined) {
    const list = annotation.entries;
    if (copied?.addresses.text === formatAddressList(list)) return intentOfCopy(copied, list, specIP);
    const [first] = list;
    const isAssigned = view.labeled && copied === undefined && isSame(first, specIP);
    return isAssigned
      ? { kind: 'assigned', list, origin: 'allocated' }
      : { kind: 'requested', list, by: 'annotation' };
  }
  if (specIP === undefined) return newIntent;
  if ('fault' in specIP) return { kind: 'unreadable', by: 'spec', fault: specIP };
  return { kind: 'requested', list: [specIP], by: 'spec' };
}

/** The record of another Service at least shows whether the spec was edited after it was copied. */
function intentOfCopy(
  record: AllocationRecord,
  list: readonly AddressEntry[],
  specIP: Address | EntryFaultInList | undefined,
): Intent {
  if (specIP === undefined || 'fault' in specIP || list.some((entry) => isSame(entry, specIP))) {
    return { kind: 'copied', list, origin: originOfRecord(record) };
  }
  return { kind: 'requested', list: replaced(list, specIP), by: 'spec' };
}

/**
 * An edit of a live Service: the user changed the field that differs from the allocation record. If annotation and spec both
 * differ, the annotation takes precedence. A blank field requests nothing.
 */
function intentOfRecord(
  record: AllocationRecord,
  text: string | undefined,
  annotation: AddressList | undefined,
  specIP: Address | EntryFaultInList | undefined,
): Intent {
  const origin = originOfRecord(record);
  const list = annotation?.entries ?? record.addresses.entries;
  // The annotation is usually the same canonical text.
  if (text !== record.addresses.text && formatAddressList(list) !== record.addresses.text)
    return { kind: 'requested', list, by: 'annotation' };
  const known = { kind: annotation === undefined ? 'annotationRemoved' : 'assigned', list, origin } as const;
  if (specIP === undefined) return known;
  if ('fault' in specIP) return { kind: 'unreadable', by: 'spec', fault: specIP };
  if (list.some((entry) => isSame(entry, specIP))) return known;
  return { kind: 'requested', list: replaced(list, specIP), by: 'spec' };
}

type EntryFaultInList = NonNullable<AddressList['fault']>;

/** `spec.loadBalancerIP` must be exactly one address. */
function specRequest(spec: AddressList | undefined): Address | EntryFaultInList | undefined {
  if (spec === undefined) return undefined;
  if (spec.fault !== undefined) return spec.fault;
  const [entry, ...more] = spec.entries;
  if (typeof entry === 'object' && more.length === 0) return entry;
  return { text: formatAddressList(spec.entries), fault: 'not-an-address' };
}

/** A changed spec replaces the entry of its family. Without such an entry it replaces the list. */
function replaced(list: readonly AddressEntry[], specIP: Address): readonly AddressEntry[] {
  const at = list.findIndex((entry) => typeof entry === 'object' && entry.family === specIP.family);
  return at < 0 ? [specIP] : list.with(at, specIP);
}

function isSame(entry: AddressEntry | undefined, specIP: Address | EntryFaultInList | undefined): boolean {
  if (typeof entry !== 'object' || specIP === undefined || 'fault' in specIP) return false;
  return sameAddress(entry, specIP);
}

function originOfRecord(record: AllocationRecord): Origin {
  return record.source === staticSource ? 'static' : 'allocated';
}
