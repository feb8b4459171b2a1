import { keyFor } from '../config/keys.ts';
import { allocate } from '../decide/allocate.ts';
import { requestOf } from '../decide/allocation-request.ts';
import type { ServiceDecision } from '../decide/allocator.ts';
import type { AddressConflict, Condition, Decision } from '../decide/decision.ts';
import { subjectOf } from '../decide/facts.ts';
import { reallocation } from '../decide/reallocation.ts';
import { type Address, formatAddress, sameAddress } from '../ip/address.ts';
import type { ServiceState } from '../ledger/service-state.ts';
import { addressesOf } from '../model/address-list.ts';
import type { Options } from '../model/options.ts';
import { annotations } from '../model/well-known-names.ts';
import { quoted } from '../text/quote.ts';
import { remediesForAnnotations } from './explain-annotation.ts';
import { suggestedAddress } from './explain-decision.ts';
import { annotate, patchPools, patchService } from './kubectl-commands.ts';
import { remediesForQuota } from './list-remedies.ts';
import { remediesForFailure } from './pool-remedies.ts';
import type { Remedy, RemedyContext } from './remedy.ts';

/** The remedies for a Service, the simplest one first; empty if nothing is wrong. */
export function remediesFor(decided: ServiceDecision, context: RemedyContext): Remedy[] {
  const { view } = decided.state;
  // Several failures can have the same remedy.
  const byText = new Map(
    remediesForDecision(decided, context).map((one) => [`${one.advice} ${one.command}`, one]),
  );
  const ofDecision = [...byText.values()];
  return decided.decision.kind === 'ignore'
    ? ofDecision
    : [...remediesForAnnotations(view, view.unread), ...ofDecision];
}

function remediesForDecision({ state, decision }: ServiceDecision, context: RemedyContext): Remedy[] {
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
          advice: 'Change the type to LoadBalancer, if the Service needs an address of its own.',
          command: patchService(view, { spec: { type: 'LoadBalancer' } }),
        },
      ];
    case 'ignored':
      return [
        {
          advice: `Remove the annotation ${annotations.ignore}.`,
          command: annotate(view, `${annotations.ignore}-`),
        },
      ];
    case 'other-class': {
      const ours = options.class === undefined ? 'without a class' : `with the class ${options.class}`;
      const theirs =
        view.class === undefined ? 'Services without a class' : `the class ${quoted(view.class)}`;
      return [
        {
          advice: `Leave the Service to the load balancer that handles ${theirs}. Kubernetes does not allow changing the class of a Service: to use this controller, delete the Service and create it ${ours}.`,
          command: undefined,
        },
      ];
    }
    case 'other-controller':
      return [
        {
          advice: `Check that controller ${quoted(record?.controller ?? '')} is running: only it changes this Service.`,
          command: undefined,
        },
      ];
    case 'being-deleted':
      return [
        {
          advice: 'Check which finalizers block the deletion. It completes when the last one is removed.',
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
    const suggestion = suggestedAddress(conflict);
    const remedies: Remedy[] = [];
    if (suggestion !== undefined)
      remedies.push({
        advice: `Use ${suggestion}, if that is the intended address.`,
        command: request(state, suggestion),
      });
    remedies.push({
      advice: `Remove the value. The Service then ${afterRemoval(state, conflict.field, context)}.`,
      command:
        conflict.field === 'annotation'
          ? annotate(view, `${annotations.addresses}-`)
          : patchService(view, { spec: { loadBalancerIP: null } }),
    });
    return remedies;
  }
  if (conflict.code === 'quota-reached') return remediesForQuota(state, conflict, context);
  const remedies: Remedy[] = [];
  if (reallocated(state, context) !== undefined)
    remedies.push(reallocate(state, 'Assign an address from the pool instead.'));
  if (intent.kind === 'requested' || intent.kind === 'annotationRemoved' || intent.kind === 'copied')
    remedies.push({
      advice: 'Request a different address: replace ADDRESS.',
      command: request(state, 'ADDRESS'),
    });
  if (conflict.why.code === 'sharing-not-allowed')
    remedies.push({
      advice: `Allow Services in namespace ${conflict.why.namespace} to share addresses if their ports differ.`,
      command: patchPools(
        context.options,
        keyFor('allow-share', 'namespace', conflict.why.namespace),
        'true',
      ),
    });
  if (conflict.why.code !== 'claimed' && conflict.why.code !== 'reserved')
    remedies.push({
      advice: `Delete ${conflict.holder}, or move it to another address. This Service then gets ${formatAddress(conflict.address)}.`,
      command: undefined,
    });
  return remedies;
}

/** What happens when the invalid field is removed; continues "The Service then". */
function afterRemoval(
  state: ServiceState,
  field: 'annotation' | 'spec',
  { allocator }: RemedyContext,
): string {
  const { view, record } = state;
  if (record !== undefined) return 'gets its previous address again';
  if (field === 'annotation' && view.specIP !== undefined)
    return `requests ${quoted(view.specIP)} (spec.loadBalancerIP)`;
  const isAvailable = 'addresses' in allocate(requestOf(subjectOf(state, allocator)), allocator);
  return isAvailable ? 'gets an address from its pool' : 'is pending, because no address is available';
}

function remediesForCondition(state: ServiceState, condition: Condition, context: RemedyContext): Remedy[] {
  switch (condition.code) {
    case 'conflict':
      return isReplaceable(state, condition.address, context)
        ? [reallocate(state, 'Move one of them, for example this one, to an address from its pool.')]
        : [
            {
              advice: 'Request a different address for one of them, for example this one: replace ADDRESS.',
              command: request(state, 'ADDRESS'),
            },
          ];
    case 'outside-pool':
      return condition.key !== undefined && isReplaceable(state, condition.address, context)
        ? [
            reallocate(
              state,
              `No action is needed. To move the Service into ${condition.key}, which interrupts it briefly:`,
            ),
          ]
        : [];
    case 'pending-change':
      return condition.failures.flatMap((failure) => remediesForFailure(state, failure, context));
    case 'wrong-family':
      return remediesForWrongFamily(state, condition);
    case 'local-traffic':
      return remediesForLocalTraffic(state);
    case 'read-as-hostname':
      return remediesForWord(state, context);
    case 'one-family':
      return remediesForOneFamily(state, condition, context);
    case 'not-shared':
      return condition.why === undefined
        ? [
            {
              advice: `Share ${formatAddress(condition.address)} with ${condition.other}, which interrupts this Service briefly:`,
              command: annotate(state.view, `${annotations.reallocate}=${formatAddress(condition.address)}`),
            },
          ]
        : [];
    case 'reserved-for-other':
      return isReplaceable(state, condition.address, context)
        ? [
            reallocate(
              state,
              `Move this Service, which interrupts it briefly. ${condition.service} can then get ${formatAddress(condition.address)}.`,
            ),
          ]
        : [];
    case 'reservation-unused':
      return reallocated(state, context)?.some((one) => sameAddress(one, condition.address))
        ? [
            reallocate(
              state,
              `Give the Service its reserved address ${formatAddress(condition.address)}, which interrupts it briefly:`,
            ),
          ]
        : [];
    case 'contested':
    case 'claimed':
    case 'shared':
    case 'global-namespace':
      return [];
  }
}

function remediesForWrongFamily(
  state: ServiceState,
  { address, families, policy }: Condition & { code: 'wrong-family' },
): Remedy[] {
  const rest = heldBy(state).filter(({ family }) => families.includes(family));
  const list = rest.length > 0 ? rest.map(formatAddress).join(',') : 'ADDRESS';
  const advice =
    rest.length > 0
      ? `Remove ${formatAddress(address)}.`
      : `Request an ${families.join(' or ')} address: replace ADDRESS.`;
  const remedies: Remedy[] = [{ advice, command: request(state, list) }];
  if (policy === 'SingleStack')
    remedies.push({
      advice: 'Or give the Service both families, if the cluster is dual-stack.',
      command: patchService(state.view, { spec: { ipFamilyPolicy: 'PreferDualStack' } }),
    });
  return remedies;
}

function remediesForLocalTraffic(state: ServiceState): Remedy[] {
  const { view } = state;
  const cluster: Remedy = {
    advice:
      'Let every node forward the traffic of this Service. Its Pods then no longer see the addresses of clients.',
    command: patchService(view, { spec: { externalTrafficPolicy: 'Cluster' } }),
  };
  return [
    ...(view.localTraffic ? [cluster] : []),
    {
      advice: 'Request a different address for one of them: replace ADDRESS.',
      command: request(state, 'ADDRESS'),
    },
  ];
}

/** A removed annotation would be restored. */
function remediesForWord(state: ServiceState, context: RemedyContext): Remedy[] {
  const remedy = { advice: 'Request an address: replace ADDRESS.', command: request(state, 'ADDRESS') };
  return reallocated(state, context) === undefined
    ? [remedy]
    : [reallocate(state, 'Assign an address from the pool instead.'), remedy];
}

function remediesForOneFamily(
  state: ServiceState,
  { missing, why }: Condition & { code: 'one-family' },
  context: RemedyContext,
): Remedy[] {
  if (why === 'static') {
    const [first] = heldBy(state).map(formatAddress);
    const list = state.view.families[0] === missing ? ['ADDRESS', first] : [first, 'ADDRESS'];
    return [
      {
        advice: `Add an ${missing} address: replace ADDRESS.`,
        command: annotate(state.view, `${annotations.addresses}=${list.join(',')}`),
      },
    ];
  }
  if (!('from' in why)) return why.flatMap((failure) => remediesForFailure(state, failure, context));
  const addresses = reallocated(state, context);
  if (!addresses?.some(({ family }) => family === missing)) return [];
  const leaving = heldBy(state).filter((held) => !addresses.some((one) => sameAddress(one, held)));
  const moves = leaving.length > 0 ? `, and replace ${leaving.map(formatAddress).join(',')}` : '';
  return [
    reallocate(
      state,
      `Add an ${missing} address from ${why.from}${moves}, which interrupts the Service briefly:`,
    ),
  ];
}

function heldBy({ intent }: ServiceState): readonly Address[] {
  return 'list' in intent ? addressesOf(intent.list) : [];
}

/** Whether a new allocation replaces the address by another one of its family: with PreferDualStack it may not. */
function isReplaceable(state: ServiceState, address: Address, context: RemedyContext): boolean {
  const addresses = reallocated(state, context);
  return addresses?.some((one) => one.family === address.family && !sameAddress(one, address)) === true;
}

/** The addresses after a reallocation; undefined if it is not possible. */
function reallocated({ key }: ServiceState, { allocator }: RemedyContext): readonly Address[] | undefined {
  // The ledger may be that of a simulated outcome, which has a state of its own for the Service.
  const state = allocator.ledger.get(key);
  if (state === undefined) return undefined;
  const list = 'list' in state.intent ? state.intent.list : [];
  const allocation = reallocation(subjectOf(state, allocator), list);
  return 'failures' in allocation ? undefined : allocation.addresses;
}

function reallocate({ view }: ServiceState, advice: string): Remedy {
  return { advice, command: annotate(view, `${annotations.reallocate}=true`) };
}

/** The command that requests an address, in the field that the Service uses. */
function request({ view, intent }: ServiceState, address: string): string {
  const isSpec = (intent.kind === 'requested' || intent.kind === 'unreadable') && intent.by === 'spec';
  return isSpec
    ? patchService(view, { spec: { loadBalancerIP: address } })
    : annotate(view, `${annotations.addresses}=${address}`);
}
