import type { Service } from '../../src/core/model/objects.ts';
import { keyOf, shown } from '../core/naive.ts';
import type { Data } from '../core/naive-pools.ts';
import { BrokenPromise } from '../simulator/broken-promise.ts';
import { checkAtRest, checkWrite, recordOf } from '../simulator/promise-checks.ts';
import { optionsOf } from '../simulator/replica.ts';
import type { CarriedOut } from './actions.ts';
import type { Place } from './automaton.ts';
import { objectKey } from './cluster.ts';
import type { Process } from './process.ts';
import { isServiceWrite } from './requests.ts';
import type { Scope } from './scope.ts';
import { claimsIn, dataIn, servicesIn, type World } from './world.ts';

/** The promise that does not hold, with why. */
export type Violation = string;

/** The promises about a write: Once, Still, Inside, Hands off. */
export function violationOfWrite(
  { request, before, after }: CarriedOut,
  scope: Scope,
): Violation | undefined {
  if (!isServiceWrite(request)) return undefined;
  const key = objectKey(request.path);
  const [old, now] = [before, after].map(({ cluster }) => cluster.objects.get(key) as Service | undefined);
  if (old === undefined || now === undefined || old === now) return undefined;
  const { data, known, inUse } = request.basis;
  const check = (pools: readonly (Data | undefined)[]): Violation | undefined =>
    violationIn(() =>
      checkWrite({
        before: old,
        after: now,
        all: servicesIn(after.cluster),
        pools,
        pastOf: (service) => [service, (known[keyOf(service)] as Service | undefined) ?? asAssigned(service)],
        isExcused: () => false,
        // The sender could not know it.
        isUnseenUserEdit: (service, address) => {
          const basis = known[keyOf(service)] as Service | undefined;
          const isKnown =
            basis !== undefined &&
            basis.metadata.uid === service.metadata.uid &&
            shown(basis).includes(address);
          return !isKnown && after.byUser.includes(`${service.metadata.uid} ${address}`);
        },
        wasInUse: (address) => inUse.includes(address),
        wasConfigured: () => true,
        claims: scope.claims ? claimsIn(after.cluster) : undefined,
        count: () => {},
      }),
    );
  const violation = check([data]);
  // The quota was raised while the write was on its way, and other writes made use of it.
  const current = dataIn(before.cluster);
  return violation?.startsWith('Quota:') ? check([data, current]) : violation;
}

/** The Service with the ports with which it got its addresses. A user may have edited them since. */
function asAssigned(service: Service): Service {
  const ports = (recordOf(service).ports ?? '').split(',').map((text) => {
    const [protocol = '', port] = text.split('/');
    return { protocol, port: Number(port) };
  });
  return { ...service, spec: { ...service.spec, ports } };
}

/** The promises that hold in every state of a controller: Alone, Adopt first. */
export function violationOfState({ replicas }: World): Violation | undefined {
  return replicas.map(({ place }) => place.node.broken).find((broken) => broken !== undefined);
}

/** The promises at rest: Free again, Served, Said why, Quiet, Same, Crash-proof. `process` has the names of its node. */
export function violationAtRest(
  { cluster, holder }: World,
  { leader, process }: { readonly leader: Place; readonly process: Process },
  scope: Scope,
): Violation | undefined {
  if (holder < 0 || !process.controller.isIdle) return 'Served: no leader is at rest';
  const toNode = leader.toNode();
  const all = toNode.value(servicesIn(cluster));
  // A reservation names a Service.
  const [data] = toNode.value([dataIn(cluster) ?? null]).map((one) => one ?? undefined);
  return violationIn(() =>
    checkAtRest({
      options: optionsOf({ claims: scope.claims === true }),
      all,
      data,
      allocator: process.controller.allocator,
      warned: ({ metadata }) => {
        const warning = process.warnings.get(metadata.uid ?? '');
        return warning === undefined ? [] : [warning];
      },
      claims: scope.claims ? toNode.value(claimsIn(cluster)) : undefined,
      denied: undefined,
    }),
  );
}

function violationIn(check: () => void): Violation | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof BrokenPromise) return error.message;
    throw error;
  }
}
