import type { Config } from '../config/config.ts';
import { nearestEntry, nearestKey, unreadableEntries } from '../config/corrections.ts';
import { keyFor } from '../config/keys.ts';
import { isInPool, listKeysOf, policyFor } from '../config/policy.ts';
import { allocate } from '../decide/allocate.ts';
import type { AllocationFailure, Excluded } from '../decide/allocation-failure.ts';
import { requestOf } from '../decide/allocation-request.ts';
import { subjectOf } from '../decide/facts.ts';
import type { Address } from '../ip/address.ts';
import { hasStatusOnly, type ServiceState } from '../ledger/service-state.ts';
import { addressesOf, formatAddressList } from '../model/address-list.ts';
import type { ConfigMap } from '../model/objects.ts';
import type { Options } from '../model/options.ts';
import type { ServiceKey } from '../model/service-view.ts';
import { annotations } from '../model/well-known-names.ts';
import { quoted } from '../text/quote.ts';
import { explainEntry, maxExplained } from './explain-config.ts';
import { annotate, patchConfigMap, patchPools, patchService, pointer } from './kubectl-commands.ts';
import {
  namedPools,
  remediesForEmptyList,
  remediesForNoneChosen,
  remediesForNotListed,
  remediesForQuota,
} from './list-remedies.ts';
import type { Remedy, RemedyContext } from './remedy.ts';

/** The remedies for an allocation failure. */
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
          advice: `Create the ConfigMap: ${replaceAddresses}`,
          command: `kubectl create configmap ${name} --namespace ${where} --from-literal cidr-global=ADDRESSES`,
        },
      ];
    case 'no-pool':
      return [...misspelledKey(namespace, context), newPool(keyFor('cidr', 'namespace', namespace), context)];
    case 'pool-not-listed':
      return remediesForNotListed(state, failure, context);
    case 'no-pool-chosen':
      return remediesForNoneChosen(state, failure, context);
    case 'list-empty':
      return remediesForEmptyList(failure, context);
    case 'quota-reached':
      return remediesForQuota(state, failure, context);
    case 'pool-empty': {
      if (failure.excluded > 0n) return remediesForExcluded(failure, '', context);
      const corrected = correctEntries(failure.key, context);
      if (corrected.length > 0) return corrected;
      return [
        {
          advice: `Add addresses to ${failure.key}: ${replaceAddresses}`,
          command: patchPools(options, failure.key, 'ADDRESSES'),
        },
      ];
    }
    case 'family-not-in-pool':
      if (failure.excluded > 0n)
        return [
          ...relaxPolicy(state, context),
          ...remediesForExcluded(failure, `${failure.family} `, context),
        ];
      return [
        ...relaxPolicy(state, context),
        addAddresses(failure.key, `${failure.family} `, configMap, options),
      ];
    case 'pool-full':
      return [
        ...correctEntries(failure.key, context),
        ...allowSharing(state, context),
        ...otherPools(state, context),
        addAddresses(failure.key, '', configMap, options),
        ...deleteHolder(state, failure, context),
      ];
    default:
      return [
        {
          advice: 'Withdraw the request. The Service keeps its addresses.',
          command: annotate(state.view, `${annotations.reallocate}-`),
        },
      ];
  }
}

/** The pools of the list that the Service did not choose. */
function otherPools(state: ServiceState, context: RemedyContext): Remedy[] {
  const { choice, listed, pools } = policyFor(context.allocator.config, state.view);
  if (choice.by === 'order' && pools.length === listed.length) return [];
  const others = listed.filter((pool) => !pools.includes(pool)).map(({ name }) => name);
  return namedPools(state, others, context);
}

/** Every address of the pool is excluded. */
function remediesForExcluded(
  { key, excludedBy }: Excluded & { readonly key: string },
  kind: string,
  { options, configMap }: RemedyContext,
): Remedy[] {
  const [by = ''] = excludedBy;
  return [
    {
      advice: `Exclude fewer addresses with ${by}: replace ADDRESSES.`,
      command: patchPools(options, by, 'ADDRESSES'),
    },
    addAddresses(key, kind, configMap, options),
  ];
}

const replaceAddresses = 'replace ADDRESSES with an unused block or range of your network.';

/** An unknown key that was probably meant as the pool of the namespace. */
function misspelledKey(namespace: string, { allocator, options }: RemedyContext): Remedy[] {
  const keys = listKeysOf(namespace);
  return allocator.config.problems.flatMap((problem): Remedy[] => {
    const meant = problem.code === 'unknown-key' ? nearestKey(problem.key) : undefined;
    if (meant === undefined || !keys.includes(meant)) return [];
    const move = [{ op: 'move', from: `/data/${pointer(problem.key)}`, path: `/data/${meant}` }];
    return [
      {
        advice: `Rename the unknown key ${quoted(problem.key)} to ${meant}.`,
        command: patchConfigMap(options, 'json', move),
      },
    ];
  });
}

/** One command that corrects all invalid entries of the pool. Entries without a suggestion become ADDRESSES. */
function correctEntries(key: string, { options, configMap }: RemedyContext): Remedy[] {
  const value = configMap?.data?.[key] ?? '';
  const invalid = new Set(unreadableEntries(value));
  // A command of thousands of corrections is none for people.
  if (invalid.size === 0 || invalid.size > maxExplained) return [];
  const faults = [...invalid].map(explainEntry).join(', and ');
  const parts = value.split(',').map((part) => part.trim());
  const corrected = parts.map((part) => (invalid.has(part) ? (nearestEntry(part) ?? 'ADDRESSES') : part));
  return [
    {
      advice: `Correct ${key}: ${faults}.`,
      command: patchPools(options, key, corrected.filter((part) => part !== '').join(',')),
    },
  ];
}

/** The API server rejects a key in data that is also in binaryData, so the command removes it there. */
function newPool(key: string, { options, configMap }: RemedyContext): Remedy {
  const isBinary = configMap?.binaryData?.[key] !== undefined;
  const removal = isBinary ? ' The command also removes the key from binaryData, which is ignored.' : '';
  const patch = { ...(isBinary ? { binaryData: { [key]: null } } : {}), data: { [key]: 'ADDRESSES' } };
  return {
    advice: `Add a pool for the namespace: ${replaceAddresses}${removal}`,
    command: patchConfigMap(options, 'merge', patch),
  };
}

function addAddresses(key: string, kind: string, configMap: ConfigMap | undefined, options: Options): Remedy {
  const value = (configMap?.data?.[key] ?? '').trim().replace(/[,\s]+$/, '');
  return {
    advice: `Add ${kind}addresses to ${key}: ${replaceAddresses}`,
    command: patchPools(options, key, value === '' ? 'ADDRESSES' : `${value},ADDRESSES`),
  };
}

/** Both families are required, but one of them would be available. */
function relaxPolicy(state: ServiceState, { allocator }: RemedyContext): Remedy[] {
  const { view, intent } = state;
  if (view.policy !== 'RequireDualStack') return [];
  const held = 'list' in intent ? addressesOf(intent.list) : [];
  // The other family may not be available either.
  if ('failures' in allocate({ ...requestOf(subjectOf(state, allocator), held), needs: 'any' }, allocator))
    return [];
  return [
    {
      advice: 'Accept one IP family until the pool has both.',
      command: patchService(view, { spec: { ipFamilyPolicy: 'PreferDualStack' } }),
    },
  ];
}

/** The Service could share an address, if the namespaces concerned allowed it. */
function allowSharing(state: ServiceState, { allocator, options }: RemedyContext): Remedy[] {
  const { ledger, config, nodes, now } = allocator;
  // The value of a pool has precedence over that of a namespace.
  const sharing = { ...config.settings['allow-share'], namespace: new Map([['global', true]]) };
  const everywhere: Config = { ...config, settings: { ...config.settings, 'allow-share': sharing } };
  const facts = { ledger, nodes, now, config: everywhere };
  const allocation = allocate(requestOf(subjectOf(state, facts)), facts);
  if ('failures' in allocation || allocation.sharedWith.length === 0) return [];
  const partners = allocation.sharedWith.map((key) => key.split('/')[0] ?? '');
  const closed = [...new Set([state.view.namespace, ...partners])].filter(
    (namespace) => !policyFor(config, { namespace }).sharing,
  );
  if (closed.length === 0) return [];
  const address = formatAddressList(allocation.addresses);
  const [first = '', ...rest] = [...allocation.sharedWith].sort();
  const others = rest.length > 0 ? ` and ${rest.length} more` : '';
  const where = closed.length === 1 ? `namespace ${closed[0]}` : `namespaces ${closed.join(' and ')}`;
  return [
    {
      advice: `Allow Services in ${where} to share addresses. This Service then shares ${address} with ${first}${others}.`,
      command: patchConfigMap(options, 'merge', {
        data: Object.fromEntries(
          closed.map((namespace) => [keyFor('allow-share', 'namespace', namespace), 'true']),
        ),
      }),
    },
  ];
}

/** A sentence names no more Services than this. */
const maxNamed = 5;

/** Names the Services whose deletion frees an address of the pool: O(Services). */
function deleteHolder(
  { key: service, view }: ServiceState,
  { key, family }: AllocationFailure & { code: 'pool-full' },
  { allocator: { ledger, config } }: RemedyContext,
): Remedy[] {
  const pool = policyFor(config, view).pools.find((pool) => pool.key === key);
  if (pool === undefined) return [];
  // An address that several Services use stays in use when one of them is deleted, and a reserved one is for another Service.
  const hasSingleUser = (address: Address): boolean =>
    ledger.servicesAt(address).length === 1 && ledger.reservations.blockers(address, service).length === 0;
  const names: ServiceKey[] = [];
  for (const state of ledger.all()) {
    // What the status of a Service without an address shows is another load balancer's.
    if (hasStatusOnly(state)) continue;
    const freed = state.usedIPs.filter((address) => address.family === family && hasSingleUser(address));
    if (freed.some((address) => isInPool(pool, address))) names.push(state.key);
  }
  names.sort();
  if (names.length === 0) return [];
  const shown = names.slice(0, maxNamed).join(', ');
  const rest = names.length > maxNamed ? ` and ${names.length - maxNamed} more` : '';
  return [
    {
      advice: `Or delete a Service that uses one of its addresses and is no longer needed: ${shown}${rest}.`,
      command: 'kubectl delete service NAME --namespace NAMESPACE',
    },
  ];
}
