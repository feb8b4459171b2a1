import { type Address, type AddressFault, formatAddress, parseAddress, sameAddress } from '../ip/address.ts';
import { isHostname } from '../text/suggestions.ts';

/** One entry of the annotation: an address, or a hostname that kube-vip resolves. */
export type AddressEntry = Address | string;

/** A Service has one address per family. A much longer list is a mistake or an attack, and costs memory and time. */
export const maxEntries = 16;

/** The parsed value of `kube-vip.io/loadbalancerIPs` or `spec.loadBalancerIP`. */
export interface AddressList {
  readonly entries: readonly AddressEntry[];
  /** The first entry that is neither address nor hostname. The other entries are still parsed, because they are in use. */
  readonly fault?: { readonly text: string; readonly fault: AddressFault | 'too-many' } | undefined;
}

/** Undefined for a missing value or one without entries. Spaces around entries are ignored. */
export function parseAddressList(text: string | undefined): AddressList | undefined {
  if (text === undefined) return undefined;
  // The common case: a single address.
  const single = parseAddress(text);
  if (typeof single !== 'string') return { entries: [single], fault: undefined };
  if (/^[\s,]*$/.test(text)) return undefined;
  const entries: AddressEntry[] = [];
  let fault: AddressList['fault'];
  const parts = text.split(',', maxEntries + 1);
  if (parts.length > maxEntries) fault = { text, fault: 'too-many' };
  for (const part of parts.slice(0, maxEntries)) {
    const entry = part.trim();
    const address = parseAddress(entry);
    if (typeof address !== 'string') entries.push(address);
    else if (isHostname(entry)) entries.push(entry);
    else fault ??= { text: entry, fault: address };
  }
  // The copy has no spare capacity, and may be kept as long as the Service.
  return { entries: entries.slice(), fault };
}

/** More than sixteen hostnames of maximum length. */
const maxListLength = 5_000;
/** A hostname has at most 253 characters. */
const maxEntryLength = 254;

/**
 * Cuts a text to what `parseAddressList` reads of it, which gives the same entries. Users decide how long the texts on their
 * Services are, and there may be many Services in memory.
 */
export function boundedList(text: string): string;
export function boundedList(text: string | undefined): string | undefined;
export function boundedList(text: string | undefined): string | undefined {
  if (text === undefined || text.length <= maxListLength) return text;
  const parts = text.split(',', maxEntries + 1).map((part) => part.trim());
  const kept = parts
    .map((part) => (part.length > maxEntryLength ? `${part.slice(0, maxEntryLength)}…` : part))
    .join(',');
  // A copy: a slice would keep the whole text in memory.
  return kept.split('').join('');
}

/** The canonical text, used for writing and for comparisons. */
export function formatAddressList(entries: readonly AddressEntry[]): string {
  let text = '';
  for (const entry of entries) text += (text === '' ? '' : ',') + formatEntry(entry);
  return text;
}

function formatEntry(entry: AddressEntry): string {
  return typeof entry === 'string' ? entry : formatAddress(entry);
}

/** Addresses and hostnames with their canonical text, which is made once. */
export interface CanonicalList {
  readonly entries: readonly AddressEntry[];
  readonly text: string;
}

export function canonicalList(entries: readonly AddressEntry[]): CanonicalList {
  return { entries, text: formatAddressList(entries) };
}

/** The canonical text of each entry. */
export function textsOf({ entries, text }: CanonicalList): readonly string[] {
  return entries.length === 1 ? [text] : entries.map(formatEntry);
}

/** Whether the list has exactly this address. */
export function isOnly([first, ...more]: readonly AddressEntry[], address: Address): boolean {
  return typeof first === 'object' && more.length === 0 && sameAddress(first, address);
}

/** Whether the text is the first entry of the list. */
export function isFirst(text: string | undefined, { entries }: CanonicalList): boolean {
  const [first] = entries;
  return first !== undefined && text === formatAddressList([first]);
}

export function addressesOf(entries: readonly AddressEntry[]): Address[] {
  return entries.filter((entry) => typeof entry !== 'string');
}
