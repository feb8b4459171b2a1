/**
 * The only place that words decisions and problems. Each sentence names the thing, says what is wrong, and what to do.
 */

import { bits, type Family, formatAddress } from './address.ts';
import type { Shortage } from './allocate.ts';
import type { Decision, Note, Refusal } from './decision.ts';
import type { EntryFault } from './entry.ts';
import { mostEntries, readList } from './list.ts';
import { annotations } from './names.ts';
import type { Options } from './options.ts';
import type { PoolProblem } from './pools.ts';
import type { Range } from './range.ts';
import { staticSource, unknownSource } from './record.ts';
import type { Obstacle } from './sharing.ts';
import { nearestSpelling } from './spelling.ts';
import type { NotOurs } from './standing.ts';

/** `192.168.0.209-192.168.0.214`, or the one address. */
export function formatRange({ family, first, last }: Range): string {
  const from = formatAddress({ family, value: first });
  return first === last ? from : `${from}-${formatAddress({ family, value: last })}`;
}

/** A text from outside as it may be printed: quoted, control characters spelled out, cut where it would go on and on. */
export function quote(text: string): string {
  const cut = text.length > 120 ? `${text.slice(0, 117)}...` : text;
  // Also C1 controls, line separators and the marks that reverse the direction of writing.
  const shown = cut.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${shown}"`;
}

/** What is wrong with the ConfigMap, beginning with the key. */
export function explainProblem(problem: PoolProblem): string {
  const key = problem.key;
  switch (problem.code) {
    case 'bad-entry':
      return `${key}: ${quote(problem.entry)} ${explainFault(problem.fault, problem.entry)}${instead(problem.suggestion)}.`;
    case 'host-bits': {
      const { range, used } = problem;
      const length = bits[range.family] - (range.last - range.first + 1n).toString(2).length + 1;
      const block = `${formatAddress({ family: range.family, value: range.first })}/${length}`;
      return `${key}: ${quote(problem.entry)} is not the start of its block: it means ${block}, that is ${formatRange(used)}.`;
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
      return `${quote(key)} is no key that is known${problem.suggestion === undefined ? ': keys are cidr-, range-, interface- and allow-share- with a namespace or global, search-order, and skip-end-ips-in-cidr' : `; write ${problem.suggestion}`}.`;
    case 'not-text':
      return `${key} is not a text: Kubernetes takes only text here. Put the value in quotes.`;
    case 'binary-data':
      return `${quote(key)} stands under binaryData, which is not read: write it under data.`;
    case 'bad-boolean':
      return `${key}: ${quote(problem.value)} is neither "true" nor "false"; it is read as ${quote(problem.meaning)}.`;
    case 'bad-order':
      return `${key}: ${quote(problem.value)} is read as "asc", from the lowest address up; for the other direction write "desc".`;
    case 'bad-interface':
      return `${key}: ${quote(problem.value)} is no name of a network interface (1 to 15 characters, no space, no slash); none is written.`;
    default:
      return never(problem);
  }
}

/** Continues a sentence that begins with `entry`, of which the fault's text is a part. */
function explainFault({ fault, text }: EntryFault, entry: string): string {
  const part = text === entry ? '' : ` (${quote(text)})`;
  switch (fault) {
    case 'empty':
      return 'has an empty address';
    case 'not-an-address':
      return text === entry ? 'is no IP address' : `cannot be read: ${quote(text)} is no IP address`;
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
      return `needs a plain number after the slash, not ${quote(text)}`;
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

/** Why a pool has no address for a Service, and what helps. */
export function explainShortage(shortage: Shortage, options: Options): string {
  const where = `the ConfigMap ${options.configMap.namespace}/${options.configMap.name}`;
  switch (shortage.code) {
    case 'no-config-map':
      return `there are no pools: ${where} does not exist. Create it with a key such as cidr-global.`;
    case 'no-pool':
      return `no pool serves the namespace ${shortage.namespace}: add cidr-${shortage.namespace} or cidr-global to ${where}.`;
    case 'pool-empty':
      return `the pool ${shortage.key} has no address in it: add a block or a range to it.`;
    case 'family-not-in-pool':
      return `the pool ${shortage.key} has no ${shortage.family} addresses: add some to it.`;
    case 'pool-full':
      return `the pool ${shortage.key} is full: all ${shortage.size} of its ${shortage.family} addresses are in use. Add addresses to it, or delete a Service that has one.`;
    default:
      return never(shortage);
  }
}

function explainShortages(shortages: readonly Shortage[], options: Options): string {
  const [first, second] = shortages;
  if (first?.code === 'pool-full' && second?.code === 'pool-full') {
    const each = `all ${first.size} of its ${first.family} and all ${second.size} of its ${second.family} addresses`;
    return `the pool ${first.key} is full: ${each} are in use. Add addresses to it, or delete a Service that has some.`;
  }
  return [...new Set(shortages.map((shortage) => explainShortage(shortage, options)))].join(' And ');
}

/** What a user asked for and cannot have. */
export function explainRefusal(refusal: Refusal): string {
  switch (refusal.code) {
    case 'taken':
      return (
        `${formatAddress(refusal.address)} belongs to ${refusal.holder}: ${explainObstacle(refusal.why)}. ` +
        'kube-vip announces an address that is written on this Service all the same; ask for another one.'
      );
    case 'not-an-address': {
      const field =
        refusal.field === 'annotation' ? `the annotation ${annotations.addresses}` : 'spec.loadBalancerIP';
      const { text, fault } = refusal.fault;
      if (fault === 'too-many') {
        return `${field} lists more than ${mostEntries} addresses, which no Service can have: write one of each IP family. It is left as it is.`;
      }
      if (text === '') {
        return `${field} has an empty entry, which kube-vip reads as a hostname: remove the comma too many.`;
      }
      const isSpec = refusal.field === 'spec';
      const reads = (spelling: string): boolean => {
        const { entries, fault: left } = readList(spelling) ?? { entries: [] };
        const areAddresses = entries.length > 0 && entries.every((entry) => typeof entry === 'object');
        return areAddresses && left === undefined && (!isSpec || entries.length === 1);
      };
      // A prefix length belongs to a pool, not to an address.
      const bare = text.replace(/\/[0-9]+$/, '');
      const meant = reads(bare) ? bare : nearestSpelling(text, reads);
      const wrong =
        fault !== 'not-an-address'
          ? explainFault({ fault, text }, text)
          : isSpec
            ? 'is no IP address, and this field takes one address and nothing else'
            : 'is neither an IP address nor a hostname';
      return `${field}: ${quote(text)} ${wrong}${instead(meant)}. It is left as it is.`;
    }
    default:
      return never(refusal);
  }
}

/** Why two Services may not share; a clause without an end. */
export function explainObstacle(why: Obstacle): string {
  switch (why.code) {
    case 'not-ours':
      return `${why.service} belongs to another load balancer`;
    case 'port-clash':
      return `both use port ${why.port}`;
    case 'several-addresses':
      return `${why.service} is not a Service with one IPv4 address`;
    case 'being-deleted':
      return `${why.service} is being deleted`;
    case 'sharing-not-allowed':
      return `sharing is not allowed in the namespace ${why.namespace} (allow-share-${why.namespace})`;
    case 'local-traffic':
      return `${why.service} has externalTrafficPolicy: Local, which cannot be shared`;
    case 'no-ports':
      return `${why.service} has no ports`;
    default:
      return never(why);
  }
}

export function explainNote(note: Note, options: Options): string {
  switch (note.code) {
    case 'conflict':
      return `${formatAddress(note.address)} is also held by ${note.other}, and they may not share it: ${explainObstacle(note.why)}. Nothing is moved; change one of the two.`;
    case 'outside-pool':
      return note.key === undefined
        ? `${formatAddress(note.address)} is kept, though no pool serves the namespace.`
        : `${formatAddress(note.address)} is kept, though it is outside the pool ${note.key}; the annotation ${annotations.reallocate}: "true" asks for one from the pool.`;
    case 'shared':
      return `shared with ${note.others.join(', ')}.`;
    case 'unmet':
      return `${wishes[note.wish]}, but ${explainShortages(note.shortages, options)} It keeps what it has meanwhile.`;
    case 'global-namespace':
      return `${note.key} serves every namespace without a pool of its own, not only the one called global.`;
    default:
      return never(note);
  }
}

const wishes = {
  families: 'the IP families were changed',
  ports: 'its ports clash with those of a Service on the same address',
  reallocate: 'a fresh allocation was asked for',
} as const;

export function explainNotOurs(why: NotOurs | 'being-deleted', options: Options): string {
  switch (why) {
    case 'not-a-load-balancer':
      return 'it is not of type LoadBalancer.';
    case 'other-class':
      return options.class === undefined
        ? 'it has a spec.loadBalancerClass, and this controller serves those without one.'
        : `its spec.loadBalancerClass is not ${options.class}.`;
    case 'ignored':
      return `it has the annotation ${annotations.ignore}: "true".`;
    case 'other-controller':
      return 'another controller has given it its address.';
    case 'being-deleted':
      return 'it is being deleted.';
    default:
      return never(why);
  }
}

/** What is to be said of a Service beside its address: why it waits, or what is odd; empty where all is well. */
export function explainDecision(decision: Decision, options: Options): string {
  switch (decision.kind) {
    case 'ignore':
      return explainNotOurs(decision.why, options);
    case 'wait':
      return explainShortages(decision.shortages, options);
    case 'refuse': {
      const more = decision.shortages.length > 0 ? ` ${explainShortages(decision.shortages, options)}` : '';
      return explainRefusal(decision.refusal) + more;
    }
    case 'keep':
    case 'write':
      return decision.notes.map((note) => explainNote(note, options)).join(' ');
    case 'release':
      return decision.addresses === ''
        ? 'it is no longer of type LoadBalancer: what was written for it is taken off.'
        : `it is no longer of type LoadBalancer: ${decision.addresses} is given back.`;
    default:
      return never(decision);
  }
}

/** What a write did, for events and the log. */
export function explainWrite(decision: Decision & { kind: 'write' }): string {
  const { addresses, source } = decision;
  const origin =
    source === staticSource
      ? 'asked for by name'
      : source === unknownSource
        ? 'taken over'
        : `from ${source}`;
  switch (decision.cause) {
    case 'allocate':
    case 'share':
      return `Assigned ${addresses} (${origin})`;
    case 'mark-static':
      return `Assigned ${addresses} (${origin})`;
    case 'restore':
      return `Restored ${addresses} (${origin}), which had been removed`;
    case 'adopt':
      return `Took over ${addresses} (${origin})`;
    case 'families':
      return `Changed to ${addresses} (${origin}): the IP families were changed`;
    case 'ports':
      return `Moved to ${addresses} (${origin}): the ports were changed into a clash`;
    case 'reallocate':
      return `Assigned ${addresses} (${origin}), as the annotation ${annotations.reallocate} asked`;
    case 'update':
      return `Noted the present state of ${addresses} (${origin})`;
    default:
      return never(decision.cause);
  }
}

/** A code for the reason, stable and bounded: what tells one state of a Service from the next. */
export function reasonOf(decision: Decision): string {
  switch (decision.kind) {
    case 'ignore':
      return '';
    case 'wait':
      return decision.shortages.map(shortageCode).join(' ');
    case 'refuse':
      return decision.refusal.code === 'taken'
        ? `taken ${formatAddress(decision.refusal.address)} ${decision.refusal.holder} ${decision.refusal.why.code}`
        : `not-an-address ${decision.refusal.field} ${decision.refusal.fault.text}`;
    case 'keep':
    case 'write':
      return decision.notes.filter(isReported).map(noteCode).join(' ');
    case 'release':
      return 'release';
    default:
      return never(decision);
  }
}

/** Whether somebody has to do something about it: then it is worth an event. */
export function isWarning(decision: Decision): boolean {
  if (decision.kind === 'wait' || decision.kind === 'refuse') return true;
  return 'notes' in decision && decision.notes.some(({ code }) => code === 'conflict' || code === 'unmet');
}

/** A note that is said when it comes up; who shares an address is told to those who look. */
function isReported(note: Note): boolean {
  return note.code !== 'shared';
}

function shortageCode(shortage: Shortage): string {
  const family: Family | '' = 'family' in shortage ? shortage.family : '';
  const size = 'size' in shortage ? shortage.size : '';
  return `${shortage.code} ${'key' in shortage ? shortage.key : ''} ${family} ${size}`;
}

function noteCode(note: Note): string {
  switch (note.code) {
    case 'conflict':
      return `conflict ${formatAddress(note.address)} ${note.other} ${note.why.code}`;
    case 'outside-pool':
      return `outside-pool ${formatAddress(note.address)} ${note.key}`;
    case 'unmet':
      return `unmet ${note.wish} ${note.shortages.map(shortageCode).join(' ')}`;
    default:
      return note.code;
  }
}

function instead(suggestion: string | undefined): string {
  return suggestion === undefined ? '' : `; write ${suggestion}`;
}

/** A closed union was extended without a sentence: the compiler says so here. */
function never(value: never): never {
  throw new Error(`no sentence for ${JSON.stringify(value)}`);
}
