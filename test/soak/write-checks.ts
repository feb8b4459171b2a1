import type { Service } from '../../src/core/model/objects.ts';
import { mayShare } from '../core/naive.ts';
import type { Data } from '../core/naive-pools.ts';
import { names } from './names.ts';
import { listOf, namespaceOf, type ObservedService, poolFor, portsText } from './observed-service.ts';

/** A broken promise of docs/SPEC.md. */
export interface Finding {
  readonly promise: string;
  readonly what: string;
}

/** A write by a controller. */
export interface Write {
  readonly before: ObservedService;
  readonly after: ObservedService;
  /** The Services that now have an address in their allocation record. */
  readonly recording: (address: string) => readonly ObservedService[];
  /** The ConfigMap's data, now and in the last seconds. A decision may rest on any of them. */
  readonly pools: readonly Data[];
  /** The states of a Service in the last seconds, including the current one. */
  readonly pastOf: (observed: ObservedService) => readonly ObservedService[];
}

/** Checks a controller's write by comparing what etcd stored before and after it. */
export function* checkWrite(write: Write): Iterable<Finding> {
  const { before, after } = write;
  yield* checkHandsOff(before, after);
  if (after.isOurs) {
    yield* checkOnce(write);
    yield* checkInside(write);
  }
  yield* after.isBalancer ? checkStill(before, after) : checkReleased(before, after);
}

/** The addresses that this write adds to the allocation record. */
function newAddresses({ before, after }: Write): string[] {
  return after.recorded.filter((address) => !before.recorded.includes(address));
}

function* checkOnce(write: Write): Iterable<Finding> {
  const { after, recording, pastOf, pools } = write;
  for (const address of newAddresses(write)) {
    for (const other of recording(address)) {
      if (other.uid === after.uid) continue;
      const canShare = pastOf(other).some((past) => pools.some((data) => mayShareAddress(data, after, past)));
      if (!canShare)
        yield { promise: 'Once', what: `${address} of ${other.key} was assigned to ${after.key}` };
    }
  }
}

/** Whether two Services may share an address (spec section 6). */
export function mayShareAddress(data: Data, one: ObservedService, other: ObservedService): boolean {
  if (!one.isOurs || !other.isOurs || one.ports.some((port) => other.ports.includes(port))) return false;
  if (one.isStatic && other.isStatic) return true;
  return mayShare(data, one.service, other.service);
}

function* checkInside(write: Write): Iterable<Finding> {
  const { before, after, pools } = write;
  if (after.isStatic || after.record?.from === 'unknown') return;
  for (const address of newAddresses(write)) {
    // Addresses that the Service requested or already used were not allocated from a pool.
    if (before.shows.includes(address)) continue;
    if (!pools.some((data) => poolFor(data, namespaceOf(after))?.has.has(address)))
      yield { promise: 'Inside', what: `${address} for ${after.key}, from ${after.record?.from}` };
  }
}

/** An assigned address changes only for a reason in the Service itself (spec sections 4 to 6). */
function* checkStill(before: ObservedService, after: ObservedService): Iterable<Finding> {
  const { record } = before;
  // Without an allocation record, the Service had only requested its addresses.
  if (record === undefined || before.recorded.join() === listOf(after.annotation).join()) return;
  const list = listOf(before.annotation);
  const reasons = [
    before.service.metadata.annotations?.[names.reallocate] !== undefined,
    record.families !== before.families,
    record.ports !== portsText(before),
    before.spec !== '' && !before.recorded.includes(before.spec),
    list.length > 0 && list.join() !== before.recorded.join(),
  ];
  if (!reasons.some(Boolean)) {
    const now = after.annotation === '' ? 'nothing' : after.annotation;
    yield { promise: 'Still', what: `${after.key} had ${before.recorded.join()} and now has ${now}` };
  }
}

function* checkReleased(before: ObservedService, after: ObservedService): Iterable<Finding> {
  if (after.recordText !== undefined)
    yield { promise: 'Free again', what: `${after.key} is not a LoadBalancer and got an allocation record` };
  const wasGiven = before.record !== undefined && before.record.from !== 'static';
  if (wasGiven && before.annotation === before.record.ips && after.annotation !== '')
    yield { promise: 'Free again', what: `${after.key} is not a LoadBalancer and keeps ${after.annotation}` };
}

const ourAnnotations: ReadonlySet<string> = new Set([
  names.addresses,
  names.record,
  names.reallocate,
  names.interface,
]);

function* checkHandsOff(before: ObservedService, after: ObservedService): Iterable<Finding> {
  const [was, is] = [bare(before.service), bare(after.service)];
  if (was !== is) yield { promise: 'Hands off', what: `${after.key}: ${was} became ${is}` };
  if (before.isBalancer && !before.isOurs)
    yield { promise: 'Hands off', what: `${after.key} is of another class and was written` };
}

/** The fields that a controller must not change. */
function bare({ metadata, spec, status }: Service): string {
  const others = Object.entries(metadata.annotations ?? {}).filter(([name]) => !ourAnnotations.has(name));
  const labels = Object.entries(metadata.labels ?? {}).filter(([name]) => name !== names.label);
  const { loadBalancerIP: _, ...rest } = spec ?? {};
  const sorted = [others, labels].map((entries) => entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify([metadata.name, metadata.uid, metadata.finalizers, sorted, rest, status]);
}
