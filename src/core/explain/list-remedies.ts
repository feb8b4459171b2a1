import { keyFor, poolKey, targetIn } from '../config/keys.ts';
import { listEntriesIn } from '../config/list-entries.ts';
import type { ListFaults } from '../config/list-faults.ts';
import { listIn, policyFor } from '../config/policy.ts';
import { allocate } from '../decide/allocate.ts';
import type { AllocationFailure } from '../decide/allocation-failure.ts';
import { requestOf } from '../decide/allocation-request.ts';
import { decide } from '../decide/decide.ts';
import type { Condition } from '../decide/decision.ts';
import { none } from '../ip/short-lists.ts';
import { hasStatusOnly, type ServiceState } from '../ledger/service-state.ts';
import { annotations } from '../model/well-known-names.ts';
import { nearestWord } from '../text/nearest.ts';
import { meantPools } from './explain-config.ts';
import { annotate, patchPools } from './kubectl-commands.ts';
import type { Remedy, RemedyContext } from './remedy.ts';

/** The remedies for a Service that no pool on the list of its namespace serves, or whose namespace has no room for it. */

type FailureWith<Code extends AllocationFailure['code']> = AllocationFailure & { readonly code: Code };

/** Name a pool that the namespace can use, or let it use those that are named. */
export function remediesForNotListed(
  state: ServiceState,
  { namespace, list, pools, listed }: FailureWith<'pool-not-listed'>,
  context: RemedyContext,
): Remedy[] {
  const { options, allocator } = context;
  const meant = pools.flatMap((name) => nearestWord(name, listed) ?? []);
  const ordered = [...new Set([...meant, ...listed])];
  const remedies = namedPools(state, ordered, context);
  if (gets(state, undefined, context))
    remedies.push({
      advice: `Remove the annotation ${annotations.pool}. The Service then gets an address as others in namespace ${namespace} do.`,
      command: annotate(state.view, `${annotations.pool}-`),
    });
  // A list cannot name the pools of the older keys.
  const canExtend =
    targetIn('pools', 'namespace', list) !== undefined &&
    pools.every((name) => allocator.config.pools.has(poolKey(name)));
  if (!canExtend) return remedies.length > 0 ? remedies : [missingPools(pools, context)];
  const advice = `${remedies.length > 0 ? 'Or let' : 'Let'} Services in namespace ${namespace} use ${pools.join(' and ')}.`;
  const command = patchPools(
    options,
    keyFor('pools', 'namespace', namespace),
    [...listed, ...pools].join(','),
  );
  return [...remedies, { advice, command }];
}

function missingPools(pools: readonly string[], { options }: RemedyContext): Remedy {
  const [first = ''] = pools;
  return {
    advice: `Add pool ${first}, and then its name to a list: replace ADDRESSES with an unused block or range of your network.`,
    command: patchPools(options, poolKey(first), 'ADDRESSES'),
  };
}

/** All pools on the list are for other Services. */
export function remediesForNoneChosen(
  state: ServiceState,
  { list, listed, faults }: FailureWith<'no-pool-chosen'>,
  context: RemedyContext,
): Remedy[] {
  const remedies = [...correctedList(list, faults, context), ...namedPools(state, listed, context)];
  if (remedies.length > 0) return remedies;
  return [
    {
      advice: `Add a pool to ${list} that is for all Services of the namespace: replace POOL.`,
      command: patchPools(context.options, list, [...listed, 'POOL'].join(',')),
    },
  ];
}

/** The list names no pool that exists. */
export function remediesForEmptyList(
  { list, faults }: FailureWith<'list-empty'>,
  context: RemedyContext,
): Remedy[] {
  const remedies = correctedList(list, faults, context);
  if (remedies.length > 0) return remedies;
  return [
    {
      advice: `Add the name of a pool to ${list}: replace POOL.`,
      command: patchPools(context.options, list, 'POOL'),
    },
  ];
}

/** Write what was probably meant on the list, or add a pool that is missing. */
function correctedList(
  list: string,
  { missing, invalid }: ListFaults,
  { options, allocator, configMap }: RemedyContext,
): Remedy[] {
  const corrections = new Map([
    ...missing.map(({ name, meant }) => [name, meant] as const),
    ...invalid.map((entry) => [entry, meantPools(entry)] as const),
  ]);
  const names = listIn(allocator.config, list) ?? [];
  const written = configMap?.data?.[list];
  const entries = written === undefined ? [...names, ...invalid] : [...listEntriesIn(written)];
  const meant = [...corrections.values()].flatMap((one) => one ?? []);
  const corrected = entries.flatMap((entry) => (corrections.get(entry) ?? entry).split(', '));
  const [first] = missing;
  return [
    ...(meant.length > 0
      ? [
          {
            advice: `Correct ${list}, if ${[...new Set(meant)].join(' and ')} is meant.`,
            command: patchPools(options, list, [...new Set(corrected)].join(',')),
          },
        ]
      : []),
    ...(first === undefined
      ? []
      : [
          {
            advice: `Add pool ${first.name}: replace ADDRESSES with an unused block or range of your network.`,
            command: patchPools(options, poolKey(first.name), 'ADDRESSES'),
          },
        ]),
  ];
}

/** The pools of the list from which the Service would get an address if it named them. */
export function namedPools(state: ServiceState, names: readonly string[], context: RemedyContext): Remedy[] {
  return names
    .slice(0, maxTried)
    .filter((pool) => gets(state, pool, context))
    .slice(0, maxNamed)
    .map((pool) => ({
      advice: `Use pool ${pool}.`,
      command: annotate(state.view, `${annotations.pool}=${pool}`),
    }));
}

const maxTried = 20;
const maxNamed = 3;

/**
 * Whether the Service would get an address from this pool, or without naming one. A quota is a problem of its own, and the edit ends
 * the reservations for earlier writes.
 */
function gets(state: ServiceState, pool: string | undefined, { allocator: facts }: RemedyContext): boolean {
  const policy = { ...policyFor(facts.config, { ...state.view, pool }), quota: undefined };
  return 'addresses' in allocate({ ...requestOf({ state, policy, facts }), reserved: none }, facts);
}

/** Increase the quota to the smallest one that is enough, or give an address back. */
export function remediesForQuota(
  state: ServiceState,
  { key, namespace, limit, held }: Pick<FailureWith<'quota-reached'>, 'key' | 'namespace' | 'limit' | 'held'>,
  context: RemedyContext,
): Remedy[] {
  const enough = enoughFor(state, Math.max(limit, held), context);
  const own = keyFor('quota', 'namespace', namespace);
  const advice =
    own === key
      ? `Increase ${key}, if the namespace may have more addresses.`
      : `Give namespace ${namespace} a quota of its own, if it may have more addresses than ${key} allows.`;
  return [
    { advice, command: patchPools(context.options, own, String(enough)) },
    ...deleteOneOf(state, namespace, context),
  ];
}

/** The smallest quota above this one with which the Service gets its addresses; if it lacks something else, too, what it needs at most. */
function enoughFor(service: ServiceState, reached: number, context: RemedyContext): number {
  const { allocator, options } = context;
  const most = reached + addressesFor(service, context);
  // The ledger may be that of a simulated outcome, which has a state of its own for the Service.
  const state = allocator.ledger.get(service.key);
  if (state === undefined) return most;
  const { config, ledger, nodes, now } = allocator;
  const isAssigned = 'conditions' in decide(state, allocator, options.controller).decision;
  for (let limit = reached + 1; limit < most; limit += 1) {
    const namespace = new Map(config.settings.quota.namespace).set(state.view.namespace, limit);
    const settings = { ...config.settings, quota: { ...config.settings.quota, namespace } };
    const facts = { ledger, nodes, now, config: { ...config, settings } };
    const { decision } = decide(state, facts, options.controller);
    // One address is enough for a Service that has none, even if two would be better.
    if ('conditions' in decision && !(isAssigned && isShortOfQuota(decision.conditions))) return limit;
  }
  return most;
}

/** At most how many addresses the Service gets. */
function addressesFor({ intent, view }: ServiceState, { allocator }: RemedyContext): number {
  if (intent.kind === 'requested') return intent.list.length;
  const { groups } = policyFor(allocator.config, view);
  const families = view.policy === 'SingleStack' ? 1 : Math.max(1, view.families.length);
  return Math.max(1, groups.length) * families;
}

/** Whether the quota is the reason that an assigned Service does not have all that it needs. */
function isShortOfQuota(conditions: readonly Condition[]): boolean {
  const isReached = ({ code }: AllocationFailure): boolean => code === 'quota-reached';
  return conditions.some(
    (condition) =>
      (condition.code === 'pending-change' && condition.failures.some(isReached)) ||
      (condition.code === 'one-family' && Array.isArray(condition.why) && condition.why.some(isReached)),
  );
}

/** Another Service of the namespace whose deletion gives an address back: O(Services). */
function deleteOneOf(state: ServiceState, namespace: string, { allocator }: RemedyContext): Remedy[] {
  const { ledger } = allocator;
  const names = [...ledger.all()]
    .filter((other) => other.key !== state.key && other.view.namespace === namespace && !hasStatusOnly(other))
    .filter(({ usedIPs, view }) => {
      return view.labeled && usedIPs.some((address) => ledger.servicesAt(address).length === 1);
    })
    .map(({ key }) => key)
    .sort();
  if (names.length === 0) return [];
  const rest = names.length > maxNamed ? ` and ${names.length - maxNamed} more` : '';
  return [
    {
      advice: `Or delete a Service of the namespace that is no longer needed: ${names.slice(0, maxNamed).join(', ')}${rest}.`,
      command: 'kubectl delete service NAME --namespace NAMESPACE',
    },
  ];
}
