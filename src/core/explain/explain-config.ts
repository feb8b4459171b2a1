import type { ConfigProblem } from '../config/config.ts';
import type { EntryFault } from '../config/pool-entry.ts';
import { bits, formatAddress } from '../ip/address.ts';
import type { Range } from '../ip/range.ts';
import { never, quoted, suggestionOf } from '../text/quote.ts';

/** `192.168.0.209-192.168.0.214`, or the one address. */
export function formatRange({ family, first, last }: Range): string {
  const from = formatAddress({ family, value: first });
  return first === last ? from : `${from}-${formatAddress({ family, value: last })}`;
}

/** `192.168.0.208/29`, of a range that is a block. */
export function formatBlock({ family, first, last }: Range): string {
  const length = bits[family] - (last - first + 1n).toString(2).length + 1;
  return `${formatAddress({ family, value: first })}/${length}`;
}

/** What is wrong with the ConfigMap, beginning with the key. */
export function explainProblem(problem: ConfigProblem): string {
  const key = problem.key;
  switch (problem.code) {
    case 'bad-entry':
      return `${key}: ${quoted(problem.entry)} ${explainFault(problem.fault, problem.entry)}${suggestionOf(problem.suggestion)}.`;
    case 'host-bits': {
      const { range, used } = problem;
      return `${key}: ${quoted(problem.entry)} is not the start of its block: it means ${formatBlock(range)}, that is ${formatRange(used)}.`;
    }
    case 'empty-pool':
      return `${key} has no address in it, and it is the pool of its Services all the same: add a block or a range, or remove the key.`;
    case 'nothing-allocatable':
      return `${key} has no address that can be given: addresses that end in .0 or .255 are left out. Make the pool larger.`;
    case 'dhcp-beside-addresses':
      return `${key} asks for DHCP (${problem.family === 'IPv4' ? '0.0.0.0' : '::'}) and lists other ${problem.family} addresses: DHCP answers, those are not used. Remove one of the two.`;
    case 'shadowed':
      return `${key} is not used: ${problem.by} comes first. Remove one of the two, or join their values.`;
    case 'unknown-key':
      return `${quoted(key)} is no key that is known${problem.suggestion === undefined ? ': keys are cidr-, range-, interface- and allow-share- with a namespace or global, search-order, and skip-end-ips-in-cidr' : `; write ${problem.suggestion}`}.`;
    case 'not-text':
      return `${key} is not a text: Kubernetes takes only text here. Put the value in quotes.`;
    case 'binary-data':
      return `${quoted(key)} stands under binaryData, which is not read: write it under data.`;
    case 'bad-boolean':
      return `${key}: ${quoted(problem.value)} is neither "true" nor "false"; it is read as ${quoted(problem.meaning)}.`;
    case 'bad-order':
      return `${key}: ${quoted(problem.value)} is read as "asc", from the lowest address up; for the other direction write "desc".`;
    case 'bad-interface':
      return `${key}: ${quoted(problem.value)} is no name of a network interface (1 to 15 characters, no space, no slash); none is written.`;
    default:
      return never(problem);
  }
}

/** Continues a sentence that begins with `entry`, of which the fault's text is a part. */
export function explainFault({ fault, text }: EntryFault, entry: string): string {
  const part = text === entry ? '' : ` (${quoted(text)})`;
  switch (fault) {
    case 'empty':
      return 'has an empty address';
    case 'not-an-address':
      return text === entry ? 'is no IP address' : `cannot be read: ${quoted(text)} is no IP address`;
    case 'leading-zero':
      return `has a number with a leading zero${part}, which some programs read as octal`;
    case 'octet-above-255':
      return `has a number above 255${part}`;
    case 'zone':
      return 'has a zone ("%"), which an address of a Service cannot have';
    case 'ipv4-mapped':
      return 'is an IPv4 address written as IPv6';
    case 'typographic-dash':
      return 'has a typographic dash where a hyphen (-) belongs';
    case 'several-in-one':
      return 'is several entries in one: separate them with commas';
    case 'prefix-not-a-number':
      return `needs a plain number after the slash, not ${quoted(text)}`;
    case 'prefix-too-long':
      return `has a prefix that is longer than the address (/${text})`;
    case 'block-and-range':
      return 'is a block and a range at once';
    case 'range-without-end':
      return 'is no range: it needs one address on each side of one hyphen';
    case 'families-mixed':
      return 'goes from one IP family to the other';
    case 'start-after-end':
      return 'ends before it starts';
    default:
      return never(fault);
  }
}
