import { type Address, type Family, formatAddress, sameAddress } from './address.ts';
import { allocate, type Facts, isInPool, type Shortage } from './allocate.ts';
import type { Verdict } from './allocator.ts';
import type { Decision, Note, Refusal } from './decision.ts';
import { meantBy } from './explain.ts';
import { explainFault } from './explain-pools.ts';
import { addressesOf } from './list.ts';
import { annotations } from './names.ts';
import type { ConfigMap } from './objects.ts';
import type { Options } from './options.ts';
import { type PoolProblem, poolFor, poolKeysOf } from './pools.ts';
import { quoted } from './quote.ts';
import type { ServiceKey } from './service.ts';
import type { Standing } from './standing.ts';

/** A way out for a Service that does not have what it asks for. */
export interface Cure {
  /** What to do, as a sentence. */
  readonly advice: string;
  /** A command for a shell that does it; words in capitals are for the user to replace. Some ways out are no command. */
  readonly command: string | undefined;
}

export interface CureContext {
  /** Of an allocator, or of a moment of it. */
  readonly allocator: Facts;
  readonly options: Options;
  /** As it stands in the API, for commands that change one value of it. */
  readonly configMap: ConfigMap | undefined;
}

/** What helps, the shortest way first; nothing where all is well. */
export function curesFor({ standing, decision }: Verdict, context: CureContext): Cure[] {
  switch (decision.kind) {
    case 'ignore':
      return curesForIgnored(standing, decision.why, context.options);
    case 'wait':
      return decision.shortages.flatMap((shortage) => curesForShortage(standing, shortage, context));
    case 'refuse':
      return [
        ...curesForRefusal(standing, decision.refusal, context),
        ...decision.shortages.flatMap((shortage) => curesForShortage(standing, shortage, context)),
      ];
    case 'keep':
    case 'write':
      return decision.notes.flatMap((note) => curesForNote(standing, note, context));
    case 'release':
      return [];
  }
}

function curesForIgnored(
  { view, record }: Standing,
  why: (Decision & { kind: 'ignore' })['why'],
  options: Options,
): Cure[] {
  switch (why) {
    case 'not-a-load-balancer':
      return [
        {
          advice: 'Make it a LoadBalancer, if it is to have an address of its own.',
          command: patchService(view, { spec: { type: 'LoadBalancer' } }),
        },
      ];
    case 'ignored':
      return [
        {
          advice: `Take the annotation ${annotations.ignore} off.`,
          command: annotate(view, `${annotations.ignore}-`),
        },
      ];
    case 'other-class': {
      const ours = options.class === undefined ? 'without a class' : `with the class ${options.class}`;
      const theirs =
        view.class === undefined ? 'Services without a class' : `the class ${quoted(view.class)}`;
      return [
        {
          advice: `Leave it to the load balancer that serves ${theirs}. Kubernetes lets nobody change the class of a Service: to have it served here, delete it and create it ${ours}.`,
          command: undefined,
        },
      ];
    }
    case 'other-controller':
      return [
        {
          advice: `Ask the controller ${quoted(record?.controller ?? '')}: its record is on the Service, and only it changes it.`,
          command: undefined,
        },
      ];
    case 'being-deleted':
      return [
        {
          advice:
            'Look which finalizers hold it, and whose they are: it is gone when the last one is taken off.',
          command: `kubectl get service ${view.name} --namespace ${view.namespace} --output jsonpath='{.metadata.finalizers}'`,
        },
      ];
  }
}

function curesForShortage(standing: Standing, shortage: Shortage, context: CureContext): Cure[] {
  const { options, configMap } = context;
  const { namespace } = standing.view;
  const { name, namespace: where } = options.configMap;
  switch (shortage.code) {
    case 'no-config-map':
      return [
        {
          advice:
            'Create the ConfigMap, with a block of your network that nobody else uses in place of ADDRESSES.',
          command: `kubectl create configmap ${name} --namespace ${where} --from-literal cidr-global=ADDRESSES`,
        },
      ];
    case 'no-pool':
      return [...misspelt(namespace, context), newPool(`cidr-${namespace}`, context)];
    case 'pool-empty': {
      const mended = mendedEntries(shortage.key, context);
      if (mended.length > 0) return mended;
      return [
        {
          advice: `Add a block or a range to ${shortage.key}, in place of ADDRESSES.`,
          command: patchPools(options, shortage.key, 'ADDRESSES'),
        },
      ];
    }
    case 'family-not-in-pool':
      return [
        ...otherPolicy(standing, context),
        more(shortage.key, `${shortage.family} `, configMap, options),
      ];
    case 'pool-full':
      return [
        ...mendedEntries(shortage.key, context),
        more(shortage.key, '', configMap, options),
        ...leave(shortage.key, shortage.family, context),
      ];
  }
}

/** A key with a slip in it that would be the pool of the namespace. */
function misspelt(namespace: string, { allocator, options }: CureContext): Cure[] {
  const keys = poolKeysOf(namespace);
  return allocator.pools.problems.flatMap((problem): Cure[] => {
    if (problem.code !== 'unknown-key' || problem.suggestion === undefined) return [];
    if (!keys.includes(problem.suggestion)) return [];
    const move = [{ op: 'move', from: `/data/${pointer(problem.key)}`, path: `/data/${problem.suggestion}` }];
    return [
      {
        advice: `Mend the key ${quoted(problem.key)}: nothing is called that. It is to be ${problem.suggestion}.`,
        command: `${patchCommand(options)} --type json --patch ${inShell(move)}`,
      },
    ];
  });
}

/** Entries of the pool that cannot be read, one after the other; all of them mended in one command where that can be told. */
function mendedEntries(key: string, { allocator, options, configMap }: CureContext): Cure[] {
  const bad = allocator.pools.problems.filter(
    (problem): problem is PoolProblem & { code: 'bad-entry' } =>
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
function newPool(key: string, { options, configMap }: CureContext): Cure {
  const isBinary = configMap?.binaryData?.[key] !== undefined;
  const removed = isBinary ? ' What stands under binaryData, where nobody reads it, is removed.' : '';
  const patch = { ...(isBinary ? { binaryData: { [key]: null } } : {}), data: { [key]: 'ADDRESSES' } };
  return {
    advice: `Give the namespace a pool, with a block of your network that nobody else uses in place of ADDRESSES.${removed}`,
    command: `${patchCommand(options)} --type merge --patch ${inShell(patch)}`,
  };
}

function more(key: string, kind: string, configMap: ConfigMap | undefined, options: Options): Cure {
  const value = (configMap?.data?.[key] ?? '').trim().replace(/[,\s]+$/, '');
  return {
    advice: `Add ${kind}addresses to ${key}: a block or a range of your network that nobody else uses, in place of ADDRESSES.`,
    command: patchPools(options, key, value === '' ? 'ADDRESSES' : `${value},ADDRESSES`),
  };
}

/** Both families are asked for, and one is enough. */
function otherPolicy(standing: Standing, { allocator }: CureContext): Cure[] {
  const { view, intent } = standing;
  if (view.policy !== 'RequireDualStack') return [];
  const held = 'list' in intent ? addressesOf(intent.list) : [];
  const eased: Standing = { ...standing, view: { ...view, policy: 'PreferDualStack' } };
  // Of the other family there may be none either.
  if ('shortages' in allocate(eased, held, allocator)) return [];
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
function leave(key: string, family: Family, { allocator: { ledger, pools } }: CureContext): Cure[] {
  const pool = pools.byKey.get(key);
  if (pool === undefined) return [];
  // An address that several show stays in use when one of them goes.
  const isAlone = (address: Address): boolean =>
    ledger.showing(address).length === 1 && ledger.owner(address) === undefined;
  const names: ServiceKey[] = [];
  for (const { key: name, shows } of ledger.all())
    if (shows.some((address) => address.family === family && isInPool(pool, address) && isAlone(address)))
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

function curesForRefusal(standing: Standing, refusal: Refusal, context: CureContext): Cure[] {
  const { view, intent } = standing;
  if (refusal.code === 'not-an-address') {
    const meant = meantBy(refusal);
    const cures: Cure[] = [];
    if (meant !== undefined)
      cures.push({ advice: `Write ${meant}, if that is meant.`, command: ask(standing, meant) });
    cures.push({
      advice: `Take it off, and it ${whatIsLeft(standing, refusal.field, context)}.`,
      command:
        refusal.field === 'annotation'
          ? annotate(view, `${annotations.addresses}-`)
          : patchService(view, { spec: { loadBalancerIP: null } }),
    });
    return cures;
  }
  const cures: Cure[] = [];
  if (!('shortages' in allocate({ ...standing, intent: { kind: 'fresh' } }, [], context.allocator)))
    cures.push(reallocate(standing, 'Let it have one from its pool instead.'));
  if (intent.kind === 'asked' || intent.kind === 'stripped' || intent.kind === 'copy')
    cures.push({
      advice: 'Or ask for another address by name, in place of ADDRESS.',
      command: ask(standing, 'ADDRESS'),
    });
  if (refusal.why.code === 'sharing-not-allowed')
    cures.push({
      advice: `Or let the Services of the namespace ${refusal.why.namespace} share addresses, where their ports differ.`,
      command: patchPools(context.options, `allow-share-${refusal.why.namespace}`, 'true'),
    });
  if (refusal.why.code !== 'claimed')
    cures.push({
      advice: `Or take ${formatAddress(refusal.address)} from ${refusal.holder}: this Service has it as soon as that one is gone, or has another.`,
      command: undefined,
    });
  return cures;
}

/** What becomes of a Service whose unreadable field is taken off. */
function whatIsLeft(standing: Standing, field: 'annotation' | 'spec', { allocator }: CureContext): string {
  const { view, record } = standing;
  if (record !== undefined) return 'has back what it had';
  if (field === 'annotation' && view.specIP !== undefined)
    return `asks for ${quoted(view.specIP)} (spec.loadBalancerIP)`;
  const hasRoom = !('shortages' in allocate({ ...standing, intent: { kind: 'fresh' } }, [], allocator));
  return hasRoom ? 'gets an address of its pool' : 'waits for an address, as there is none for it now';
}

function curesForNote(standing: Standing, note: Note, context: CureContext): Cure[] {
  switch (note.code) {
    case 'conflict':
      return isReplaceable(standing, note.address, context)
        ? [reallocate(standing, 'Let one of them have an address from its pool, this one, for example.')]
        : [
            {
              advice:
                'Let one of them ask for another address by name, in place of ADDRESS, this one, for example.',
              command: ask(standing, 'ADDRESS'),
            },
          ];
    case 'outside-pool':
      return note.key !== undefined && isReplaceable(standing, note.address, context)
        ? [
            reallocate(
              standing,
              `It can stay. To have it back in ${note.key}, which takes it down for a moment:`,
            ),
          ]
        : [];
    case 'unmet':
      return note.shortages.flatMap((shortage) => curesForShortage(standing, shortage, context));
    case 'contested':
    case 'claimed':
    case 'shared':
    case 'global-namespace':
      return [];
  }
}

/** Whether a fresh allocation has another address of the same family: with PreferDualStack it may come without one. */
function isReplaceable(standing: Standing, address: Address, { allocator }: CureContext): boolean {
  const { intent, view } = standing;
  const pool = poolFor(allocator.pools, view.namespace);
  const stays = ('list' in intent ? addressesOf(intent.list) : []).filter(
    (held) => !sameAddress(held, address) && pool !== undefined && isInPool(pool, held),
  );
  const found = allocate({ ...standing, intent: { kind: 'fresh' } }, stays, allocator);
  return 'addresses' in found && found.addresses.some(({ family }) => family === address.family);
}

function reallocate({ view }: Standing, advice: string): Cure {
  return { advice, command: annotate(view, `${annotations.reallocate}=true`) };
}

/** In the field that the Service asks by. */
function ask({ view, intent }: Standing, address: string): string {
  const isSpec = (intent.kind === 'asked' || intent.kind === 'unreadable') && intent.by === 'spec';
  return isSpec
    ? patchService(view, { spec: { loadBalancerIP: address } })
    : annotate(view, `${annotations.addresses}=${address}`);
}

interface Named {
  readonly name: string;
  readonly namespace: string;
}

function annotate({ name, namespace }: Named, annotation: string): string {
  return `kubectl annotate service ${name} --namespace ${namespace} --overwrite ${annotation}`;
}

function patchService({ name, namespace }: Named, patch: object): string {
  return `kubectl patch service ${name} --namespace ${namespace} --type merge --patch ${inShell(patch)}`;
}

function patchCommand({ configMap: { name, namespace } }: Options): string {
  return `kubectl patch configmap ${name} --namespace ${namespace}`;
}

function patchPools(options: Options, key: string, value: string): string {
  return `${patchCommand(options)} --type merge --patch ${inShell({ data: { [key]: value } })}`;
}

/** A key or a value may be anybody's text: nothing in it ends the quotes. */
function inShell(patch: object): string {
  return `'${JSON.stringify(patch).replaceAll("'", "'\\''")}'`;
}

/** RFC 6901 section 3. */
function pointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
