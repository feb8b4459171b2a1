import { poolNameOf } from '../config/keys.ts';
import type { ListFaults } from '../config/list-faults.ts';
import { type AllocationPolicy, providerOf } from '../config/policy.ts';
import {
  type AllocationFailure,
  type Excluded,
  isTargetFailure,
  type NoSharing,
  type TargetFailure,
} from '../decide/allocation-failure.ts';
import {
  type AddressConflict,
  type Assignment,
  type Condition,
  type Decision,
  isConflictCondition,
  maxNamedServices,
  type NotShared,
  type OtherServices,
} from '../decide/decision.ts';
import { type Address, type Family, formatAddress } from '../ip/address.ts';
import type { Blocker } from '../ledger/reservations.ts';
import type { IgnoreReason } from '../ledger/service-state.ts';
import type { SharingConflict } from '../ledger/sharing.ts';
import { addressesOf, maxEntries, parseAddressList } from '../model/address-list.ts';
import { staticSource, unknownSource } from '../model/allocation-record.ts';
import type { Options } from '../model/options.ts';
import type { ServiceKey } from '../model/service-view.ts';
import { annotations } from '../model/well-known-names.ts';
import { never, quoted, suggestionOf } from '../text/quote.ts';
import { nearestSpelling } from '../text/suggestions.ts';
import { explainFault, meantPools } from './explain-config.ts';
import { annotate } from './kubectl-commands.ts';

/**
 * The sentences about decisions; explain-config.ts has those about the ConfigMap, and controller/reporter.ts those about writes. A message
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
    service === undefined
      ? []
      : `To assign an address from the pool instead, run: ${reallocateCommand(service)}`;
  return [...new Set(texts.concat(command))].join(' ');
}

function reallocateCommand(service: ServiceKey): string {
  const [namespace = '', name = ''] = service.split('/');
  return annotate({ namespace, name }, `${annotations.reallocate}=true`);
}

/** The name of the pool with this key, or the key. */
function nameOf(key: string): string {
  return poolNameOf(key) ?? key;
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
    case 'pool-not-listed':
      return explainNotListed(failure);
    case 'list-empty':
      return {
        problem: hasFaults(failure.faults)
          ? `${faultsOf(failure.list, failure.faults)} Namespace ${failure.namespace} therefore has no pool.`
          : `The list ${failure.list} names no pool, so namespace ${failure.namespace} has none: an empty list does not fall back to another key.`,
        advice: hasFaults(failure.faults)
          ? `Correct the list, or add its pools to ${configMap} as keys such as pool.internal.`
          : `Add the name of a pool to the list, or delete the key from ${configMap}.`,
      };
    case 'no-pool-chosen':
      return {
        problem: `${hasFaults(failure.faults) ? `${faultsOf(failure.list, failure.faults)} The other pools` : 'The pools'} of namespace ${failure.namespace} (${enumerate(failure.listed)}, listed by ${failure.list}) are for other Services: by their labels, or for those that name the pool.`,
        advice: hasFaults(failure.faults)
          ? 'Correct the list.'
          : `Name one of them with the annotation ${annotations.pool}.`,
      };
    case 'quota-reached':
      return explainQuota(failure);
    case 'pool-empty':
      return failure.excluded > 0n
        ? explainExcluded(failure, 'address')
        : {
            problem: `Pool ${nameOf(failure.key)} contains no valid address.`,
            advice: 'Add a block or a range to it.',
          };
    case 'family-not-in-pool':
      return failure.excluded > 0n
        ? explainExcluded(failure, `${failure.family} address`)
        : {
            problem: `Pool ${nameOf(failure.key)} has no ${failure.family} addresses.`,
            advice: `Add ${failure.family} addresses to it.`,
          };
    case 'pool-full':
      return {
        problem: `Pool ${nameOf(failure.key)} is full: ${usedUp(failure)} ${failure.size === 1n ? 'is' : 'are'} in use${andExcluded([failure])}.`,
        advice: addAddresses,
      };
    default:
      return targetFailureOf(failure);
  }
}

function hasFaults({ missing, invalid }: ListFaults): boolean {
  return missing.length + invalid.length > 0;
}

/** `The list pools-shop names internl, which does not exist. Did you mean "internal"?` */
function faultsOf(list: string, { missing, invalid }: ListFaults): string {
  const names = missing.map(({ name }) => name);
  const meant = [...new Set(missing.flatMap((one) => one.meant ?? []))];
  const ofMissing = `The list ${list} names ${enumerate(names)}, which ${names.length === 1 ? 'does' : 'do'} not exist${suggestionOf(meant.length === 0 ? undefined : enumerate(meant))}`;
  const [first = ''] = invalid;
  const ofInvalid = `The list ${list} has ${quoted(first)}, which is not the name of a pool${suggestionOf(meantPools(first))}`;
  return [...(names.length > 0 ? [ofMissing] : []), ...(invalid.length > 0 ? [ofInvalid] : [])].join(' ');
}

const changeTarget = `Change the annotation ${annotations.reallocate}, or remove it.`;

/** Why a Service does not move to the addresses that the annotation requests. */
function targetFailureOf(failure: TargetFailure): Explanation & { readonly advice: string } {
  const requested = (problem: string, advice = changeTarget) => ({
    problem: `The annotation ${annotations.reallocate} requests ${problem}.`,
    advice,
  });
  switch (failure.code) {
    case 'target-unreadable':
      return {
        problem: `The annotation ${annotations.reallocate} has ${quoted(failure.text)}, which is neither an address for each IP family, nor "true" or "allocated".`,
        advice: changeTarget,
      };
    case 'target-too-many':
      return requested(
        `more than ${failure.limit === 1 ? 'one' : failure.limit} ${failure.of} ${failure.limit === 1 ? 'address' : 'addresses'}`,
      );
    case 'target-wrong-family': {
      const { address, families } = failure;
      return requested(`${formatAddress(address)}, but the Service is ${families.join(' and ')}`);
    }
    case 'target-lacks-family':
      return requested(
        failure.pool === undefined
          ? `no ${failure.missing} address, which the Service needs as well`
          : `no ${failure.missing} address of pool ${failure.pool}, which the Service needs as well`,
      );
    case 'target-not-in-pool': {
      const { address, keys } = failure;
      const pools = `${keys.length === 1 ? 'the pool' : 'the pools'} of the Service, ${enumerate(keys)}`;
      return requested(
        `${formatAddress(address)}, which is not in ${pools}`,
        `Add the address to the pool, or change the annotation ${annotations.reallocate}.`,
      );
    }
    case 'target-excluded':
      return requested(`${formatAddress(failure.address)}, which is excluded from allocation`);
    case 'target-in-use': {
      const { address, services } = failure;
      return requested(
        `${formatAddress(address)}, which ${enumerate(services)} ${services.length === 1 ? 'uses' : 'use'}`,
      );
    }
    case 'target-external-ip': {
      const { address, services } = failure;
      return requested(`${formatAddress(address)}, which is ${externalIPOf(services)}`);
    }
    case 'target-reserved':
      return requested(
        `${formatAddress(failure.address)}, which is reserved for ${failure.service} (${failure.key})`,
      );
    case 'target-claimed': {
      const { address, owner } = failure;
      const text = formatAddress(address);
      return requested(
        `${text}, which the IPAddress object ${text} claims${explainOwner(owner.parent, owner.managedBy)}`,
      );
    }
    default:
      return never(failure);
  }
}

/** The pool has addresses, and Services get none of them. */
function explainExcluded(
  { key, excludedBy }: Excluded & { readonly key: string },
  what: string,
): Explanation & { readonly advice: string } {
  return {
    problem: `Every ${what} of pool ${nameOf(key)} is excluded (${excludedBy.join(', ')}).`,
    advice: 'Exclude fewer addresses, or add others to the pool.',
  };
}

/** `, and 20 more are excluded (exclude.internal)`: the pool is smaller than it looks. */
function andExcluded(failures: readonly Excluded[]): string {
  const count = failures.reduce((sum, { excluded }) => sum + excluded, 0n);
  const [{ excludedBy } = { excludedBy: [] }] = failures;
  return count === 0n
    ? ''
    : `, and ${count} more ${count === 1n ? 'is' : 'are'} excluded (${excludedBy.join(', ')})`;
}

function explainNotListed({
  namespace,
  list,
  pools,
  listed,
}: AllocationFailure & { code: 'pool-not-listed' }): Explanation & { readonly advice: string } {
  // The older keys are lists and pools at once.
  const can = listed[0] === list ? list : `${listed.length === 0 ? 'no pool' : enumerate(listed)} (${list})`;
  return {
    problem: `The annotation ${annotations.pool} names ${enumerate(pools)}, but Services in namespace ${namespace} can use ${can}.`,
    advice:
      listed.length === 0
        ? `Add a pool to ${list}.`
        : `Name one of these, or add ${pools.length === 1 ? 'the pool' : 'the pools'} to the list of the namespace.`,
  };
}

/** `5 of 5` is what people look for. */
function explainQuota({
  key,
  namespace,
  limit,
  held,
}: Pick<
  AllocationFailure & { code: 'quota-reached' },
  'key' | 'namespace' | 'limit' | 'held'
>): Explanation & {
  readonly advice: string;
} {
  return {
    problem: `The quota is reached: Services in namespace ${namespace} hold ${held} of ${limit} addresses (${key})${
      held < limit ? ', and this one needs more than are left' : ''
    }.`,
    advice: 'Increase the quota, or delete a Service of the namespace that has an address.',
  };
}

const addAddresses = 'Add addresses to the pool, or delete a Service that uses one of its addresses.';

/** `all 6 of its IPv4 addresses (2 of them claimed by other IPAddress objects)`. */
function usedUp({ size, family, claimed, reserved }: AllocationFailure & { code: 'pool-full' }): string {
  if (size === 1n) {
    const by = claimed > 0n ? ' (claimed by another IPAddress object)' : reserved > 0n ? ' (reserved)' : '';
    return `its only ${family} address${by}`;
  }
  const parts = [
    ...(claimed > 0n ? [`${claimed} of them claimed by other IPAddress objects`] : []),
    ...(reserved > 0n ? [`${reserved} of them reserved`] : []),
  ];
  const part = parts.length > 0 ? ` (${parts.join(', ')})` : '';
  return `${size === 2n ? 'both' : `all ${size}`} of its ${family} addresses${part}`;
}

/** Why the Service cannot share comes first: a full pool alone does not explain why it has no address. */
function failuresOf(failures: readonly AllocationFailure[], options: Options): Explanation[] {
  const sharing = noSharingProblem(failures);
  return [...(sharing === undefined ? [] : [{ problem: sharing }]), ...fullOrMissing(failures, options)];
}

/** Why no address of a full pool can be shared; undefined if the namespace does not allow sharing. */
export function noSharingProblem(failures: readonly AllocationFailure[]): string | undefined {
  for (const failure of failures) {
    if (failure.code === 'pool-full' && failure.noSharing !== undefined)
      return explainNoSharing(failure.noSharing);
  }
  return undefined;
}

function explainNoSharing(reason: NoSharing): string {
  if (reason.code === 'not-eligible') return `Sharing is not possible: ${notEligible[reason.why]}.`;
  const { joint, text } = explainSharingConflict(reason.why, reason.holder);
  return `Sharing is not possible: ${formatAddress(reason.address)} is assigned to ${reason.holder}, ${joint} ${text}.`;
}

const notEligible: Readonly<Record<(NoSharing & { code: 'not-eligible' })['why'], string>> = {
  'local-traffic': 'the Service has externalTrafficPolicy: Local',
  'no-ports': 'the Service has no ports',
  families: 'only Services with ipFamilyPolicy SingleStack and family IPv4 can share',
  'several-pools': 'the Service gets an address of several pools',
};

function fullOrMissing(failures: readonly AllocationFailure[], options: Options): Explanation[] {
  const [first, second] = failures;
  const isOne = failures.length === 2 && first?.code === 'pool-full' && second?.code === 'pool-full';
  if (isOne && first.key === second.key) {
    const excluded = andExcluded([first, second]);
    const problem = `Pool ${nameOf(first.key)} is full: ${usedUp(first)} and ${usedUp(second)} are in use${excluded}.`;
    return [{ problem, advice: addAddresses }];
  }
  return failures.map((failure) => failureOf(failure, options));
}

/** About an address that the Service did not get from its pool, unlike the condition `outside-pool`. */
export function explainInNoPool(address: Address, isStatic: boolean): string {
  const what = `${isStatic ? 'the static address ' : ''}${formatAddress(address)}`;
  return `The Service has ${what}, which no pool contains.`;
}

/** An address that a Service keeps although a change removes it from the last pool that contains it. */
export interface Stranded {
  readonly service: ServiceKey;
  readonly addresses: readonly Address[];
  readonly isStatic: boolean;
  /** Whether a pool would give the Service another address. */
  readonly hasPool: boolean;
}

export function explainStranded({ service, addresses, isStatic, hasPool }: Stranded): string {
  const what = `${isStatic ? 'the static address ' : ''}${enumerate(addresses.map(formatAddress))}`;
  const problem = `The Service keeps ${what}, which no pool contains after the change.`;
  const advice = 'Request a different address if the network stops routing this one.';
  return textOf([{ problem, advice, reallocate: hasPool ? service : undefined }]);
}

/** An address that a Service keeps although a change excludes it. */
export function explainExcludedAddress(address: Address, keys: readonly string[]): string {
  return `The Service keeps ${formatAddress(address)}, which ${enumerate(keys)} ${keys.length === 1 ? 'excludes' : 'exclude'} after the change. No other Service gets it when this one is gone.`;
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
        problem: `${explainHolder(conflict)}${conflict.isBehindMany ? ` More than ${maxNamedServices} other Services requested it earlier.` : ''} kube-vip may still announce it for this Service.`,
        advice: 'Request a different address.',
        reallocate: conflict.service,
      };
    case 'quota-reached': {
      const { problem, advice } = explainQuota(conflict);
      return {
        problem: `${problem} kube-vip may still announce the address that this Service requests.`,
        advice,
      };
    }
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
  if (why.code === 'reserved') return `${text} is reserved for ${holder} (${why.key}).`;
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
      return and(`both use ${explainPorts(why.ports)}`);
    case 'several-addresses':
      return about(why.service, 'cannot share because it does not have exactly one IPv4 address');
    case 'being-deleted':
      return about(why.service, 'is being deleted');
    case 'sharing-not-allowed':
      return and(`namespace ${why.namespace} does not allow sharing (allow-share-${why.namespace})`);
    case 'local-traffic':
      return about(why.service, 'cannot share because of externalTrafficPolicy: Local');
    case 'no-ports':
      return about(why.service, 'has no ports');
    case 'other-sharing-key':
      return and(
        why.key === undefined
          ? `only one of them has the annotation ${annotations.sharingKey}`
          : `their sharing keys do not match (${quoted(why.key)})`,
      );
    default:
      return never(why);
  }
}

/** `TCP port 80 and TCP port 443`, in ascending order. */
function explainPorts(ports: readonly string[]): string {
  const numberOf = (port: string): number => Number(port.split('/')[1]);
  const texts = ports
    .toSorted((a, b) => numberOf(a) - numberOf(b))
    .map((port) => port.replace('/', ' port '));
  const last = texts.length > maxNamed ? `${texts.length - maxNamed} more` : texts.at(-1);
  const named = texts.slice(0, Math.min(texts.length - 1, maxNamed));
  return named.length === 0 ? `${last}` : `${named.join(', ')} and ${last}`;
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
              problem: `The Service keeps ${address}, which is outside pool ${nameOf(condition.key)}.`,
              ...(condition.why === undefined
                ? { advice: 'No action is needed.', reallocate: condition.service }
                : {
                    advice: `No action is needed. A new address from the pool is not possible: ${failureProblem(condition.why, options)}`,
                  }),
            },
          ];
    }
    case 'shared':
      return [{ problem: `Shared with ${enumerate(condition.others)}.` }];
    case 'not-shared':
      return [explainNotShared(condition)];
    case 'reserved-for-other':
      return [
        {
          problem: `${formatAddress(condition.address)} is reserved for ${condition.service} (${condition.key}). This Service keeps it, because it had the address before.`,
          advice: 'Reallocate this Service to give the address to the other one.',
        },
      ];
    case 'reservation-unused':
      return [explainUnusedReservation(condition)];
    case 'pending-change':
      return [
        {
          problem: `${pendingChanges[condition.change]}. Until then, the Service keeps its current addresses.`,
        },
        ...failuresOf(condition.failures, options),
      ];
    case 'one-family':
      return explainOneFamily(condition, options);
    case 'wrong-family':
      return [explainWrongFamily(condition)];
    case 'local-traffic':
      return [explainLocalTraffic(condition)];
    case 'read-as-hostname':
      return [
        {
          problem: `${quoted(condition.text)} is not an address. kube-vip reads it as a hostname, and resolves it with DNS.`,
          advice: `If no hostname is meant, correct the annotation ${annotations.addresses}.`,
          reallocate: condition.service,
        },
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

function explainNotShared({
  sharingKey,
  other,
  address,
  why,
}: Condition & { code: 'not-shared' }): Explanation {
  const key = `${annotations.sharingKey}: ${quoted(sharingKey)}`;
  const problem = `The Service shares no address with ${other}, which has the same ${key}`;
  if (why === undefined)
    return {
      problem: `${problem}. It could share ${formatAddress(address)} now.`,
      advice: `To share the address, request it with the annotation ${annotations.reallocate}.`,
    };
  const advice = `To share the address, change one of the two Services, and then request the address with the annotation ${annotations.reallocate}.`;
  switch (why.code) {
    case 'not-eligible':
      return { problem: `${problem}: ${notEligible[why.why]}.`, advice };
    case 'not-in-pools':
      return {
        problem: `${problem}: the pools of the Service do not have its address ${formatAddress(address)}.`,
        advice,
      };
    case 'set-aside':
      return {
        problem: `${problem}: ${formatAddress(address)} is assigned to ${other}, and it is ${setAside(why.reservation)}.`,
        advice: howToRelease(why.reservation),
      };
    default: {
      const { joint, text } = explainSharingConflict(why, other);
      return {
        problem: `${problem}: ${formatAddress(address)} is assigned to ${other}, ${joint} ${text}.`,
        advice,
      };
    }
  }
}

/** Completes the sentence about an address. */
function setAside(reservation: Blocker): string {
  switch (reservation.why) {
    case 'claimed': {
      const { address, owner } = reservation;
      return `claimed by the IPAddress object ${formatAddress(address)}${explainOwner(owner.parent, owner.managedBy)}`;
    }
    case 'configured':
      return `reserved for ${reservation.service} (${reservation.key})`;
    case 'external-ip':
      return externalIPOf([reservation.service]);
    default:
      return never(reservation);
  }
}

function howToRelease(reservation: Blocker): string {
  if (reservation.why === 'claimed')
    return 'The controller assigns the address to no other Service while that object exists.';
  const remove =
    reservation.why === 'configured'
      ? 'remove the reservation'
      : `remove it from spec.externalIPs of ${reservation.service}`;
  return `To share the address, ${remove}, and then request the address with the annotation ${annotations.reallocate}.`;
}

function explainUnusedReservation({
  address,
  key,
  holders,
}: Condition & { code: 'reservation-unused' }): Explanation {
  const text = formatAddress(address);
  return holders.length === 0
    ? {
        problem: `${text} is reserved for this Service (${key}), which has another address.`,
        advice: 'Reallocate the Service, or remove the reservation.',
      }
    : {
        problem: `${text} is reserved for this Service (${key}), but ${enumerate(holders)} already had it.`,
        advice: 'Reallocate that Service first, and then this one.',
      };
}

function explainWrongFamily({
  address,
  families,
  policy,
}: Condition & { code: 'wrong-family' }): Explanation {
  const has = families.join(' and ');
  const reason =
    policy === 'SingleStack'
      ? `the Service is SingleStack ${has}`
      : `the cluster gave the Service only ${has}`;
  const other = policy === 'SingleStack' ? ', or change ipFamilyPolicy if the cluster is dual-stack' : '';
  return {
    problem: `${formatAddress(address)} is an ${address.family} address, but ${reason}: the cluster does not forward traffic for it.`,
    advice: `Request an ${has} address instead${other}.`,
  };
}

function explainLocalTraffic({
  address,
  others,
  areAllLocal,
}: Condition & { code: 'local-traffic' }): Explanation {
  const difference = areAllLocal
    ? 'they have externalTrafficPolicy: Local and select different Pods'
    : 'not all of them have externalTrafficPolicy: Local';
  return {
    problem: `${formatAddress(address)} is shared with ${enumerate(others)}, but ${difference}. The node that announces the address only reaches its own Pods, so one of the Services may get no traffic.`,
    advice: 'Use externalTrafficPolicy: Cluster on all of them, or request a different address.',
  };
}

function explainOneFamily(
  { service, policy, missing, pool, why }: Condition & { code: 'one-family' },
  options: Options,
): readonly Explanation[] {
  const from = pool === undefined ? '' : ` from pool ${nameOf(pool)}`;
  const problem = `The Service has no ${missing} address${from}, although its ipFamilyPolicy is ${policy}.`;
  if (why === 'static')
    return [
      {
        problem: `${problem} Its static addresses include none.`,
        advice: `Add one to the annotation ${annotations.addresses}.`,
      },
    ];
  if ('from' in why) {
    const available = why.isReserved
      ? 'An address is reserved for it.'
      : `Pool ${nameOf(why.from)} can provide one now.`;
    return [{ problem: `${problem} ${available}`, reallocate: service }];
  }
  return [{ problem }, ...failuresOf(why, options)];
}

/** Completes the sentence about an address: `used as an external IP of Service default/legacy`. */
export function externalIPOf(services: readonly ServiceKey[]): string {
  return `used as an external IP of ${services.length === 1 ? 'Service' : 'Services'} ${enumerate(services)}`;
}

/** A thousand Services can have one address: a sentence names some of them. */
const maxNamed = 5;

export function enumerate(names: readonly string[]): string {
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
  families: 'Waiting to change the IP families',
  ports: 'Waiting to move to another address because of a port conflict',
  pools: `Waiting to move to the pool that the annotation ${annotations.pool} names`,
  reallocate: 'Waiting for the requested reallocation',
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
      // A reallocation would fail for the same reason, which a quota says already.
      return decision.failures.length === 0 || decision.conflict.code === 'quota-reached'
        ? textOf([conflict])
        : textOf([{ ...conflict, reallocate: undefined }, ...failuresOf(decision.failures, options)]);
    }
    case 'keep':
    case 'write':
      return textOf(decision.conditions.flatMap((condition) => conditionOf(condition, options)));
    case 'release': {
      const reason = 'The Service is no longer of type LoadBalancer';
      const { addresses } = decision;
      return addresses.entries.length === 0
        ? `${reason}, so the fields written for it are removed.`
        : `${reason}, so ${addresses.text} ${addresses.entries.length > 1 ? 'are' : 'is'} released.`;
    }
    default:
      return never(decision);
  }
}

/** The sources of the addresses: the allocation record has one of several named pools. */
export function sourcesOf(
  { addresses, source }: Pick<Assignment, 'addresses' | 'source'>,
  policy: AllocationPolicy,
): string[] {
  if (addresses.entries.length === 1 || poolNameOf(source) === undefined) return [source];
  const keys = addressesOf(addresses.entries).flatMap(
    (address) => providerOf(policy, address, source)?.key ?? [],
  );
  return [...new Set(keys.includes(source) ? keys : [source, ...keys])];
}

/** What a write did, for events and the log: a sentence without a period. With the policy, it names all pools. */
export function explainWrite(decision: Decision & { kind: 'write' }, policy?: AllocationPolicy): string {
  const { source } = decision;
  const addresses = decision.addresses.text;
  const origin =
    source === staticSource
      ? 'static address'
      : source === unknownSource
        ? 'not from a pool'
        : `from ${(policy === undefined ? [source] : sourcesOf(decision, policy)).join(' and ')}`;
  const what = `${addresses} (${origin})`;
  switch (decision.cause) {
    case 'allocate':
    case 'share':
      return decision.hadBefore ? `Assigned ${what}, which the Service had before` : `Assigned ${what}`;
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
    case 'pools':
      return `Moved to ${what}, because the annotation ${annotations.pool} was edited`;
    case 'reallocate':
      return `Assigned ${what}, as requested by the annotation ${annotations.reallocate}`;
    case 'confirm':
      return `Kept ${addresses}: ${whyKept(decision)}`;
    case 'update':
      return `Updated the metadata for ${what}`;
    default:
      return never(decision.cause);
  }
}

/** Why a reallocation changed no address. */
function whyKept({ addresses, source }: Decision & { kind: 'write' }): string {
  if (addresses.entries.length > 1)
    return source === staticSource ? 'they are static addresses' : 'they are already in their pool';
  return source === staticSource ? 'it is a static address' : 'it is already in its pool';
}

/** Identifies the reason of a decision: equal as long as there is nothing new to report. */
export function reasonOf(decision: Decision): string {
  switch (decision.kind) {
    case 'ignore':
      return '';
    case 'pending':
      return decision.failures.map(failureCode).join(' ');
    case 'conflict':
      return conflictCode(decision.conflict);
    case 'keep':
    case 'write':
      return decision.conditions.filter(isReported).map(conditionCode).join(' ');
    case 'release':
      return 'release';
    default:
      return never(decision);
  }
}

/** Whenever a holder leaves, the new one is reported only on the contenders that come next. */
function conflictCode(conflict: AddressConflict): string {
  if (conflict.code === 'quota-reached') return `quota-reached ${conflict.key} ${conflict.limit}`;
  if (conflict.code === 'invalid-address') return `invalid-address ${conflict.field} ${conflict.fault.text}`;
  const address = formatAddress(conflict.address);
  return conflict.isBehindMany
    ? `address-in-use ${address} behind many`
    : `address-in-use ${address} ${conflict.holder} ${conflict.why.code}`;
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

/** What is worth an event when it is found, and no repetition. */
export function isNotice(decision: Decision): boolean {
  return 'conditions' in decision && decision.conditions.some(isIncomplete);
}

/** The Service has an address, but not all that is meant for it, or one that is meant for another Service. */
export function isIncomplete({ code }: Condition): boolean {
  return (
    code === 'one-family' ||
    code === 'not-shared' ||
    code === 'reservation-unused' ||
    code === 'reserved-for-other'
  );
}

/** Whether the condition is reported when it appears. Sharing is not: tables show it. */
function isReported(condition: Condition): boolean {
  return condition.code !== 'shared';
}

function failureCode(failure: AllocationFailure): string {
  if (isTargetFailure(failure)) return targetFailureOf(failure).problem;
  const family: Family | '' = 'family' in failure ? failure.family : '';
  const size = 'size' in failure ? failure.size : '';
  const sharing = failure.code === 'pool-full' ? noSharingCode(failure.noSharing) : '';
  const faults = 'faults' in failure ? faultsOf(failure.list, failure.faults) : '';
  return `${failure.code} ${'key' in failure ? failure.key : ''} ${family} ${size}${sharing}${faults}`;
}

function noSharingCode(reason: NoSharing | undefined): string {
  if (reason === undefined) return '';
  if (reason.code === 'not-eligible') return ` ${reason.why}`;
  const ports = reason.why.code === 'port-clash' ? reason.why.ports.join() : '';
  return ` ${formatAddress(reason.address)} ${reason.holder} ${reason.why.code} ${ports}`;
}

function notSharedCode(why: NotShared | undefined): string | undefined {
  return why?.code === 'set-aside' ? why.reservation.why : why?.code;
}

/** Identifies a condition: equal as long as there is nothing new to say. */
export function conditionCode(condition: Condition): string {
  switch (condition.code) {
    case 'conflict':
    case 'contested': {
      const named = condition.services.map(({ service, why }) => `${service} ${why.code}`);
      return `${condition.code} ${formatAddress(condition.address)} ${named.join(' ')}`;
    }
    case 'claimed':
      return `claimed ${formatAddress(condition.address)} ${condition.owner.parent}`;
    case 'outside-pool':
      return `outside-pool ${formatAddress(condition.address)} ${condition.key}${condition.why === undefined ? '' : ` ${condition.why.code}`}`;
    case 'not-shared':
      return `not-shared ${condition.other} ${formatAddress(condition.address)} ${notSharedCode(condition.why)}`;
    case 'reserved-for-other':
      return `reserved-for-other ${formatAddress(condition.address)} ${condition.service}`;
    case 'reservation-unused':
      return `reservation-unused ${formatAddress(condition.address)} ${condition.holders.join()}`;
    case 'pending-change':
      return `pending-change ${condition.change} ${condition.failures.map(failureCode).join(' ')}`;
    case 'one-family': {
      const { missing, pool = '', why } = condition;
      const code = why === 'static' ? why : 'from' in why ? 'available' : why.map(failureCode).join(' ');
      return `one-family ${missing} ${pool} ${code}`;
    }
    case 'wrong-family':
      return `wrong-family ${formatAddress(condition.address)} ${condition.families.join()} ${condition.policy}`;
    case 'local-traffic':
      return `local-traffic ${formatAddress(condition.address)} ${condition.areAllLocal} ${condition.others.slice(0, maxNamed).join()}`;
    case 'read-as-hostname':
      return `read-as-hostname ${condition.text}`;
    default:
      return condition.code;
  }
}
