import { type Address, type AddressFault, bits, parseAddress } from '../ip/address.ts';
import { block, type Range } from '../ip/range.ts';

/** One parsed entry of a pool. */
export interface PoolEntry {
  readonly range: Range;
  /** Whether it is a block whose address is not the first one of the block: `192.168.0.210/29`. */
  readonly hostBits: boolean;
  /** Whether it is a block, so that its ends may be trimmed. */
  readonly isBlock: boolean;
}

/** Why an entry cannot be parsed: `text` is the part at fault. */
export interface EntryFault {
  readonly fault:
    | AddressFault
    | 'typographic-dash'
    | 'several-in-one'
    | 'prefix-not-a-number'
    | 'prefix-too-long'
    | 'block-and-range'
    | 'range-without-end'
    | 'families-mixed'
    | 'start-after-end';
  readonly text: string;
}

const maxLength = 200;

/** Parses a block (`a/n`), a range (`a-b`), or one address (spec section 3). The caller removes white space around it. */
export function parsePoolEntry(text: string): PoolEntry | EntryFault {
  if (/[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/.test(text)) return { fault: 'typographic-dash', text };
  // Much longer than two addresses: not worth an analysis.
  if (text.length > maxLength) return { fault: 'not-an-address', text };
  const [hyphen, slash] = [text.indexOf('-'), text.indexOf('/')];
  // A minus sign directly after the slash is part of the number.
  if (hyphen >= 0 && slash >= 0 && hyphen !== slash + 1) return { fault: 'block-and-range', text };
  if (slash >= 0) return parseBlock(text);
  if (text.includes('-')) return parseRange(text);
  if (/\S[;\s]+\S/.test(text)) return { fault: 'several-in-one', text };
  const address = parseAddress(text);
  if (typeof address === 'string') return { fault: address, text };
  return { range: rangeOf(address, address), hostBits: false, isBlock: false };
}

function parseBlock(text: string): PoolEntry | EntryFault {
  const slash = text.indexOf('/');
  const address = parseAddress(text.slice(0, slash));
  if (typeof address === 'string') return { fault: address, text: text.slice(0, slash) };
  const prefix = text.slice(slash + 1);
  if (!/^(?:0|[1-9][0-9]*)$/.test(prefix)) return { fault: 'prefix-not-a-number', text: prefix };
  if (Number(prefix) > bits[address.family]) return { fault: 'prefix-too-long', text: prefix };
  const range = block(address, Number(prefix));
  return { range, hostBits: range.first !== address.value, isBlock: true };
}

function parseRange(text: string): PoolEntry | EntryFault {
  const ends = text.split('-').map((end) => end.trim());
  const [from = '', to = ''] = ends;
  if (ends.length !== 2 || from === '' || to === '') return { fault: 'range-without-end', text };
  const first = parseAddress(from);
  if (typeof first === 'string') return { fault: first, text: from };
  const last = parseAddress(to);
  if (typeof last === 'string') return { fault: last, text: to };
  if (first.family !== last.family) return { fault: 'families-mixed', text };
  if (first.value > last.value) return { fault: 'start-after-end', text };
  return { range: rangeOf(first, last), hostBits: false, isBlock: false };
}

function rangeOf(first: Address, last: Address): Range {
  return { family: first.family, first: first.value, last: last.value };
}
