import type { Service } from '../../src/core/model/objects.ts';
import { type Data, mayShare } from '../core/naive.ts';
import { type Facts, listOf, namespaceOf, poolFor, portsText } from './facts.ts';
import { names } from './names.ts';

/** A promise of docs/SPEC.md that was broken. */
export interface Finding {
  readonly promise: string;
  readonly what: string;
}

/** A write that no user made. */
export interface Write {
  readonly before: Facts;
  readonly after: Facts;
  /** Who else records an address now. */
  readonly recording: (address: string) => readonly Facts[];
  /** The ConfigMap's data, now and in the last seconds: a decision may rest on any of them. */
  readonly pools: readonly Data[];
  /** The states of a Service in the last seconds, the present one among them. */
  readonly pastOf: (facts: Facts) => readonly Facts[];
}

/** Judges a controller's write by what etcd held before and after it. */
export function* judgeWrite(write: Write): Iterable<Finding> {
  const { before, after } = write;
  yield* handsOff(before, after);
  if (after.isOurs) {
    yield* once(write);
    yield* inside(write);
  }
  yield* after.isBalancer ? still(before, after) : released(before, after);
}

/** The addresses that this write gives: those that it had already are no gift. */
function given({ before, after }: Write): string[] {
  return after.recorded.filter((address) => !before.recorded.includes(address));
}

function* once(write: Write): Iterable<Finding> {
  const { after, recording, pastOf, pools } = write;
  for (const address of given(write)) {
    for (const other of recording(address)) {
      if (other.uid === after.uid) continue;
      const mayBoth = pastOf(other).some((past) => pools.some((data) => maySit(data, after, past)));
      if (!mayBoth) yield { promise: 'Once', what: `${address} of ${other.key} was given to ${after.key}` };
    }
  }
}

/** Whether two Services may have one address together (spec section 6). */
export function maySit(data: Data, one: Facts, other: Facts): boolean {
  if (!one.isOurs || !other.isOurs || one.ports.some((port) => other.ports.includes(port))) return false;
  if (one.isStatic && other.isStatic) return true;
  return mayShare(data, one.service, other.service);
}

function* inside(write: Write): Iterable<Finding> {
  const { before, after, pools } = write;
  if (after.isStatic || after.record?.from === 'unknown') return;
  for (const address of given(write)) {
    // What it asked for, or showed still, was not chosen from a pool.
    if (before.shows.includes(address)) continue;
    if (!pools.some((data) => poolFor(data, namespaceOf(after))?.has.has(address)))
      yield { promise: 'Inside', what: `${address} for ${after.key}, from ${after.record?.from}` };
  }
}

/** An address that a Service has changes for a reason that the Service itself gives (spec sections 4 to 6). */
function* still(before: Facts, after: Facts): Iterable<Finding> {
  const { record } = before;
  // Without a record it asked for what it shows, and nothing was its own yet.
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
    yield { promise: 'Still', what: `${after.key} had ${before.recorded.join()} and was left with ${now}` };
  }
}

function* released(before: Facts, after: Facts): Iterable<Finding> {
  if (after.recordText !== undefined)
    yield { promise: 'Free again', what: `${after.key} is no LoadBalancer and was given a record` };
  const wasGiven = before.record !== undefined && before.record.from !== 'static';
  if (wasGiven && before.annotation === before.record.ips && after.annotation !== '')
    yield { promise: 'Free again', what: `${after.key} is no LoadBalancer and keeps ${after.annotation}` };
}

const ourAnnotations: ReadonlySet<string> = new Set([
  names.addresses,
  names.record,
  names.reallocate,
  names.interface,
]);

function* handsOff(before: Facts, after: Facts): Iterable<Finding> {
  const [was, is] = [bare(before.service), bare(after.service)];
  if (was !== is) yield { promise: 'Hands off', what: `${after.key}: ${was} became ${is}` };
  if (before.isBalancer && !before.isOurs)
    yield { promise: 'Hands off', what: `${after.key} is of another class, and was written` };
}

/** What a controller must leave as it is. */
function bare({ metadata, spec, status }: Service): string {
  const others = Object.entries(metadata.annotations ?? {}).filter(([name]) => !ourAnnotations.has(name));
  const labels = Object.entries(metadata.labels ?? {}).filter(([name]) => name !== names.label);
  const { loadBalancerIP: _, ...rest } = spec ?? {};
  const sorted = [others, labels].map((entries) => entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify([metadata.name, metadata.uid, metadata.finalizers, sorted, rest, status]);
}
