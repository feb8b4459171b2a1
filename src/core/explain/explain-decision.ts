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
import type { ServiceKey } from '../model/service-view.ts';
import { annotations } from '../model/well-known-names.ts';
import { never, quoted, suggestionOf } from '../text/quote.ts';
import { nearestSpelling } from '../text/suggestions.ts';
import { explainFault } from './explain-config.ts';
import { annotate } from './kubectl-commands.ts';

/**
 * The sentences about decisions; explain-config.ts has those about the ConfigMap. No other module composes them. A message
 * names the object, states the problem, and ends with what to do. A command comes last and has no period, so that it can be
 * pasted.
 */

/** What is wrong, and what to do about it. */
interface Explanation {
  readonly problem: string;
  /** Without the command. */
  readonly advice?: string;
  /** A reallocation of this Service solves the problem. */
  readonly reallocate?: ServiceKey | undefined;
}

/** Each problem once with its advice, then the command. */
function textOf(explanations: readonly Explanation[]): string {
  const texts = explanations.map(({ problem, advice }) =>
    advice === undefined ? problem : `${problem} ${advice}`,
  );
  const [service] = explanations.flatMap(({ reallocate }) => reallocate ?? []);
  const command =
    service === undefined ? [] : `To assign an address from the pool, run: ${reallocateCommand(service)}`;
  return [...new Set(texts.concat(command))].join(' ');
}

function reallocateCommand(service: ServiceKey): string {
  const [namespace = '', name = ''] = service.split('/');
  return annotate({ namespace, name }, `${annotations.reallocate}=true`);
}

/** Why a pool has no address for a Service, without what to do. */
export function failureProblem(failure: AllocationFailure, options: Options): string {
  return failureOf(failure, options).problem;
}

function failureOf(failure: AllocationFailure, options: Options): Explanation & { readonly advice: string } {
  const configMap = `ConfigMap ${options.configMap.namespace}/${options.configMap.name}`;
  switch (failure.code) {
    case 'no-config-map':
      return {
        problem: `There are no pools, because ${configMap} does not exist.`,
        advice: 'Create it with a key such as cidr-global.',
      };
    case 'no-pool':
      return {
        problem: `No pool serves namespace ${failure.namespace}.`,
        advice: `Add cidr-${failure.namespace} or cidr-global to ${configMap}.`,
      };
    case 'pool-empty':
      return {
        problem: `Pool ${failure.key} contains no valid address.`,
        advice: 'Add a block or a range to it.',
      };
    case 'family-not-in-pool':
      return {
        problem: `Pool ${failure.key} has no ${failure.family} addresses.`,
        advice: `Add ${failure.family} addresses to it.`,
      };
    case 'pool-full':
      return {
        problem: `Pool ${failure.key} is full: ${usedUp(failure)} ${failure.size === 1n ? 'is' : 'are'} in use.`,
        advice: addAddresses,
      };
    default:
      return never(failure);
  }
}

const addAddresses = 'Add addresses to it, or delete a Service that uses one.';

/** `all 6 of its IPv4 addresses (2 of them claimed by other IPAddress objects)`. */
function usedUp({ size, family, claimed }: AllocationFailure & { code: 'pool-full' }): string {
  if (size === 1n)
    return `its only ${family} address${claimed > 0n ? ' (claimed by another IPAddress object)' : ''}`;
  const part = claimed > 0n ? ` (${claimed} of them claimed by other IPAddress objects)` : '';
  return `all ${size} of its ${family} addresses${part}`;
}

function failuresOf(failures: readonly AllocationFailure[], options: Options): Explanation[] {
  const [first, second] = failures;
  if (first?.code === 'pool-full' && second?.code === 'pool-full') {
    const problem = `Pool ${first.key} is full: ${usedUp(first)} and ${usedUp(second)} are in use.`;
    return [{ problem, advice: addAddresses }];
  }
  return failures.map((failure) => failureOf(failure, options));
}

/** What a user requested and cannot have, and what to do. */
export function explainConflict(conflict: AddressConflict): string {
  return textOf([conflictOf(conflict)]);
}

/** The same without what to do. */
export function conflictProblem(conflict: AddressConflict): string {
  return conflictOf(conflict).problem;
}

function conflictOf(conflict: AddressConflict): Explanation {
  switch (conflict.code) {
    case 'address-in-use':
      return {
        problem: `${explainHolder(conflict)} kube-vip may still announce it for this Service.`,
        advice: 'Request a different address.',
        reallocate: conflict.service,
      };
    case 'invalid-address': {
      const field =
        conflict.field === 'annotation' ? `Annotation ${annotations.addresses}` : 'Field spec.loadBalancerIP';
      const { text, fault } = conflict.fault;
      if (fault === 'too-many') {
        return {
          problem: `${field} lists more than ${maxEntries} addresses.`,
          advice: 'List at most one per IP family. The controller leaves the field unchanged.',
        };
      }
      if (text === '') {
        return {
          problem: `${field} has an empty entry, which kube-vip reads as a hostname.`,
          advice: 'Remove the extra comma.',
        };
      }
      const predicate =
        fault !== 'not-an-address'
          ? explainFault({ fault, text }, text)
          : conflict.field === 'spec'
            ? 'is not an IP address, and this field takes exactly one'
            : 'is neither an IP address nor a hostname';
      return {
        problem: `${field}: ${quoted(text)} ${predicate}${suggestionOf(suggestedAddress(conflict))}`,
        advice: 'The controller leaves the field unchanged.',
      };
    }
    default:
      return never(conflict);
  }
}

function explainHolder({ address, holder, why }: AddressConflict & { code: 'address-in-use' }): string {
  const text = formatAddress(address);
  if (why.code === 'claimed')
    return `${text} is claimed by the IPAddress object ${text}${explainOwner(holder, why.managedBy)}.`;
  const clause = explainSharingConflict(why, holder);
  return `${text} is already assigned to ${holder}, ${clause.joint} ${clause.text}.`;
}

/** ` (parent services default/kubernetes, managed by ipallocator.k8s.io)`, as far as it is known. */
function explainOwner(parent: string, managedBy: string): string {
  const facts = [
    ...(parent.trim() === '' ? [] : [`parent ${parent}`]),
    ...(managedBy === '' ? [] : [`managed by ${managedBy}`]),
  ];
  return facts.length === 0 ? '' : ` (${facts.join(', ')})`;
}

/** The address that was probably meant, if there is a single candidate. */
export function suggestedAddress({
  field,
  fault: { text },
}: AddressConflict & { code: 'invalid-address' }): string | undefined {
  const isValid = (spelling: string): boolean => {
    const { entries, fault } = parseAddressList(spelling) ?? { entries: [] };
    const areAddresses = entries.length > 0 && entries.every((entry) => typeof entry === 'object');
    return areAddresses && fault === undefined && (field === 'annotation' || entries.length === 1);
  };
  // A prefix length belongs to a pool, not to an address.
  const bare = text.replace(/\/[0-9]+$/, '');
  return isValid(bare) ? bare : nearestSpelling(text, isValid);
}

/** A clause about `named`, the Service which the sentence has just named, and the word that joins it to that name. */
interface Clause {
  readonly joint: 'and' | 'which';
  readonly text: string;
}

function explainSharingConflict(why: SharingConflict, named: ServiceKey): Clause {
  const and = (text: string): Clause => ({ joint: 'and', text });
  const about = (service: ServiceKey, predicate: string): Clause =>
    service === named ? { joint: 'which', text: predicate } : and(`${service} ${predicate}`);
  switch (why.code) {
    case 'not-ours':
      return about(why.service, notOurs[why.reason]);
    case 'port-clash':
      return and(`both use ${why.port.replace('/', ' port ')}`);
    case 'several-addresses':
      return about(why.service, 'does not have exactly one IPv4 address');
    case 'being-deleted':
      return about(why.service, 'is being deleted');
    case 'sharing-not-allowed':
      return and(`namespace ${why.namespace} does not allow sharing (allow-share-${why.namespace})`);
    case 'local-traffic':
      return about(why.service, 'cannot share because of externalTrafficPolicy: Local');
    case 'no-ports':
      return about(why.service, 'has no ports');
    case 'claimed':
      return and('another IPAddress object claims it');
    default:
      return never(why);
  }
}

const notOurs: Readonly<Record<IgnoreReason, string>> = {
  ignored: `has the annotation ${annotations.ignore}`,
  'other-class': 'belongs to another load balancer',
  'other-controller': 'belongs to another controller',
  'not-a-load-balancer': 'is not of type LoadBalancer',
};

/** What an operator should know about an assigned Service, and what to do. */
export function explainCondition(condition: Condition, options: Options): string {
  return textOf(conditionOf(condition, options));
}

/** The same without what to do. */
export function conditionProblem(condition: Condition, options: Options): string {
  return conditionOf(condition, options)
    .map(({ problem }) => problem)
    .join(' ');
}

function conditionOf(condition: Condition, options: Options): readonly Explanation[] {
  switch (condition.code) {
    case 'conflict':
      return [
        {
          problem: `${formatAddress(condition.address)} is also assigned to ${explainOthers(condition)}, and cannot be shared.`,
          advice: 'The controller moves none of these Services: request a different address for all but one.',
          reallocate: condition.service,
        },
      ];
    case 'contested': {
      const isOne = condition.services.length + condition.more === 1;
      return [
        {
          problem: `${formatAddress(condition.address)} is also requested by ${explainOthers(condition)}. This Service keeps it, but kube-vip may announce it for ${isOne ? 'both' : 'all of them'}.`,
          advice: `Request a different address for the other ${isOne ? 'Service' : 'Services'}.`,
        },
      ];
    }
    case 'claimed': {
      const address = formatAddress(condition.address);
      const { parent, managedBy } = condition.owner;
      return [
        {
          problem: `${address} is also claimed by the IPAddress object ${address}${explainOwner(parent, managedBy)}.`,
          advice: 'The controller moves neither: give one of the two a different address.',
        },
      ];
    }
    case 'outside-pool': {
      const address = formatAddress(condition.address);
      return condition.key === undefined
        ? [{ problem: `The Service keeps ${address}, although no pool serves its namespace.` }]
        : [
            {
              problem: `The Service keeps ${address}, which is outside pool ${condition.key}.`,
              reallocate: condition.service,
            },
          ];
    }
    case 'shared':
      return [{ problem: `Shared with ${enumerate(condition.others)}.` }];
    case 'pending-change':
      return [
        {
          problem: `${pendingChanges[condition.change]} is pending, and the Service keeps what it has until then.`,
        },
        ...failuresOf(condition.failures, options),
      ];
    case 'global-namespace':
      return [
        {
          problem: `Pool ${condition.key} serves every namespace without its own pool, not only the namespace "global".`,
        },
      ];
    default:
      return never(condition);
  }
}

/** Completes the sentence about an address: `used as an external IP of Service default/legacy`. */
export function externalIPOf(services: readonly ServiceKey[]): string {
  return `used as an external IP of ${services.length === 1 ? 'Service' : 'Services'} ${enumerate(services)}`;
}

/** A thousand Services can have one address: a sentence names some of them. */
const maxNamed = 5;

function enumerate(names: readonly string[]): string {
  const named = names.slice(0, maxNamed).join(', ');
  return names.length > maxNamed ? `${named} and ${names.length - maxNamed} more` : named;
}

/** `b/y (both use TCP port 80), b/z (both use TCP port 80) and 5 more`. */
function explainOthers({ services, more }: OtherServices): string {
  const named = services.map(
    ({ service, why }) => `${service} (${explainSharingConflict(why, service).text})`,
  );
  const all = more > 0 ? [...named, `${more} more`] : named;
  const last = all.pop() ?? '';
  return all.length > 0 ? `${all.join(', ')} and ${last}` : last;
}

const pendingChanges = {
  families: 'The change of the IP families',
  ports: 'The move to another address, needed because of a port conflict,',
  reallocate: 'The requested reallocation',
} as const;

export function explainIgnored(why: IgnoreReason | 'being-deleted', options: Options): string {
  switch (why) {
    case 'not-a-load-balancer':
      return 'The Service is not of type LoadBalancer.';
    case 'other-class':
      return `This controller only handles Services ${handledClass(options)}.`;
    case 'ignored':
      return `The Service has the annotation ${annotations.ignore}: "true".`;
    case 'other-controller':
      return 'The allocation record names another controller.';
    case 'being-deleted':
      return 'The Service is being deleted.';
    default:
      return never(why);
  }
}

/** Continues "Services". */
export function handledClass(options: Options): string {
  return options.class === undefined
    ? 'without spec.loadBalancerClass'
    : `with spec.loadBalancerClass ${options.class}`;
}

/** Why a Service is pending, in conflict, or ignored, or what an operator should know about it; empty if nothing. */
export function explainDecision(decision: Decision, options: Options): string {
  switch (decision.kind) {
    case 'ignore':
      return explainIgnored(decision.why, options);
    case 'pending':
      return textOf(failuresOf(decision.failures, options));
    case 'conflict': {
      const conflict = conflictOf(decision.conflict);
      // A reallocation would fail for the same reason.
      return decision.failures.length === 0
        ? textOf([conflict])
        : textOf([{ ...conflict, reallocate: undefined }, ...failuresOf(decision.failures, options)]);
    }
    case 'keep':
    case 'write':
      return textOf(decision.conditions.flatMap((condition) => conditionOf(condition, options)));
    case 'release': {
      const reason = 'The Service is no longer of type LoadBalancer';
      const { addresses } = decision;
      return addresses === ''
        ? `${reason}, so the fields written for it are removed.`
        : `${reason}, so ${addresses} ${addresses.includes(',') ? 'are' : 'is'} released.`;
    }
    default:
      return never(decision);
  }
}

/** What a write did, for events and the log: a sentence without a period. */
export function explainWrite(decision: Decision & { kind: 'write' }): string {
  const { addresses, source } = decision;
  const origin =
    source === staticSource
      ? 'static address'
      : source === unknownSource
        ? 'not from a pool'
        : `from ${source}`;
  const what = `${addresses} (${origin})`;
  switch (decision.cause) {
    case 'allocate':
    case 'share':
      return `Assigned ${what}`;
    case 'mark-static':
      return decision.assumesRequest
        ? `Assigned ${what}. Only spec.loadBalancerIP has the address, so the controller assumes that it was requested by name`
        : `Assigned ${what}`;
    case 'restore':
      return `Restored ${what}`;
    case 'adopt':
      return decision.fromStatus ? `Adopted ${addresses} from the Service's status` : `Adopted ${what}`;
    case 'families':
      return `Changed to ${what}, because the IP families changed`;
    case 'ports':
      return `Moved to ${what}, because the ports changed and conflict with another Service`;
    case 'reallocate':
      return `Assigned ${what}, as requested by the annotation ${annotations.reallocate}`;
    case 'update':
      return `Updated the metadata for ${what}`;
    default:
      return never(decision.cause);
  }
}

/** Identifies the reason of a decision: equal as long as there is nothing new to report. */
export function reasonOf(decision: Decision): string {
  switch (decision.kind) {
    case 'ignore':
      return '';
    case 'pending':
      return decision.failures.map(failureCode).join(' ');
    case 'conflict':
      return decision.conflict.code === 'address-in-use'
        ? `address-in-use ${formatAddress(decision.conflict.address)} ${decision.conflict.holder} ${decision.conflict.why.code}`
        : `invalid-address ${decision.conflict.field} ${decision.conflict.fault.text}`;
    case 'keep':
    case 'write':
      return decision.conditions.filter(isReported).map(conditionCode).join(' ');
    case 'release':
      return 'release';
    default:
      return never(decision);
  }
}

/** The codes of what `explainDecision` describes: `pool-full`, `address-in-use`, `outside-pool pending-change`. */
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

/** Whether a person has to act, which is worth a warning event. */
export function isWarning(decision: Decision): boolean {
  if (decision.kind === 'pending' || decision.kind === 'conflict') return true;
  return (
    'conditions' in decision &&
    decision.conditions.some(
      (condition) => isConflictCondition(condition) || condition.code === 'pending-change',
    )
  );
}

/** Whether the condition is reported when it appears. Sharing is not: tables show it. */
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
      return `pending-change ${condition.change} ${condition.failures.map(failureCode).join(' ')}`;
    default:
      return condition.code;
  }
}
