import type { Shortage } from '../decide/allocation-failure.ts';
import { type Decision, isDispute, type Note, type Refusal, type Rivals } from '../decide/decision.ts';
import { type Family, formatAddress } from '../ip/address.ts';
import type { NotOurs } from '../ledger/service-state.ts';
import type { Obstacle } from '../ledger/sharing.ts';
import { mostEntries, readList } from '../model/address-list.ts';
import { staticSource, unknownSource } from '../model/allocation-record.ts';
import type { Options } from '../model/options.ts';
import { annotations } from '../model/well-known-names.ts';
import { instead, never, quoted } from '../text/quote.ts';
import { nearestSpelling } from '../text/suggestions.ts';
import { explainFault } from './explain-config.ts';

/**
 * Words decisions, as explain-pools.ts words what is wrong with pools: nowhere else is a sentence made of them. Each
 * names the thing, says what is wrong, and what to do.
 */

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
      return `the pool ${shortage.key} is full: all ${shortage.size} of its ${shortage.family} addresses are in use${explainClaimed(shortage)}. Add addresses to it, or delete a Service that has one.`;
    default:
      return never(shortage);
  }
}

/** An insertion: how many of the addresses are not in use by Services, but claimed by others in the API. */
function explainClaimed({ claimed }: Shortage & { code: 'pool-full' }): string {
  return claimed > 0n ? ` (${claimed} of them claimed by IPAddress objects of others)` : '';
}

function explainShortages(shortages: readonly Shortage[], options: Options): string {
  const [first, second] = shortages;
  if (first?.code === 'pool-full' && second?.code === 'pool-full') {
    const each = `all ${first.size} of its ${first.family}${explainClaimed(first)} and all ${second.size} of its ${second.family}${explainClaimed(second)} addresses`;
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
        'kube-vip announces an address that is written on this Service all the same. Ask for another one, or ' +
        `for one from the pool by the annotation ${annotations.reallocate}: "true".`
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
      const wrong =
        fault !== 'not-an-address'
          ? explainFault({ fault, text }, text)
          : isSpec
            ? 'is no IP address, and this field takes one address and nothing else'
            : 'is neither an IP address nor a hostname';
      return `${field}: ${quoted(text)} ${wrong}${instead(meantBy(refusal))}. It is left as it is.`;
    }
    default:
      return never(refusal);
  }
}

/** The address that was probably meant, if one can be told. */
export function meantBy({
  field,
  fault: { text },
}: Refusal & { code: 'not-an-address' }): string | undefined {
  const reads = (spelling: string): boolean => {
    const { entries, fault } = readList(spelling) ?? { entries: [] };
    const areAddresses = entries.length > 0 && entries.every((entry) => typeof entry === 'object');
    return areAddresses && fault === undefined && (field === 'annotation' || entries.length === 1);
  };
  // A prefix length belongs to a pool, not to an address.
  const bare = text.replace(/\/[0-9]+$/, '');
  return reads(bare) ? bare : nearestSpelling(text, reads);
}

/** Why two Services may not share; a clause without an end. */
function explainObstacle(why: Obstacle): string {
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
    case 'claimed':
      return `an IPAddress object of that name claims it, managed by ${why.managedBy === '' ? 'nobody' : why.managedBy}`;
    default:
      return never(why);
  }
}

export function explainNote(note: Note, options: Options): string {
  switch (note.code) {
    case 'conflict':
      return `${formatAddress(note.address)} is also held by ${explainRivals(note)}, and they may not share it. Nothing is moved: let all but one ask for another address, or for one from the pool by the annotation ${annotations.reallocate}: "true".`;
    case 'contested':
      return `${formatAddress(note.address)} is also asked for by ${explainRivals(note)}. It stays with this Service, and kube-vip announces it wherever it is written: let the others ask for another address.`;
    case 'claimed':
      return `${formatAddress(note.address)} is also claimed for ${note.owner.parent}, by an IPAddress object of that name. Nothing is moved; give one of the two another address.`;
    case 'outside-pool':
      return note.key === undefined
        ? `${formatAddress(note.address)} is kept, though no pool serves the namespace.`
        : `${formatAddress(note.address)} is kept, though it is outside the pool ${note.key}; the annotation ${annotations.reallocate}: "true" asks for one from the pool.`;
    case 'shared':
      return `shared with ${some(note.others)}.`;
    case 'unmet':
      return `${wishes[note.wish]}, but ${explainShortages(note.shortages, options)} It keeps what it has meanwhile.`;
    case 'global-namespace':
      return `${note.key} serves every namespace without a pool of its own, not only the one called global.`;
    default:
      return never(note);
  }
}

/** A thousand Services can be on one address: a sentence has room for a few. */
const mostNamed = 5;

function some(names: readonly string[]): string {
  const named = names.slice(0, mostNamed).join(', ');
  return names.length > mostNamed ? `${named} and ${names.length - mostNamed} more` : named;
}

/** `b/y (both use port TCP/80), b/z (both use port TCP/80) and 5 more`. */
function explainRivals({ rivals, more }: Rivals): string {
  const named = rivals.map(({ service, why }) => `${service} (${explainObstacle(why)})`);
  const all = more > 0 ? [...named, `${more} more`] : named;
  const last = all.pop() ?? '';
  return all.length > 0 ? `${all.join(', ')} and ${last}` : last;
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

/** The codes of what explainDecision says, without what it says it of: `pool-full`, `taken`, `outside-pool unmet`. */
export function codesOf(decision: Decision): string {
  const codes = causesOf(decision).map(({ code }) => code);
  return [...new Set(codes)].join(' ');
}

function causesOf(decision: Decision): readonly { readonly code: string }[] {
  switch (decision.kind) {
    case 'wait':
      return decision.shortages;
    case 'refuse':
      return [decision.refusal, ...decision.shortages];
    case 'keep':
    case 'write':
      return decision.notes.filter(isReported);
    case 'ignore':
    case 'release':
      return [];
    default:
      return never(decision);
  }
}

/** Whether somebody has to do something about it: then it is worth an event. */
export function isWarning(decision: Decision): boolean {
  if (decision.kind === 'wait' || decision.kind === 'refuse') return true;
  return 'notes' in decision && decision.notes.some((note) => isDispute(note) || note.code === 'unmet');
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
    case 'contested': {
      const named = note.rivals.map(({ service, why }) => `${service} ${why.code}`);
      return `${note.code} ${formatAddress(note.address)} ${named.join(' ')}`;
    }
    case 'claimed':
      return `claimed ${formatAddress(note.address)} ${note.owner.parent}`;
    case 'outside-pool':
      return `outside-pool ${formatAddress(note.address)} ${note.key}`;
    case 'unmet':
      return `unmet ${note.wish} ${note.shortages.map(shortageCode).join(' ')}`;
    default:
      return note.code;
  }
}
