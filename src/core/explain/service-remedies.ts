import { poolFor } from '../config/config.ts';
import { allocate, isInPool } from '../decide/allocate.ts';
import type { Verdict } from '../decide/allocator.ts';
import type { Decision, Note, Refusal } from '../decide/decision.ts';
import { type Address, formatAddress, sameAddress } from '../ip/address.ts';
import type { Standing } from '../ledger/service-state.ts';
import { addressesOf } from '../model/address-list.ts';
import type { Options } from '../model/options.ts';
import { annotations } from '../model/well-known-names.ts';
import { quoted } from '../text/quote.ts';
import { meantBy } from './explain-decision.ts';
import { annotate, patchPools, patchService } from './kubectl-commands.ts';
import { curesForShortage } from './pool-remedies.ts';
import type { Cure, CureContext } from './remedy.ts';

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
