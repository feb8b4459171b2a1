import { poolFor } from '../config/config.ts';
import { allocate, isInPool } from '../decide/allocate.ts';
import type { ServiceDecision } from '../decide/allocator.ts';
import type { AddressConflict, Condition, Decision } from '../decide/decision.ts';
import { type Address, formatAddress, sameAddress } from '../ip/address.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { addressesOf } from '../model/address-list.ts';
import type { Options } from '../model/options.ts';
import { annotations } from '../model/well-known-names.ts';
import { quoted } from '../text/quote.ts';
import { suggestedAddress } from './explain-decision.ts';
import { annotate, patchPools, patchService } from './kubectl-commands.ts';
import { remediesForFailure } from './pool-remedies.ts';
import type { Remedy, RemedyContext } from './remedy.ts';

/** What helps, the shortest way first; nothing where all is well. */
export function remediesFor({ state, decision }: ServiceDecision, context: RemedyContext): Remedy[] {
  switch (decision.kind) {
    case 'ignore':
      return remediesForIgnored(state, decision.why, context.options);
    case 'pending':
      return decision.failures.flatMap((failure) => remediesForFailure(state, failure, context));
    case 'conflict':
      return [
        ...remediesForConflict(state, decision.conflict, context),
        ...decision.failures.flatMap((failure) => remediesForFailure(state, failure, context)),
      ];
    case 'keep':
    case 'write':
      return decision.conditions.flatMap((condition) => remediesForCondition(state, condition, context));
    case 'release':
      return [];
  }
}

function remediesForIgnored(
  { view, record }: ServiceState,
  why: (Decision & { kind: 'ignore' })['why'],
  options: Options,
): Remedy[] {
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

function remediesForConflict(
  state: ServiceState,
  conflict: AddressConflict,
  context: RemedyContext,
): Remedy[] {
  const { view, intent } = state;
  if (conflict.code === 'invalid-address') {
    const meant = suggestedAddress(conflict);
    const remedies: Remedy[] = [];
    if (meant !== undefined)
      remedies.push({ advice: `Write ${meant}, if that is meant.`, command: ask(state, meant) });
    remedies.push({
      advice: `Take it off, and it ${afterRemoval(state, conflict.field, context)}.`,
      command:
        conflict.field === 'annotation'
          ? annotate(view, `${annotations.addresses}-`)
          : patchService(view, { spec: { loadBalancerIP: null } }),
    });
    return remedies;
  }
  const remedies: Remedy[] = [];
  if (!('failures' in allocate({ ...state, intent: { kind: 'new' } }, [], context.allocator)))
    remedies.push(reallocate(state, 'Let it have one from its pool instead.'));
  if (intent.kind === 'requested' || intent.kind === 'annotationRemoved' || intent.kind === 'copied')
    remedies.push({
      advice: 'Or ask for another address by name, in place of ADDRESS.',
      command: ask(state, 'ADDRESS'),
    });
  if (conflict.why.code === 'sharing-not-allowed')
    remedies.push({
      advice: `Or let the Services of the namespace ${conflict.why.namespace} share addresses, where their ports differ.`,
      command: patchPools(context.options, `allow-share-${conflict.why.namespace}`, 'true'),
    });
  if (conflict.why.code !== 'claimed')
    remedies.push({
      advice: `Or take ${formatAddress(conflict.address)} from ${conflict.holder}: this Service has it as soon as that one is gone, or has another.`,
      command: undefined,
    });
  return remedies;
}

/** What becomes of a Service whose unreadable field is taken off. */
function afterRemoval(
  state: ServiceState,
  field: 'annotation' | 'spec',
  { allocator }: RemedyContext,
): string {
  const { view, record } = state;
  if (record !== undefined) return 'has back what it had';
  if (field === 'annotation' && view.specIP !== undefined)
    return `asks for ${quoted(view.specIP)} (spec.loadBalancerIP)`;
  const hasRoom = !('failures' in allocate({ ...state, intent: { kind: 'new' } }, [], allocator));
  return hasRoom ? 'gets an address of its pool' : 'waits for an address, as there is none for it now';
}

function remediesForCondition(state: ServiceState, condition: Condition, context: RemedyContext): Remedy[] {
  switch (condition.code) {
    case 'conflict':
      return isReplaceable(state, condition.address, context)
        ? [reallocate(state, 'Let one of them have an address from its pool, this one, for example.')]
        : [
            {
              advice:
                'Let one of them ask for another address by name, in place of ADDRESS, this one, for example.',
              command: ask(state, 'ADDRESS'),
            },
          ];
    case 'outside-pool':
      return condition.key !== undefined && isReplaceable(state, condition.address, context)
        ? [
            reallocate(
              state,
              `It can stay. To have it back in ${condition.key}, which takes it down for a moment:`,
            ),
          ]
        : [];
    case 'pending-change':
      return condition.failures.flatMap((failure) => remediesForFailure(state, failure, context));
    case 'contested':
    case 'claimed':
    case 'shared':
    case 'global-namespace':
      return [];
  }
}

/** Whether a fresh allocation has another address of the same family: with PreferDualStack it may come without one. */
function isReplaceable(state: ServiceState, address: Address, { allocator }: RemedyContext): boolean {
  const { intent, view } = state;
  const pool = poolFor(allocator.config, view.namespace);
  const stays = ('list' in intent ? addressesOf(intent.list) : []).filter(
    (held) => !sameAddress(held, address) && pool !== undefined && isInPool(pool, held),
  );
  const found = allocate({ ...state, intent: { kind: 'new' } }, stays, allocator);
  return 'addresses' in found && found.addresses.some(({ family }) => family === address.family);
}

function reallocate({ view }: ServiceState, advice: string): Remedy {
  return { advice, command: annotate(view, `${annotations.reallocate}=true`) };
}

/** In the field that the Service asks by. */
function ask({ view, intent }: ServiceState, address: string): string {
  const isSpec = (intent.kind === 'requested' || intent.kind === 'unreadable') && intent.by === 'spec';
  return isSpec
    ? patchService(view, { spec: { loadBalancerIP: address } })
    : annotate(view, `${annotations.addresses}=${address}`);
}
