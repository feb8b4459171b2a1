import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Config, readConfig, readConfigInSteps } from '../../src/core/config/config.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import { applyPatch, isEmptyPatch } from '../../src/core/model/service-patch.ts';
import { type ServiceView, viewOf } from '../../src/core/model/service-view.ts';
import type { Data } from './naive-pools.ts';

/** Many named pools, and namespaces with a list of five of them each. Work is counted in reads of the configuration and of Services. */

const options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'us',
  claims: false,
};

function manyPools(count: number): Data {
  const data: Data = { 'quota-global': '100' };
  for (let i = 0; i < count; i += 1) {
    const block = `10.${i >> 8}.${i & 255}`;
    data[`pool.p${i}`] = `${block}.16/28, 2001:db8:${i.toString(16)}::/120`;
    data[`exclude.p${i}`] = `${block}.17-${block}.18`;
    data[`vlan.p${i}`] = String(1 + (i % 4_000));
    if (i % 2 === 0) data[`select.p${i}`] = 'tier=edge';
    data[`reserve-n${i}`] = `web=${block}.20`;
    data[`pools-n${i}`] = Array.from({ length: 5 }, (_, j) => `p${(i + j) % count}`).join();
  }
  return data;
}

const onePool: Data = { 'cidr-global': '10.0.0.0/16' };

interface Reads {
  count: number;
}

/** The value, of which each property that is read and each entry of a map counts. */
function counted<T>(value: T, reads: Reads, known = new WeakMap<object, unknown>()): T {
  if (typeof value !== 'object' || value === null) return value;
  const before = known.get(value);
  if (before !== undefined) return before as T;
  const inner = <V>(one: V): V => counted(one, reads, known);
  const proxy = value instanceof Map ? countedMap(value, reads, inner) : countedObject(value, reads, inner);
  known.set(value, proxy);
  return proxy as T;
}

function countedObject(value: object, reads: Reads, inner: <V>(one: V) => V): object {
  // A proxy of a frozen object may not show other values than it has.
  const target: object = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
  return new Proxy(target, {
    get: (object, name) => {
      reads.count += 1;
      return inner(Reflect.get(object, name) as unknown);
    },
  });
}

class CountedMap extends Map<unknown, unknown> {
  readonly reads: Reads = { count: 0 };
  override get(key: unknown): unknown {
    this.reads.count += 1;
    return super.get(key);
  }
  override has(key: unknown): boolean {
    this.reads.count += 1;
    return super.has(key);
  }
  override *[Symbol.iterator](): MapIterator<[unknown, unknown]> {
    for (const entry of super.entries()) {
      this.reads.count += 1;
      yield entry;
    }
  }
  override keys(): MapIterator<unknown> {
    this.reads.count += this.size;
    return super.keys();
  }
  override values(): MapIterator<unknown> {
    this.reads.count += this.size;
    return super.values();
  }
}

function countedMap(map: Map<unknown, unknown>, reads: Reads, inner: <V>(one: V) => V): CountedMap {
  const result = new CountedMap();
  for (const [key, value] of map) result.set(key, inner(value));
  return Object.assign(result, { reads });
}

function countedConfig(data: Data, reads: Reads): Config {
  return counted(readConfig({ metadata: { name: 'kubevip' }, data }), reads);
}

function serviceIn(namespace: string, name: string): ServiceView {
  return viewOf({
    metadata: {
      namespace,
      name,
      uid: `${namespace}/${name}`,
      resourceVersion: '5',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ipFamilies: ['IPv4'] },
  });
}

/** Decides until nothing is left, and lets the writes succeed. Returns the number of decisions. */
function settled(allocator: Allocator): number {
  let decisions = 0;
  for (let next = allocator.next(0); next !== undefined; next = allocator.next(0)) {
    decisions += 1;
    const { decision, state, work } = next;
    if ('patch' in decision && !isEmptyPatch(decision.patch)) {
      allocator.assume(next, decision.patch);
      const resourceVersion = String(1 + Number(state.view.resourceVersion));
      allocator.answered({ ...applyPatch(state.view, decision.patch), resourceVersion });
    }
    work.done();
  }
  return decisions;
}

function worldOf(data: Data, reads: Reads): Allocator {
  const allocator = new Allocator(options, () => 0);
  allocator.setConfig(countedConfig(data, reads));
  allocator.replaceServices([], '1');
  return allocator;
}

/** The reads and decisions for one more Service of each of these namespaces, in which there are others. */
function costOfOneMore(data: Data, namespaces: readonly string[]): { reads: number; decisions: number } {
  const reads: Reads = { count: 0 };
  const allocator = worldOf(data, reads);
  const add = (name: string): number => {
    for (const namespace of namespaces) allocator.putService(counted(serviceIn(namespace, name), reads));
    return settled(allocator);
  };
  add('first');
  add('second');
  reads.count = 0;
  return { decisions: add('third'), reads: reads.count };
}

const some = Array.from({ length: 50 }, (_, i) => `n${i * 3}`);

test('one more Service costs at most twice as much with 10,000 pools and lists of five as with one pool', () => {
  const one = costOfOneMore(onePool, some);
  const many = costOfOneMore(manyPools(10_000), some);
  assert.ok(one.reads > 100, 'reads are counted');
  assert.equal(many.decisions, one.decisions);
  assert.ok(many.reads <= 2 * one.reads, `${many.reads} reads, and ${one.reads} with one pool`);
});

test('the first Service of a namespace costs the same whether there are 1,000 or 10,000 pools', () => {
  const costOf = (count: number): number => {
    const reads: Reads = { count: 0 };
    const allocator = worldOf(manyPools(count), reads);
    reads.count = 0;
    for (const namespace of some) allocator.putService(serviceIn(namespace, 'first'));
    settled(allocator);
    return reads.count;
  };
  const [few, many] = [costOf(1_000), costOf(10_000)];
  assert.ok(many <= 1.1 * few, `${few} and ${many} reads`);
});

test('a change of a ConfigMap that says twice as much is worked with about twice the work', () => {
  const costOf = (count: number): { steps: number; reads: number; decisions: number } => {
    const reads: Reads = { count: 0 };
    const allocator = worldOf(manyPools(count), reads);
    for (let i = 0; i < count; i += 1) allocator.putService(serviceIn(`n${i}`, 'web'));
    settled(allocator);
    const data = { ...manyPools(count), 'quota-global': '99' };
    let steps = 0;
    for (const _ of readConfigInSteps({ metadata: { name: 'kubevip' }, data })) steps += 1;
    const config = countedConfig(data, reads);
    reads.count = 0;
    allocator.setConfig(config);
    const decisions = settled(allocator);
    return { steps, reads: reads.count, decisions };
  };
  const [one, two] = [costOf(500), costOf(1_000)];
  for (const what of ['steps', 'reads', 'decisions'] as const) {
    assert.ok(one[what] >= 500, `${what}: ${one[what]}`);
    assert.ok(two[what] <= 2.2 * one[what], `${what}: ${one[what]} and ${two[what]}`);
  }
});

test('an address that is freed does not cost more with more pools and pending Services in other pools', () => {
  const costOf = (count: number): number => {
    const allocator = worldOf(manyPools(count), { count: 0 });
    const full = (i: number): string[] => Array.from({ length: 80 }, (_, j) => `s${i}-${j}`);
    for (let i = 0; i < count; i += 20)
      for (const name of full(i)) allocator.putService(serviceIn(`n${i}`, name));
    settled(allocator);
    const pending = [...allocator.ledger.all()].filter(({ view }) => view.record === undefined);
    assert.ok(pending.length > count / 20, 'some are pending');
    allocator.deleteService('n0/s0-0', '900');
    return settled(allocator);
  };
  const [few, many] = [costOf(100), costOf(400)];
  assert.ok(many <= few + 2, `${few} and ${many} decisions`);
});
