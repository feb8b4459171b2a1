import { poolKey } from '../config/keys.ts';
import { policyFor } from '../config/policy.ts';
import { allocate } from '../decide/allocate.ts';
import type { AllocationFailure } from '../decide/allocation-failure.ts';
import { requestOf } from '../decide/allocation-request.ts';
import { subjectOf } from '../decide/facts.ts';
import { hasStatusOnly, type ServiceState } from '../ledger/service-state.ts';
import type { ServiceView } from '../model/service-view.ts';
import { annotations } from '../model/well-known-names.ts';
import { nearestWord } from '../text/nearest.ts';
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
  if (gets(state, { pool: undefined }, context))
    remedies.push({
      advice: `Remove the annotation ${annotations.pool}. The Service then gets an address as others in namespace ${namespace} do.`,
      command: annotate(state.view, `${annotations.pool}-`),
    });
  // A list cannot name the pools of the older keys.
  const canExtend =
    list.startsWith('pools-') && pools.every((name) => allocator.config.pools.has(poolKey(name)));
  if (!canExtend) return remedies.length > 0 ? remedies : [missingPools(pools, context)];
  const advice = `${remedies.length > 0 ? 'Or let' : 'Let'} Services in namespace ${namespace} use ${pools.join(' and ')}.`;
  const command = patchPools(options, `pools-${namespace}`, [...listed, ...pools].join(','));
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
  { list, listed }: FailureWith<'no-pool-chosen'>,
  context: RemedyContext,
): Remedy[] {
  const remedies = namedPools(state, listed, context);
  if (remedies.length > 0) return remedies;
  return [
    {
      advice: `Add a pool to ${list} that is for all Services of the namespace: replace POOL.`,
      command: patchPools(context.options, list, [...listed, 'POOL'].join(',')),
    },
  ];
}

/** No pool on the list exists. */
export function remediesForEmptyList({ list }: FailureWith<'list-empty'>, context: RemedyContext): Remedy[] {
  const { options, allocator } = context;
  const { config } = allocator;
  const names = config.settings.pools.namespace.get(list.slice('pools-'.length)) ?? [];
  const known = [...config.pools.keys()].flatMap((key) =>
    key.startsWith(poolKey('')) ? key.slice(poolKey('').length) : [],
  );
  const meant = names.flatMap((name) => nearestWord(name, known) ?? []);
  const corrected: Remedy = {
    advice: `Correct ${list}, if ${meant.join(' and ')} is meant.`,
    command: patchPools(options, list, [...new Set(meant)].join(',')),
  };
  const [first] = names;
  return [
    ...(meant.length > 0 ? [corrected] : []),
    ...(first === undefined
      ? [
          {
            advice: `Add the name of a pool to ${list}: replace POOL.`,
            command: patchPools(options, list, 'POOL'),
          },
        ]
      : [
          {
            advice: `Add pool ${first}: replace ADDRESSES with an unused block or range of your network.`,
            command: patchPools(options, poolKey(first), 'ADDRESSES'),
          },
        ]),
  ];
}

/** The pools of the list from which the Service would get an address if it named them. */
export function namedPools(state: ServiceState, names: readonly string[], context: RemedyContext): Remedy[] {
  return names
    .slice(0, maxTried)
    .filter((pool) => gets(state, { pool }, context))
    .slice(0, maxNamed)
    .map((pool) => ({
      advice: `Use pool ${pool}.`,
      command: annotate(state.view, `${annotations.pool}=${pool}`),
    }));
}

const maxTried = 20;
const maxNamed = 3;

/** Whether the Service would get an address with these fields. */
function gets(state: ServiceState, fields: Partial<ServiceView>, { allocator }: RemedyContext): boolean {
  const changed = { ...state, view: { ...state.view, ...fields } };
  return 'addresses' in allocate(requestOf(subjectOf(changed, allocator)), allocator);
}

/** Increase the quota by what the Service needs, or give an address back. */
export function remediesForQuota(
  state: ServiceState,
  { key, namespace, limit, held }: Pick<FailureWith<'quota-reached'>, 'key' | 'namespace' | 'limit' | 'held'>,
  context: RemedyContext,
): Remedy[] {
  const needed = Math.max(limit, held) + addressesFor(state, context);
  const own = key === `quota-${namespace}` ? key : `quota-${namespace}`;
  const advice =
    own === key
      ? `Increase ${key}, if the namespace may have more addresses.`
      : `Give namespace ${namespace} a quota of its own, if it may have more addresses than ${key} allows.`;
  return [
    { advice, command: patchPools(context.options, own, String(needed)) },
    ...deleteOneOf(state, namespace, context),
  ];
}

/** At most how many addresses the Service gets. */
function addressesFor({ intent, view }: ServiceState, { allocator }: RemedyContext): number {
  if (intent.kind === 'requested') return intent.list.length;
  const { groups } = policyFor(allocator.config, view);
  const families = view.policy === 'SingleStack' ? 1 : Math.max(1, view.families.length);
  return Math.max(1, groups.length) * families;
}

/** A Service of the namespace whose deletion gives an address back: O(Services). */
function deleteOneOf(state: ServiceState, namespace: string, { allocator }: RemedyContext): Remedy[] {
  const { ledger } = allocator;
  const names = [...ledger.all()]
    .filter((other) => other !== state && other.view.namespace === namespace && !hasStatusOnly(other))
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
