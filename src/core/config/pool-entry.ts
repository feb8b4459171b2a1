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
    | 'comment'
    | 'placeholder'
    | 'missing-value'
    | 'named-ends'
    | 'key-in-value'
    | 'list-item'
    | 'quotes'
    | 'brackets'
    | 'port'
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

/**
 * Commas and newlines separate entries. A comment extends to the end of its line, because it can contain commas: what a user
 * commented out is never allocated. `start=a, end=b` is one entry, because neither half means anything alone.
 */
const entryPattern =
  /[ \t]*(?:start|from|first)[ \t]*[=:][^,\n#]*[,\n][ \t]*(?:end|to|last)[ \t]*[=:][^,\n#]*|(?:[^,\n#]+|#[^\n]*)+/gi;

/** The entries of a pool's value, without white space around them and without empty ones. */
export function* poolEntriesIn(value: string): Generator<string> {
  for (const [match] of value.matchAll(entryPattern)) {
    const entry = match.trim();
    if (entry !== '') yield entry;
  }
}

/** What users paste around an entry, by the first that applies. None of these patterns matches a valid entry. */
const wrappings: readonly (readonly [EntryFault['fault'], RegExp])[] = [
  ['comment', /#/],
  ['placeholder', /\$[{(A-Za-z_]|\{\{|\}\}|^<.*>$|@@|__[A-Za-z]/s],
  ['missing-value', /^["']?(?:none|null|nil|undefined|~)["']?$/i],
  ['named-ends', /\b(?:start|from|first|end|to|last)\s*[=:]/i],
  // A name with a letter that no IPv6 address contains. `http://` is not a key.
  ['key-in-value', /^["']?(?=[\w.-]*[g-z_])[a-z_][\w.-]*["']?\s*(?:=|:(?!\/\/))/i],
  ['list-item', /^-\s/],
  ['quotes', /["'`]/],
  ['port', /^(?:[0-9]+\.){3}[0-9]+:[0-9]|\]:[0-9]/],
  ['brackets', /^[[(]|[\])]$|\[[0-9a-f:.]+\]/i],
];

/** Parses a block (`a/n`), a range (`a-b`), or one address (spec section 3). The caller removes white space around it. */
export function parsePoolEntry(text: string): PoolEntry | EntryFault {
  const entry = parse(text);
  return 'fault' in entry ? (faultAround(text) ?? entry) : entry;
}

/** `parsePoolEntry`, if the reason does not matter: it is found in several times the time of parsing. */
export function readPoolEntry(text: string): PoolEntry | undefined {
  const entry = parse(text);
  return 'fault' in entry ? undefined : entry;
}

/** A more telling reason than the one of the first part that cannot be parsed. */
function faultAround(text: string): EntryFault | undefined {
  const wrapping = wrappings.find(([, pattern]) => pattern.test(text));
  if (wrapping !== undefined) return { fault: wrapping[0], text };
  if (/[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/.test(text)) return { fault: 'typographic-dash', text };
  // White space is valid around a hyphen and a slash only.
  if (text.length <= maxLength && /[^\s;/-][;\s]+[^\s;/-]/.test(text))
    return { fault: 'several-in-one', text };
  return undefined;
}

function parse(text: string): PoolEntry | EntryFault {
  // Much longer than two addresses: not worth an analysis.
  if (text.length > maxLength) return { fault: 'not-an-address', text };
  const [hyphen, slash] = [text.indexOf('-'), text.indexOf('/')];
  // A minus sign directly after the slash is part of the number.
  if (hyphen >= 0 && slash >= 0 && hyphen !== slash + 1) return { fault: 'block-and-range', text };
  if (slash >= 0) return parseBlock(text);
  if (hyphen >= 0) return parseRange(text);
  const address = parseAddress(text);
  if (typeof address === 'string') return { fault: address, text };
  return { range: rangeOf(address, address), hostBits: false, isBlock: false };
}

function parseBlock(text: string): PoolEntry | EntryFault {
  const slash = text.indexOf('/');
  const start = text.slice(0, slash).trim();
  const address = parseAddress(start);
  if (typeof address === 'string') return { fault: address, text: start };
  const prefix = text.slice(slash + 1).trim();
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
