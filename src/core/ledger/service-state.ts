import { type Address, formatAddress, isUnspecified, readAddress, sameAddress } from '../ip/address.ts';
import { type AddressList, type Entry, formatList, mostEntries, readList } from '../model/address-list.ts';
import { type AddressRecord, staticSource } from '../model/allocation-record.ts';
import type { Options } from '../model/options.ts';
import { keyOf, type ServiceKey, type ServiceView } from '../model/service-view.ts';

export type Origin = 'allocated' | 'static';

/** Why nothing is ever written to a Service. */
export type NotOurs = 'not-a-load-balancer' | 'other-class' | 'ignored' | 'other-controller';

/** What a Service asks for, read from its own fields alone (spec section 6). */
export type Intent =
  /** Nothing by name: it wants an address from its pool. */
  | { readonly kind: 'fresh' }
  /** It shows what its record says, or what the Go version gave it. */
  | { readonly kind: 'held'; readonly list: readonly Entry[]; readonly origin: Origin }
  /** Its record is another Service's: restored from a backup, or created from a dump. */
  | { readonly kind: 'copy'; readonly list: readonly Entry[]; readonly origin: Origin }
  /** A user named it, in the field `by`. */
  | { readonly kind: 'asked'; readonly list: readonly Entry[]; readonly by: 'annotation' | 'spec' }
  /** The annotation was removed or blanked, and the record remembers it. */
  | { readonly kind: 'stripped'; readonly list: readonly Entry[]; readonly origin: Origin }
  | {
      readonly kind: 'unreadable';
      readonly by: 'annotation' | 'spec';
      readonly fault: NonNullable<AddressList['fault']>;
    };

/** A Service as the ledger keeps it: its facts, and what follows from them alone. */
export interface Standing {
  readonly view: ServiceView;
  readonly key: ServiceKey;
  readonly notOurs: NotOurs | undefined;
  /** The record, if it is this Service's own. */
  readonly record: AddressRecord | undefined;
  readonly intent: Intent;
  /** Asked for by name, or leased: who else asks for one is in conflict. */
  readonly asks: readonly Address[];
  /** Those, and what stands in the status: all these are in use. */
  readonly shows: readonly Address[];
  /** Of those it asks for, what a write under way gives back: asked for until it is known to have been made. */
  readonly leaving: readonly Leaving[];
  /** Claimed for it in the API by a write that may still arrive: it has them, as if it had been made. */
  readonly pledged: readonly Pledged[];
}

/** An address that is claimed for a Service, and where it came from. */
export interface Pledged {
  readonly address: Address;
  /** As in the record. */
  readonly source: string;
}

interface Leaving {
  readonly address: Address;
  /** It had the address in its own right. */
  readonly isMarked: boolean;
}

export function standingOf(view: ServiceView, options: Options, key = keyOf(view)): Standing {
  const record = view.record?.uid === view.uid ? view.record : undefined;
  const { intent, asks, shows } = view.type === 'LoadBalancer' ? claimsOf(view, record) : nothing;
  const ours = notOurs(view, record, options);
  return { view, key, notOurs: ours, record, intent, asks, shows, leaving: none, pledged: none };
}

/** What the Service's fields say of addresses. */
function claimsOf(
  view: ServiceView,
  record: AddressRecord | undefined,
): Pick<Standing, 'intent' | 'asks' | 'shows'> {
  const read = reader();
  const annotation = read(view.annotation);
  const spec = read(view.specIP);
  const intent = intentOf(view, annotation, spec, record);
  let asks = withAll(none, annotation);
  if (spec !== annotation) asks = withAll(asks, spec);
  // Also while its fields are blank or being edited: the mark that makes it the holder must not outlive the claim.
  const recorded = read(record?.addresses);
  if (recorded !== annotation) asks = withAll(asks, recorded);
  if (asksForLease(annotation ?? spec)) asks = withAll(asks, read(view.requestedIP));
  // There are many of these, and the lists are equal as a rule: kept once.
  asks = leanest(annotation?.entries, asks);
  let shows = asks;
  for (const ip of view.statusIPs.slice(0, mostEntries)) shows = withAll(shows, read(ip));
  return { intent, asks, shows };
}

/** The list, or the one that is there already if it says the same. */
function leanest(there: readonly Entry[] | undefined, list: readonly Address[]): readonly Address[] {
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
const fresh: Intent = { kind: 'fresh' };
const nothing = { intent: fresh, asks: none, shows: none };

/** A Service says the same in several fields, as a rule: a text that comes again is not read again. */
function reader(): typeof readList {
  let known: string | undefined;
  let list: AddressList | undefined;
  return (text) => {
    if (text !== known) list = readList(text);
    known = text;
    return list;
  };
}

/**
 * The state that a write will lead to, as it counts before the write is known to have been made: with what it had before.
 * Else an address could be given to the next one, and the write that gives it back be refused.
 */
export function underWay(before: Standing, after: Standing): Standing {
  const left = before.asks.filter((address) => !after.asks.some((asked) => sameAddress(asked, address)));
  if (left.length === 0) return after;
  const leaving = left.map((address) => ({ address, isMarked: isMarked(before, address) }));
  const shows = withAll(after.shows, { entries: left });
  return { ...after, asks: [...after.asks, ...left], shows, leaving };
}

/** The same Service with what is claimed for it in the API. */
export function withPledges(standing: Standing, pledged: readonly Pledged[]): Standing {
  if (pledged.length === 0) return standing;
  const more = { entries: pledged.map(({ address }) => address) };
  return { ...standing, asks: withAll(standing.asks, more), shows: withAll(standing.shows, more), pledged };
}

/**
 * Whether the Service has `address` in its own right, so that it keeps it whatever others ask for: it bears our record
 * of it, or the Go version's label (spec section 5), or it is claimed for it. A record that is another Service's proves nothing, and
 * neither does the label beside it.
 */
export function isMarked(standing: Standing, address: Address): boolean {
  return standing.pledged.some((one) => sameAddress(one.address, address)) || bearsMark(standing, address);
}

/** The same, by what stands on the Service alone. */
export function bearsMark(standing: Standing, address: Address): boolean {
  const { view, record, leaving } = standing;
  const left = leaving.find((one) => sameAddress(one.address, address));
  if (left !== undefined) return left.isMarked;
  if (view.record === undefined) return view.labelled;
  if (record === undefined) return false;
  const recorded = record.addresses.split(',');
  return recorded.includes(formatAddress(address)) || (isLease(standing, address) && view.labelled);
}

/** Whether DHCP gave the Service this address, as far as its annotation says. */
export function isLease({ view }: Standing, address: Address): boolean {
  const leased = view.requestedIP === undefined ? undefined : readAddress(view.requestedIP.trim());
  return leased !== undefined && sameAddress(leased, address);
}

/** Where the address came from, as far as sharing is concerned; undefined for a Service that shows none. */
export function originOf({ intent }: Standing): Origin | undefined {
  switch (intent.kind) {
    case 'fresh':
      return undefined;
    case 'asked':
    case 'unreadable':
      return 'static';
    default:
      return intent.origin;
  }
}

function notOurs(
  view: ServiceView,
  record: AddressRecord | undefined,
  options: Options,
): NotOurs | undefined {
  if (view.type !== 'LoadBalancer') return 'not-a-load-balancer';
  if (view.ignored) return 'ignored';
  if (view.class !== options.class) return 'other-class';
  if (record !== undefined && record.controller !== options.controller) return 'other-controller';
  return undefined;
}

function asksForLease(list: AddressList | undefined): boolean {
  return list?.entries.some((entry) => typeof entry !== 'string' && isUnspecified(entry)) === true;
}

function intentOf(
  view: ServiceView,
  annotation: AddressList | undefined,
  spec: AddressList | undefined,
  record: AddressRecord | undefined,
): Intent {
  if (annotation?.fault !== undefined)
    return { kind: 'unreadable', by: 'annotation', fault: annotation.fault };
  const wish = specWish(spec);
  if (record !== undefined) return recorded(record, view.annotation, annotation, wish);
  const copied = view.record;
  if (annotation !== undefined) {
    const list = annotation.entries;
    if (copied?.addresses === formatList(list)) return copyOf(copied, list, wish);
    const [first] = list;
    const given = view.labelled && copied === undefined && isSame(first, wish);
    return given ? { kind: 'held', list, origin: 'allocated' } : { kind: 'asked', list, by: 'annotation' };
  }
  if (wish === undefined) return fresh;
  if ('fault' in wish) return { kind: 'unreadable', by: 'spec', fault: wish };
  return { kind: 'asked', list: [wish], by: 'spec' };
}

/** Another Service's record tells at least whether the spec is still as it was copied. */
function copyOf(record: AddressRecord, list: readonly Entry[], wish: Address | Fault | undefined): Intent {
  if (wish === undefined || 'fault' in wish || list.some((entry) => isSame(entry, wish))) {
    return { kind: 'copy', list, origin: originOfRecord(record) };
  }
  return { kind: 'asked', list: replaced(list, wish), by: 'spec' };
}

/**
 * An edit of a live Service: of annotation and spec the one that differs from the record is what the user changed, and
 * if both do the annotation wins. What was blanked is no wish.
 */
function recorded(
  record: AddressRecord,
  text: string | undefined,
  annotation: AddressList | undefined,
  wish: Address | Fault | undefined,
): Intent {
  const origin = originOfRecord(record);
  const list = annotation?.entries ?? readList(record.addresses)?.entries ?? [];
  // The record is canonical; the annotation, as a rule, is the same text.
  if (text !== record.addresses && formatList(list) !== record.addresses)
    return { kind: 'asked', list, by: 'annotation' };
  const known = { kind: annotation === undefined ? 'stripped' : 'held', list, origin } as const;
  if (wish === undefined) return known;
  if ('fault' in wish) return { kind: 'unreadable', by: 'spec', fault: wish };
  if (list.some((entry) => isSame(entry, wish))) return known;
  return { kind: 'asked', list: replaced(list, wish), by: 'spec' };
}

type Fault = NonNullable<AddressList['fault']>;

/** `spec.loadBalancerIP` holds one address; anything else in it is a fault. */
function specWish(spec: AddressList | undefined): Address | Fault | undefined {
  if (spec === undefined) return undefined;
  if (spec.fault !== undefined) return spec.fault;
  const [entry, ...more] = spec.entries;
  if (typeof entry === 'object' && more.length === 0) return entry;
  return { text: formatList(spec.entries), fault: 'not-an-address' };
}

/** A changed spec takes the place of the entry of its family; without one it stands alone. */
function replaced(list: readonly Entry[], wish: Address): readonly Entry[] {
  const at = list.findIndex((entry) => typeof entry === 'object' && entry.family === wish.family);
  return at < 0 ? [wish] : list.with(at, wish);
}

function isSame(entry: Entry | undefined, wish: Address | Fault | undefined): boolean {
  if (typeof entry !== 'object' || wish === undefined || 'fault' in wish) return false;
  return sameAddress(entry, wish);
}

function originOfRecord(record: AddressRecord): Origin {
  return record.source === staticSource ? 'static' : 'allocated';
}
