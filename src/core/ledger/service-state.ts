import { type Address, formatAddress, isUnspecified, readAddress, sameAddress } from '../ip/address.ts';
import {
  type AddressEntry,
  type AddressList,
  formatAddressList,
  mostEntries,
  parseAddressList,
} from '../model/address-list.ts';
import { type AllocationRecord, staticSource } from '../model/allocation-record.ts';
import type { Options } from '../model/options.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../model/service-view.ts';

export type Origin = 'allocated' | 'static';

/** Why nothing is ever written to a Service. */
export type IgnoreReason = 'not-a-load-balancer' | 'other-class' | 'ignored' | 'other-controller';

/** What a Service asks for, read from its own fields alone (spec section 6). */
export type Intent =
  /** Nothing by name: it wants an address from its pool. */
  | { readonly kind: 'new' }
  /** It shows what its record says, or what the Go version gave it. */
  | { readonly kind: 'assigned'; readonly list: readonly AddressEntry[]; readonly origin: Origin }
  /** Its record is another Service's: restored from a backup, or created from a dump. */
  | { readonly kind: 'copied'; readonly list: readonly AddressEntry[]; readonly origin: Origin }
  /** A user named it, in the field `by`. */
  | { readonly kind: 'requested'; readonly list: readonly AddressEntry[]; readonly by: 'annotation' | 'spec' }
  /** The annotation was removed or blanked, and the record remembers it. */
  | { readonly kind: 'annotationRemoved'; readonly list: readonly AddressEntry[]; readonly origin: Origin }
  | {
      readonly kind: 'unreadable';
      readonly by: 'annotation' | 'spec';
      readonly fault: NonNullable<AddressList['fault']>;
    };

/** A Service as the ledger keeps it: its facts, and what follows from them alone. */
export interface ServiceState {
  readonly view: ServiceView;
  readonly key: ServiceKey;
  readonly ignoreReason: IgnoreReason | undefined;
  /** The record, if it is this Service's own. */
  readonly record: AllocationRecord | undefined;
  readonly intent: Intent;
  /** Asked for by name, or leased: who else asks for one is in conflict. */
  readonly requestedIPs: readonly Address[];
  /** Those, and what stands in the status: all these are in use. */
  readonly usedIPs: readonly Address[];
  /** Of those it asks for, what a write under way gives back: asked for until it is known to have been made. */
  readonly releasingIPs: readonly ReleasingIP[];
  /** Claimed for it in the API by a write that may still arrive: it has them, as if it had been made. */
  readonly reserved: readonly ReservedAddress[];
}

/** An address that is claimed for a Service, and where it came from. */
export interface ReservedAddress {
  readonly address: Address;
  /** As in the record. */
  readonly source: string;
}

interface ReleasingIP {
  readonly address: Address;
  /** It had the address in its own right. */
  readonly isAllocated: boolean;
}

export function stateOf(view: ServiceView, options: Options, key = keyOf(view)): ServiceState {
  const record = view.record?.uid === view.uid ? view.record : undefined;
  const { intent, requestedIPs, usedIPs } =
    view.type === 'LoadBalancer' ? readAddresses(view, record) : noAddresses;
  const ours = ignoreReasonOf(view, record, options);
  return {
    view,
    key,
    ignoreReason: ours,
    record,
    intent,
    requestedIPs,
    usedIPs,
    releasingIPs: none,
    reserved: none,
  };
}

/** What the Service's fields say of addresses. */
function readAddresses(
  view: ServiceView,
  record: AllocationRecord | undefined,
): Pick<ServiceState, 'intent' | 'requestedIPs' | 'usedIPs'> {
  const read = reader();
  const annotation = read(view.annotation);
  const spec = read(view.specIP);
  const intent = intentOf(view, annotation, spec, record);
  let requestedIPs = withAll(none, annotation);
  if (spec !== annotation) requestedIPs = withAll(requestedIPs, spec);
  // Also while its fields are blank or being edited: the mark that makes it the holder must not outlive the claim.
  const recorded = read(record?.addresses);
  if (recorded !== annotation) requestedIPs = withAll(requestedIPs, recorded);
  if (requestsLease(annotation ?? spec)) requestedIPs = withAll(requestedIPs, read(view.requestedIP));
  // There are many of these, and the lists are equal as a rule: kept once.
  requestedIPs = deduplicated(annotation?.entries, requestedIPs);
  let usedIPs = requestedIPs;
  for (const ip of view.statusIPs.slice(0, mostEntries)) usedIPs = withAll(usedIPs, read(ip));
  return { intent, requestedIPs, usedIPs };
}

/** The list, or the one that is there already if it says the same. */
function deduplicated(
  there: readonly AddressEntry[] | undefined,
  list: readonly Address[],
): readonly Address[] {
  const isSame = there?.length === list.length && there.every((entry, i) => entry === list[i]);
  return isSame ? (there as readonly Address[]) : list;
}

/**
 * The addresses with those that are read from another text behind them, each once, without the placeholders 0.0.0.0 and
 * ::. Where that adds none it is the same list.
 */
function withAll(
  list: readonly Address[],
  more: Pick<AddressList, 'entries'> | undefined,
): readonly Address[] {
  let all = list;
  for (const entry of more?.entries ?? none) {
    if (typeof entry === 'string' || isUnspecified(entry)) continue;
    if (all.some((known) => sameAddress(known, entry))) continue;
    // Neither has room for more than is in it.
    all = all.length === 0 ? [entry] : all.concat([entry]);
  }
  return all;
}

const none: readonly never[] = [];
const newIntent: Intent = { kind: 'new' };
const noAddresses = { intent: newIntent, requestedIPs: none, usedIPs: none };

/** A Service says the same in several fields, as a rule: a text that comes again is not read again. */
function reader(): typeof parseAddressList {
  let known: string | undefined;
  let list: AddressList | undefined;
  return (text) => {
    if (text !== known) list = parseAddressList(text);
    known = text;
    return list;
  };
}

/**
 * The state that a write will lead to, as it counts before the write is known to have been made: with what it had before.
 * Else an address could be given to the next one, and the write that gives it back be refused.
 */
export function assumedState(before: ServiceState, after: ServiceState): ServiceState {
  const left = before.requestedIPs.filter(
    (address) => !after.requestedIPs.some((asked) => sameAddress(asked, address)),
  );
  if (left.length === 0) return after;
  const releasingIPs = left.map((address) => ({ address, isAllocated: hasAllocationOf(before, address) }));
  const usedIPs = withAll(after.usedIPs, { entries: left });
  return { ...after, requestedIPs: [...after.requestedIPs, ...left], usedIPs, releasingIPs };
}

/** The same Service with what is claimed for it in the API. */
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
 * Whether the Service has `address` in its own right, so that it keeps it whatever others ask for: it bears our record
 * of it, or the Go version's label (spec section 5), or it is claimed for it. A record that is another Service's proves nothing, and
 * neither does the label beside it.
 */
export function hasAllocationOf(state: ServiceState, address: Address): boolean {
  return (
    state.reserved.some((one) => sameAddress(one.address, address)) || recordsAllocationOf(state, address)
  );
}

/** The same, by what stands on the Service alone. */
export function recordsAllocationOf(state: ServiceState, address: Address): boolean {
  const { view, record, releasingIPs } = state;
  const left = releasingIPs.find((one) => sameAddress(one.address, address));
  if (left !== undefined) return left.isAllocated;
  if (view.record === undefined) return view.labeled;
  if (record === undefined) return false;
  const recorded = record.addresses.split(',');
  return recorded.includes(formatAddress(address)) || (isLease(state, address) && view.labeled);
}

/** Whether DHCP gave the Service this address, as far as its annotation says. */
export function isLease({ view }: ServiceState, address: Address): boolean {
  const leased = view.requestedIP === undefined ? undefined : readAddress(view.requestedIP.trim());
  return leased !== undefined && sameAddress(leased, address);
}

/** Where the address came from, as far as sharing is concerned; undefined for a Service that shows none. */
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
  const wish = specRequest(spec);
  if (record !== undefined) return intentOfRecord(record, view.annotation, annotation, wish);
  const copied = view.record;
  if (annotation !== undefined) {
    const list = annotation.entries;
    if (copied?.addresses === formatAddressList(list)) return copyOf(copied, list, wish);
    const [first] = list;
    const given = view.labeled && copied === undefined && isSame(first, wish);
    return given
      ? { kind: 'assigned', list, origin: 'allocated' }
      : { kind: 'requested', list, by: 'annotation' };
  }
  if (wish === undefined) return newIntent;
  if ('fault' in wish) return { kind: 'unreadable', by: 'spec', fault: wish };
  return { kind: 'requested', list: [wish], by: 'spec' };
}

/** Another Service's record tells at least whether the spec is still as it was copied. */
function copyOf(
  record: AllocationRecord,
  list: readonly AddressEntry[],
  wish: Address | EntryFaultInList | undefined,
): Intent {
  if (wish === undefined || 'fault' in wish || list.some((entry) => isSame(entry, wish))) {
    return { kind: 'copied', list, origin: originOfRecord(record) };
  }
  return { kind: 'requested', list: replaced(list, wish), by: 'spec' };
}

/**
 * An edit of a live Service: of annotation and spec the one that differs from the record is what the user changed, and
 * if both do the annotation wins. What was blanked is no wish.
 */
function intentOfRecord(
  record: AllocationRecord,
  text: string | undefined,
  annotation: AddressList | undefined,
  wish: Address | EntryFaultInList | undefined,
): Intent {
  const origin = originOfRecord(record);
  const list = annotation?.entries ?? parseAddressList(record.addresses)?.entries ?? [];
  // The record is canonical; the annotation, as a rule, is the same text.
  if (text !== record.addresses && formatAddressList(list) !== record.addresses)
    return { kind: 'requested', list, by: 'annotation' };
  const known = { kind: annotation === undefined ? 'annotationRemoved' : 'assigned', list, origin } as const;
  if (wish === undefined) return known;
  if ('fault' in wish) return { kind: 'unreadable', by: 'spec', fault: wish };
  if (list.some((entry) => isSame(entry, wish))) return known;
  return { kind: 'requested', list: replaced(list, wish), by: 'spec' };
}

type EntryFaultInList = NonNullable<AddressList['fault']>;

/** `spec.loadBalancerIP` holds one address; anything else in it is a fault. */
function specRequest(spec: AddressList | undefined): Address | EntryFaultInList | undefined {
  if (spec === undefined) return undefined;
  if (spec.fault !== undefined) return spec.fault;
  const [entry, ...more] = spec.entries;
  if (typeof entry === 'object' && more.length === 0) return entry;
  return { text: formatAddressList(spec.entries), fault: 'not-an-address' };
}

/** A changed spec takes the place of the entry of its family; without one it stands alone. */
function replaced(list: readonly AddressEntry[], wish: Address): readonly AddressEntry[] {
  const at = list.findIndex((entry) => typeof entry === 'object' && entry.family === wish.family);
  return at < 0 ? [wish] : list.with(at, wish);
}

function isSame(entry: AddressEntry | undefined, wish: Address | EntryFaultInList | undefined): boolean {
  if (typeof entry !== 'object' || wish === undefined || 'fault' in wish) return false;
  return sameAddress(entry, wish);
}

function originOfRecord(record: AllocationRecord): Origin {
  return record.source === staticSource ? 'static' : 'allocated';
}
