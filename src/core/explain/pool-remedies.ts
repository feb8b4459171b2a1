import { type ConfigProblem, poolKeysOf } from '../config/config.ts';
import { allocate, isInPool } from '../decide/allocate.ts';
import type { AllocationFailure } from '../decide/allocation-failure.ts';
import type { Address, Family } from '../ip/address.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { addressesOf } from '../model/address-list.ts';
import type { ConfigMap } from '../model/objects.ts';
import type { Options } from '../model/options.ts';
import type { ServiceKey } from '../model/service-view.ts';
import { quoted } from '../text/quote.ts';
import { explainFault } from './explain-config.ts';
import { patchConfigMap, patchPools, patchService, pointer } from './kubectl-commands.ts';
import type { Remedy, RemedyContext } from './remedy.ts';

/** Why a pool has no address for a Service, and what helps. */
export function remediesForFailure(
  state: ServiceState,
  failure: AllocationFailure,
  context: RemedyContext,
): Remedy[] {
  const { options, configMap } = context;
  const { namespace } = state.view;
  const { name, namespace: where } = options.configMap;
  switch (failure.code) {
    case 'no-config-map':
      return [
        {
          advice:
            'Create the ConfigMap, with a block of your network that nobody else uses in place of ADDRESSES.',
          command: `kubectl create configmap ${name} --namespace ${where} --from-literal cidr-global=ADDRESSES`,
        },
      ];
    case 'no-pool':
      return [...misspelledKey(namespace, context), newPool(`cidr-${namespace}`, context)];
    case 'pool-empty': {
      const mended = fixedEntries(failure.key, context);
      if (mended.length > 0) return mended;
      return [
        {
          advice: `Add a block or a range to ${failure.key}, in place of ADDRESSES.`,
          command: patchPools(options, failure.key, 'ADDRESSES'),
        },
      ];
    }
    case 'family-not-in-pool':
      return [
        ...relaxPolicy(state, context),
        addAddresses(failure.key, `${failure.family} `, configMap, options),
      ];
    case 'pool-full':
      return [
        ...fixedEntries(failure.key, context),
        addAddresses(failure.key, '', configMap, options),
        ...deleteHolder(failure.key, failure.family, context),
      ];
  }
}

/** A key with a slip in it that would be the pool of the namespace. */
function misspelledKey(namespace: string, { allocator, options }: RemedyContext): Remedy[] {
  const keys = poolKeysOf(namespace);
  return allocator.config.problems.flatMap((problem): Remedy[] => {
    if (problem.code !== 'unknown-key' || problem.suggestion === undefined) return [];
    if (!keys.includes(problem.suggestion)) return [];
    const move = [{ op: 'move', from: `/data/${pointer(problem.key)}`, path: `/data/${problem.suggestion}` }];
    return [
      {
        advice: `Mend the key ${quoted(problem.key)}: nothing is called that. It is to be ${problem.suggestion}.`,
        command: patchConfigMap(options, 'json', move),
      },
    ];
  });
}

/** Entries of the pool that cannot be read, one after the other; all of them mended in one command where that can be told. */
function fixedEntries(key: string, { allocator, options, configMap }: RemedyContext): Remedy[] {
  const bad = allocator.config.problems.filter(
    (problem): problem is ConfigProblem & { code: 'bad-entry' } =>
      problem.code === 'bad-entry' && problem.key === key,
  );
  if (bad.length === 0) return [];
  const whole = bad
    .map(({ entry, fault }) => `${quoted(entry)} ${explainFault(fault, entry)}`)
    .join(', and ');
  const value = configMap?.data?.[key] ?? '';
  const parts = value.split(',').map((part) => part.trim());
  const mended = parts.map((part) => {
    const problem = bad.find(({ entry }) => entry === part);
    return problem === undefined ? part : (problem.suggestion ?? 'ADDRESSES');
  });
  return [
    {
      advice: `Mend what is wrong in ${key}: ${whole}.`,
      command: patchPools(options, key, mended.filter((part) => part !== '').join(',')),
    },
  ];
}

/** A key that stands under binaryData is refused under data as long as it does. */
function newPool(key: string, { options, configMap }: RemedyContext): Remedy {
  const isBinary = configMap?.binaryData?.[key] !== undefined;
  const removed = isBinary ? ' What stands under binaryData, where nobody reads it, is removed.' : '';
  const patch = { ...(isBinary ? { binaryData: { [key]: null } } : {}), data: { [key]: 'ADDRESSES' } };
  return {
    advice: `Give the namespace a pool, with a block of your network that nobody else uses in place of ADDRESSES.${removed}`,
    command: patchConfigMap(options, 'merge', patch),
  };
}

function addAddresses(key: string, kind: string, configMap: ConfigMap | undefined, options: Options): Remedy {
  const value = (configMap?.data?.[key] ?? '').trim().replace(/[,\s]+$/, '');
  return {
    advice: `Add ${kind}addresses to ${key}: a block or a range of your network that nobody else uses, in place of ADDRESSES.`,
    command: patchPools(options, key, value === '' ? 'ADDRESSES' : `${value},ADDRESSES`),
  };
}

/** Both families are asked for, and one is enough. */
function relaxPolicy(state: ServiceState, { allocator }: RemedyContext): Remedy[] {
  const { view, intent } = state;
  if (view.policy !== 'RequireDualStack') return [];
  const held = 'list' in intent ? addressesOf(intent.list) : [];
  const eased: ServiceState = { ...state, view: { ...view, policy: 'PreferDualStack' } };
  // Of the other family there may be none either.
  if ('failures' in allocate(eased, held, allocator)) return [];
  return [
    {
      advice: 'Let it do with one family until the pool has both.',
      command: patchService(view, { spec: { ipFamilyPolicy: 'PreferDualStack' } }),
    },
  ];
}

/** As many as a sentence has room for. */
const mostNamed = 5;

/** Whose deletion would free an address of the pool: O(Services). */
function deleteHolder(
  key: string,
  family: Family,
  { allocator: { ledger, config } }: RemedyContext,
): Remedy[] {
  const pool = config.pools.get(key);
  if (pool === undefined) return [];
  // An address that several show stays in use when one of them goes.
  const isAlone = (address: Address): boolean =>
    ledger.servicesAt(address).length === 1 && ledger.claimOwner(address) === undefined;
  const names: ServiceKey[] = [];
  for (const { key: name, usedIPs } of ledger.all())
    if (usedIPs.some((address) => address.family === family && isInPool(pool, address) && isAlone(address)))
      names.push(name);
  names.sort();
  if (names.length === 0) return [];
  const shown = names.slice(0, mostNamed).join(', ');
  const rest = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : '';
  const one = names.length === 1 ? 'the Service that has it' : 'one of the Services that have its addresses';
  return [
    {
      advice: `Or delete ${one}, if it is no longer needed: ${shown}${rest}.`,
      command: 'kubectl delete service NAME --namespace NAMESPACE',
    },
  ];
}
