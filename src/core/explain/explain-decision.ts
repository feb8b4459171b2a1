import type { AllocationFailure } from '../decide/allocation-failure.ts';
import {
  type AddressConflict,
  type Condition,
  type Decision,
  isConflictCondition,
  type OtherServices,
} from '../decide/decision.ts';
import { type Family, formatAddress } from '../ip/address.ts';
import type { IgnoreReason } from '../ledger/service-state.ts';
import type { SharingConflict } from '../ledger/sharing.ts';
import { maxEntries, parseAddressList } from '../model/address-list.ts';
import { staticSource, unknownSource } from '../model/allocation-record.ts';
import type { Options } from '../model/options.ts';
import { annotations } from '../model/well-known-names.ts';
import { never, quoted, suggestionOf } from '../text/quote.ts';
import { nearestSpelling } from '../text/suggestions.ts';
import { explainFault } from './explain-config.ts';

/**
 * Words decisions, as explain-pools.ts words what is wrong with pools: nowhere else is a sentence made of them. Each
 * names the thing, says what is wrong, and what to do.
 */

/** Why a pool has no address for a Service, and what helps. */
export function explainFailure(failure: AllocationFailure, options: Options): string {
  const where = `the ConfigMap ${options.configMap.namespace}/${options.configMap.name}`;
  switch (failure.code) {
    case 'no-config-map':
      return `there are no pools: ${where} does not exist. Create it with a key such as cidr-global.`;
    case 'no-pool':
      return `no pool serves the namespace ${failure.namespace}: add cidr-${failure.namespace} or cidr-global to ${where}.`;
    case 'pool-empty':
      return `the pool ${failure.key} has no address in it: add a block or a range to it.`;
    case 'family-not-in-pool':
      return `the pool ${failure.key} has no ${failure.family} addresses: add some to it.`;
    case 'pool-full':
      return `the pool ${failure.key} is full: all ${failure.size} of its ${failure.family} addresses are in use${explainClaimed(failure)}. Add addresses to it, or delete a Service that has one.`;
    default:
      return never(failure);
  }
}

/** An insertion: how many of the addresses are not in use by Services, but claimed by others in the API. */
function explainClaimed({ claimed }: AllocationFailure & { code: 'pool-full' }): string {
  return claimed > 0n ? ` (${claimed} of them claimed by IPAddress objects of others)` : '';
}

function explainFailures(failures: readonly AllocationFailure[], options: Options): string {
  const [first, second] = failures;
  if (first?.code === 'pool-full' && second?.code === 'pool-full') {
    const each = `all ${first.size} of its ${first.family}${explainClaimed(first)} and all ${second.size} of its ${second.family}${explainClaimed(second)} addresses`;
    return `the pool ${first.key} is full: ${each} are in use. Add addresses to it, or delete a Service that has some.`;
  }
  return [...new Set(failures.map((failure) => explainFailure(failure, options)))].join(' And ');
}

/** What a user asked for and cannot have. */
export function explainConflict(conflict: AddressConflict): string {
  switch (conflict.code) {
    case 'address-in-use':
      return (
        `${formatAddress(conflict.address)} belongs to ${conflict.holder}: ${explainSharingConflict(conflict.why)}. ` +
        'kube-vip announces an address that is written on this Service all the same. Ask for another one, or ' +
        `for one from the pool by the annotation ${annotations.reallocate}: "true".`
      );
    case 'invalid-address': {
      const field =
        conflict.field === 'annotation' ? `the annotation ${annotations.addresses}` : 'spec.loadBalancerIP';
      const { text, fault } = conflict.fault;
      if (fault === 'too-many') {
        return `${field} lists more than ${maxEntries} addresses, which no Service can have: write one of each IP family. It is left as it is.`;
      }
      if (text === '') {
        return `${field} has an empty entry, which kube-vip reads as a hostname: remove the comma too many.`;
      }
      const isSpec = conflict.field === 'spec';
      const wrong =
        fault !== 'not-an-address'
          ? explainFault({ fault, text }, text)
          : isSpec
            ? 'is no IP address, and this field takes one address and nothing else'
            : 'is neither an IP address nor a hostname';
      return `${field}: ${quoted(text)} ${wrong}${suggestionOf(suggestedAddress(conflict))}. It is left as it is.`;
    }
    default:
      return never(conflict);
  }
}

/** The address that was probably meant, if one can be told. */
export function suggestedAddress({
  field,
  fault: { text },
}: AddressConflict & { code: 'invalid-address' }): string | undefined {
  const reads = (spelling: string): boolean => {
    const { entries, fault } = parseAddressList(spelling) ?? { entries: [] };
    const areAddresses = entries.length > 0 && entries.every((entry) => typeof entry === 'object');
    return areAddresses && fault === undefined && (field === 'annotation' || entries.length === 1);
  };
  // A prefix length belongs to a pool, not to an address.
  const bare = text.replace(/\/[0-9]+$/, '');
  return reads(bare) ? bare : nearestSpelling(text, reads);
}

/** Why two Services may not share; a clause without an end. */
function explainSharingConflict(why: SharingConflict): string {
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

export function explainCondition(condition: Condition, options: Options): string {
  switch (condition.code) {
    case 'conflict':
      return `${formatAddress(condition.address)} is also held by ${explainOthers(condition)}, and they may not share it. Nothing is moved: let all but one ask for another address, or for one from the pool by the annotation ${annotations.reallocate}: "true".`;
    case 'contested':
      return `${formatAddress(condition.address)} is also asked for by ${explainOthers(condition)}. It stays with this Service, and kube-vip announces it wherever it is written: let the others ask for another address.`;
    case 'claimed':
      return `${formatAddress(condition.address)} is also claimed for ${condition.owner.parent}, by an IPAddress object of that name. Nothing is moved; give one of the two another address.`;
    case 'outside-pool':
      return condition.key === undefined
        ? `${formatAddress(condition.address)} is kept, though no pool serves the namespace.`
        : `${formatAddress(condition.address)} is kept, though it is outside the pool ${condition.key}; the annotation ${annotations.reallocate}: "true" asks for one from the pool.`;
    case 'shared':
      return `shared with ${some(condition.others)}.`;
    case 'pending-change':
      return `${pendingChanges[condition.change]}, but ${explainFailures(condition.failures, options)} It keeps what it has meanwhile.`;
    case 'global-namespace':
      return `${condition.key} serves every namespace without a pool of its own, not only the one called global.`;
    default:
      return never(condition);
  }
}

/** A thousand Services can be on one address: a sentence has room for a few. */
const mostNamed = 5;

function some(names: readonly string[]): string {
  const named = names.slice(0, mostNamed).join(', ');
  return names.length > mostNamed ? `${named} and ${names.length - mostNamed} more` : named;
}

/** `b/y (both use port TCP/80), b/z (both use port TCP/80) and 5 more`. */
function explainOthers({ services, more }: OtherServices): string {
  const named = services.map(({ service, why }) => `${service} (${explainSharingConflict(why)})`);
  const all = more > 0 ? [...named, `${more} more`] : named;
  const last = all.pop() ?? '';
  return all.length > 0 ? `${all.join(', ')} and ${last}` : last;
}

const pendingChanges = {
  families: 'the IP families were changed',
  ports: 'its ports clash with those of a Service on the same address',
  reallocate: 'a fresh allocation was asked for',
} as const;

export function explainIgnored(why: IgnoreReason | 'being-deleted', options: Options): string {
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
      return explainIgnored(decision.why, options);
    case 'pending':
      return explainFailures(decision.failures, options);
    case 'conflict': {
      const more = decision.failures.length > 0 ? ` ${explainFailures(decision.failures, options)}` : '';
      return explainConflict(decision.conflict) + more;
    }
    case 'keep':
    case 'write':
      return decision.conditions.map((condition) => explainCondition(condition, options)).join(' ');
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
    case 'pending':
      return decision.failures.map(failureCode).join(' ');
    case 'conflict':
      return decision.conflict.code === 'address-in-use'
        ? `taken ${formatAddress(decision.conflict.address)} ${decision.conflict.holder} ${decision.conflict.why.code}`
        : `not-an-address ${decision.conflict.field} ${decision.conflict.fault.text}`;
    case 'keep':
    case 'write':
      return decision.conditions.filter(isReported).map(conditionCode).join(' ');
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
    case 'pending':
      return decision.failures;
    case 'conflict':
      return [decision.conflict, ...decision.failures];
    case 'keep':
    case 'write':
      return decision.conditions.filter(isReported);
    case 'ignore':
    case 'release':
      return [];
    default:
      return never(decision);
  }
}

/** Whether somebody has to do something about it: then it is worth an event. */
export function isWarning(decision: Decision): boolean {
  if (decision.kind === 'pending' || decision.kind === 'conflict') return true;
  return (
    'conditions' in decision &&
    decision.conditions.some(
      (condition) => isConflictCondition(condition) || condition.code === 'pending-change',
    )
  );
}

/** A note that is said when it comes up; who shares an address is told to those who look. */
function isReported(condition: Condition): boolean {
  return condition.code !== 'shared';
}

function failureCode(failure: AllocationFailure): string {
  const family: Family | '' = 'family' in failure ? failure.family : '';
  const size = 'size' in failure ? failure.size : '';
  return `${failure.code} ${'key' in failure ? failure.key : ''} ${family} ${size}`;
}

function conditionCode(condition: Condition): string {
  switch (condition.code) {
    case 'conflict':
    case 'contested': {
      const named = condition.services.map(({ service, why }) => `${service} ${why.code}`);
      return `${condition.code} ${formatAddress(condition.address)} ${named.join(' ')}`;
    }
    case 'claimed':
      return `claimed ${formatAddress(condition.address)} ${condition.owner.parent}`;
    case 'outside-pool':
      return `outside-pool ${formatAddress(condition.address)} ${condition.key}`;
    case 'pending-change':
      return `unmet ${condition.change} ${condition.failures.map(failureCode).join(' ')}`;
    default:
      return condition.code;
  }
}
