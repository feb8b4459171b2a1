import { type Address, type AddressFault, formatAddress, parseAddress } from '../ip/address.ts';
import { isHostname } from '../text/suggestions.ts';

/** One entry of the annotation: an address, or a hostname that the consumer resolves itself. */
export type AddressEntry = Address | string;

/** A Service has one address of each family; a far longer list is a slip or an attack, and costs memory and time. */
export const mostEntries = 16;

/** The value of `kube-vip.io/loadbalancerIPs` or `spec.loadBalancerIP`, read. */
export interface AddressList {
  readonly entries: readonly AddressEntry[];
  /** The first entry that is neither address nor hostname. The others are read all the same: they are in use. */
  readonly fault: { readonly text: string; readonly fault: AddressFault | 'too-many' } | undefined;
}

/** Undefined for a value that is absent, or has no entry at all. Spaces around entries are tolerated. */
export function parseAddressList(text: string | undefined): AddressList | undefined {
  if (text === undefined) return undefined;
  // The rule, and the quick way: one address and nothing else.
  const alone = parseAddress(text);
  if (typeof alone !== 'string') return { entries: [alone], fault: undefined };
  if (/^[\s,]*$/.test(text)) return undefined;
  const entries: AddressEntry[] = [];
  let fault: AddressList['fault'];
  const parts = text.split(',', mostEntries + 1);
  if (parts.length > mostEntries) fault = { text, fault: 'too-many' };
  for (const part of parts.slice(0, mostEntries)) {
    const entry = part.trim();
    const address = parseAddress(entry);
    if (typeof address !== 'string') entries.push(address);
    else if (isHostname(entry)) entries.push(entry);
    else fault ??= { text: entry, fault: address };
  }
  // A copy has room for no more than is in it; this one may be kept for as long as its Service.
  return { entries: entries.slice(), fault };
}

/** More than sixteen of the longest hostnames. */
const longestList = 5_000;
/** A hostname has 253 characters at most. */
const longestEntry = 254;

/**
 * The text with all that is read of it and no more: whoever writes a Service decides how long its texts are, and there may be
 * many Services. `readList` finds the same entries in both.
 */
export function boundedList(text: string): string;
export function boundedList(text: string | undefined): string | undefined;
export function boundedList(text: string | undefined): string | undefined {
  if (text === undefined || text.length <= longestList) return text;
  const parts = text.split(',', mostEntries + 1).map((part) => part.trim());
  const kept = parts
    .map((part) => (part.length > longestEntry ? `${part.slice(0, longestEntry)}…` : part))
    .join(',');
  // A new text: a slice alone keeps the whole one in memory.
  return kept.split('').join('');
}

/** Canonical: what is written, and what is compared. */
export function formatAddressList(entries: readonly AddressEntry[]): string {
  let text = '';
  for (const entry of entries)
    text += (text === '' ? '' : ',') + (typeof entry === 'string' ? entry : formatAddress(entry));
  return text;
}

export function addressesOf(entries: readonly AddressEntry[]): Address[] {
  return entries.filter((entry) => typeof entry !== 'string');
}
