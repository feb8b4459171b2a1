import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../src/core/config/config.ts';
import { Allocator } from '../../src/core/decide/allocator.ts';
import { formatAddress, readAddress } from '../../src/core/ip/address.ts';
import { type Claim, claimObject, claimOf, claimPatch } from '../../src/core/model/claim.ts';
import type { IPAddress, Service } from '../../src/core/model/objects.ts';
import type { Options } from '../../src/core/model/options.ts';
import { mergePatchOf } from '../../src/core/model/service-patch.ts';
import { viewOf } from '../../src/core/model/service-view.ts';
import { mergePatch } from './test-world.ts';

/** IPAddress objects that stay after their address was freed (spec section 14), with an API server of a few lines. */

const minute = 60_000;

class World {
  /** In milliseconds since 1970. */
  now = 1_800_000_000_000;
  readonly options: Options;
  readonly claims: Map<string, IPAddress>;
  readonly services: Map<string, Service>;
  allocator: Allocator;
  static #version = 100;
  #data: Record<string, string>;

  constructor(data: Record<string, string>, controller = 'us', beside?: World, limit?: number) {
    const configMap = { namespace: 'kube-system', name: 'kubevip' };
    const base = { class: controller === 'us' ? undefined : controller, configMap, controller, claims: true };
    this.options = limit === undefined ? base : { ...base, maxFormerHolders: limit };
    this.claims = beside?.claims ?? new Map();
    this.services = beside?.services ?? new Map();
    this.#data = data;
    this.allocator = this.restart();
  }

  /** A new process reads everything from the API. */
  restart(): Allocator {
    this.allocator = new Allocator(this.options, () => this.now);
    this.allocator.claimTracker.replace(this.#claimList(), String(World.#version));
    this.allocator.setConfig(readConfig({ metadata: { name: 'kubevip' }, data: this.#data }));
    this.allocator.replaceServices([...this.services.values()].map(viewOf), String(World.#version));
    return this.allocator;
  }

  configure(data: Record<string, string>): this {
    this.#data = data;
    this.allocator.setConfig(readConfig({ metadata: { name: 'kubevip' }, data }));
    return this;
  }

  /** Everything that another controller has changed meanwhile. */
  relist(): this {
    this.allocator.claimTracker.replace(this.#claimList(), String(World.#version));
    this.allocator.replaceServices([...this.services.values()].map(viewOf), String(World.#version));
    return this;
  }

  create(...keys: readonly string[]): this {
    for (const key of keys) {
      const [namespace = '', name = ''] = key.split('/');
      World.#version += 1;
      const { class: className } = this.options;
      this.#put(key, {
        metadata: {
          namespace,
          name,
          uid: `${key} ${World.#version}`,
          creationTimestamp: '2026-01-01T00:00:00Z',
        },
        spec: {
          type: 'LoadBalancer',
          ipFamilyPolicy: 'SingleStack',
          ipFamilies: ['IPv4'],
          ports: [{ protocol: 'TCP', port: 80 }],
          ...(className === undefined ? {} : { loadBalancerClass: className }),
        },
      });
    }
    this.decide();
    return this;
  }

  delete(...keys: readonly string[]): this {
    for (const key of keys) {
      this.services.delete(key);
      World.#version += 1;
      this.allocator.deleteService(key, String(World.#version));
      this.allocator.observed(String(World.#version));
    }
    this.decide();
    return this;
  }

  /** Assigns addresses: the claims first, as the controller does. */
  decide(isDenied = false): void {
    for (let next = this.allocator.next(0); next !== undefined; next = this.allocator.next(0)) {
      const { state, decision, work } = next;
      if (decision.kind === 'write') {
        const requests = this.allocator.claimTracker.requestsFor(state, decision.patch);
        this.allocator.assume(next, decision.patch);
        for (const { address, known, reservations } of requests)
          this.#write(
            known,
            known === undefined
              ? claimObject(address, reservations, this.options)
              : claimPatch(known, { reservations }, this.options.controller),
          );
        if (isDenied) {
          this.allocator.claimTracker.withdraw(requests);
          work.done();
          return;
        }
        const patch = mergePatchOf(state.view, decision.patch);
        this.#put(state.key, mergePatch(this.services.get(state.key), patch) as Service);
      }
      work.done();
    }
  }

  /** Repairs claims, at most `limit`, as the IPAddressReconciler does. Returns the most tombstones that were there at a time. */
  repair(limit = Number.POSITIVE_INFINITY): number {
    const { claimTracker } = this.allocator;
    let most = 0;
    for (let i = 0; i < limit; i += 1) {
      const next = claimTracker.next();
      if (next === undefined) break;
      const { repair, work } = next;
      if (repair.kind === 'drop') {
        const { address } = repair.claim;
        this.claims.delete(formatAddress(address));
        World.#version += 1;
        claimTracker.delete(address, String(World.#version));
      } else if (repair.kind === 'remember')
        this.#write(
          repair.claim,
          claimPatch(repair.claim, { reservations: [], last: repair.last }, this.options.controller),
        );
      else if (repair.tombstone === undefined)
        this.#write(undefined, claimObject(repair.address, [], this.options));
      else
        this.#write(
          repair.tombstone,
          claimPatch(repair.tombstone, { reservations: [] }, this.options.controller),
        );
      work.done();
      most = Math.max(most, claimTracker.claims.tombstones);
    }
    return most;
  }

  addresses(...keys: readonly string[]): string[] {
    return keys.map(
      (key) => this.services.get(key)?.metadata.annotations?.['kube-vip.io/loadbalancerIPs'] ?? '-',
    );
  }

  /** `10.0.0.1 us x/1` for a tombstone, `10.0.0.1 us` for another claim. */
  objects(): string[] {
    return [...this.claims.values()]
      .map(({ metadata }) => {
        const { by, last } = JSON.parse(metadata.annotations?.['kube-vip.io/claim'] ?? '{}') as {
          by?: string;
          last?: { service: string };
        };
        return [metadata.name, by, last?.service].filter((part) => part !== undefined).join(' ');
      })
      .sort();
  }

  #write(known: Claim | undefined, change: object): void {
    World.#version += 1;
    const name = known === undefined ? (change as IPAddress).metadata.name : formatAddress(known.address);
    const current = this.claims.get(name);
    assert.equal(
      current?.metadata.resourceVersion,
      known?.resourceVersion,
      `the write to ${name} is refused`,
    );
    const merged = mergePatch(current ?? {}, change) as IPAddress;
    const metadata = {
      ...merged.metadata,
      uid: current?.metadata.uid ?? `uid ${World.#version}`,
      resourceVersion: String(World.#version),
    };
    this.claims.set(name, { ...merged, metadata });
    this.allocator.claimTracker.put(claimOf(this.claims.get(name) ?? assert.fail(), this.options.controller));
  }

  #claimList(): Claim[] {
    return [...this.claims.values()].map((object) => claimOf(object, this.options.controller));
  }

  #put(key: string, service: Service): void {
    World.#version += 1;
    const metadata = { ...service.metadata, resourceVersion: String(World.#version) };
    this.services.set(key, { ...service, metadata });
    this.allocator.putService(viewOf(this.services.get(key) ?? assert.fail()));
  }
}

const pool = { 'cidr-global': '10.0.0.1-10.0.0.4' };

test('the claim of a freed address stays until it is forgotten, and a new process reads it', () => {
  const world = new World({ ...pool, sticky: '10m' });
  world.create('x/1', 'x/2').delete('x/1', 'x/2').repair();
  assert.deepEqual(world.objects(), ['10.0.0.1 us x/1', '10.0.0.2 us x/2']);
  assert.equal(world.allocator.claimTracker.next(), undefined, 'nothing is left to do');
  world.now += 9 * minute;
  world.restart();
  assert.equal(world.allocator.claimTracker.expiresInMs, minute);
  world.create('x/2', 'x/3');
  assert.deepEqual(world.addresses('x/2', 'x/3'), ['10.0.0.2', '10.0.0.1'], 'a tombstone blocks nobody');
  world.repair();
  assert.deepEqual(world.objects(), ['10.0.0.1 us', '10.0.0.2 us']);
  world.delete('x/2').repair();
  world.now += 10 * minute;
  assert.equal(world.allocator.claimTracker.expiresInMs, 0);
  world.repair();
  assert.deepEqual(world.objects(), ['10.0.0.1 us']);
  assert.equal(world.allocator.claimTracker.expiresInMs, undefined);
});

test('without a key that needs it, no claim stays', () => {
  const world = new World(pool);
  world.create('x/1').delete('x/1').repair();
  assert.deepEqual(world.objects(), []);
  const sticky = new World({ ...pool, sticky: '1h' });
  sticky.create('x/1').delete('x/1').repair();
  sticky.configure(pool).repair();
  assert.deepEqual(sticky.objects(), [], 'the key was removed');
});

test('a ConfigMap that is replaced forgets nothing', () => {
  const world = new World({ ...pool, sticky: '1h' });
  world.create('x/1', 'x/2').delete('x/1', 'x/2').repair();
  world.allocator.setConfig(readConfig(undefined));
  world.repair();
  world.configure({ ...pool, sticky: '1h' }).create('x/2');
  assert.deepEqual(world.addresses('x/2'), ['10.0.0.2']);
});

test('a crash between the release and the tombstone loses the memory of that address alone', () => {
  const world = new World({ ...pool, sticky: '1h' });
  world.create('x/1', 'x/2', 'x/3').delete('x/1').repair();
  world.delete('x/2').repair(0);
  world.restart();
  world.repair();
  assert.deepEqual(world.objects(), ['10.0.0.1 us x/1', '10.0.0.3 us']);
  world.create('x/2', 'x/1');
  assert.deepEqual(world.addresses('x/1', 'x/3'), ['10.0.0.1', '10.0.0.3']);
});

test('another controller takes a tombstone over, and neither deletes those of the other', () => {
  const us = new World({ 'cidr-global': '10.0.0.1-10.0.0.2', 'cool-down': '5m' });
  const them = new World({ 'cidr-global': '10.0.0.1-10.0.0.2' }, 'them', us);
  us.create('x/1', 'x/2').delete('x/1', 'x/2').repair();
  them.relist().repair();
  assert.deepEqual(us.objects(), ['10.0.0.1 us x/1', '10.0.0.2 us x/2']);
  them.create('y/1');
  assert.deepEqual(them.addresses('y/1'), ['10.0.0.1']);
  assert.deepEqual(us.objects(), ['10.0.0.1 them', '10.0.0.2 us x/2']);
  us.relist();
  us.now += 6 * minute;
  us.repair();
  assert.deepEqual(us.objects(), ['10.0.0.1 them'], 'we delete ours');
  us.create('x/3', 'x/4');
  assert.deepEqual(us.addresses('x/3', 'x/4'), ['10.0.0.2', '-']);
  them.relist().delete('y/1').repair();
  us.relist();
  us.decide();
  assert.deepEqual(us.addresses('x/4'), ['10.0.0.1']);
});

test('the tombstones of another controller count for the cool-down', () => {
  const them = new World({ ...pool, 'cool-down': '5m' }, 'them');
  them.create('y/1').delete('y/1').repair();
  const us = new World({ ...pool, 'cool-down': '5m' }, 'us', them);
  us.create('x/1');
  assert.deepEqual(us.addresses('x/1'), ['10.0.0.2']);
});

test('two controllers that want the same tombstone: the write of the second one is refused', () => {
  const us = new World({ 'cidr-global': '10.0.0.1', sticky: '5m' });
  us.create('x/1').delete('x/1').repair();
  const them = new World({ 'cidr-global': '10.0.0.1' }, 'them', us);
  them.create('y/1');
  assert.throws(() => us.create('x/1'), /the write to 10.0.0.1 is refused/);
  us.relist();
  assert.equal(us.allocator.ledger.claimOwner(readAddress('10.0.0.1') ?? assert.fail())?.managedBy, 'them');
});

test('a write that is refused takes no memory, and makes no memory', () => {
  const world = new World({ 'cidr-global': '10.0.0.1', sticky: '1h' });
  world.create('x/1').delete('x/1').repair();
  const { create } = world;
  world.decide = () => World.prototype.decide.call(world, true);
  create.call(world, 'y/1');
  world.repair();
  assert.deepEqual(world.addresses('y/1'), ['-']);
  assert.deepEqual(world.objects(), ['10.0.0.1 us x/1'], 'it is still x/1 that had it last');
});

test('a tombstone at an address that a Service has becomes a claim again', () => {
  const world = new World({ ...pool, sticky: '1h' });
  world.create('x/1').repair();
  const object = world.claims.get('10.0.0.1') ?? assert.fail();
  const last = { by: 'them', for: [], last: { service: 'y/1', freed: 1_790_000_000_000 } };
  const annotations = { 'kube-vip.io/claim': JSON.stringify(last) };
  world.claims.set('10.0.0.1', { ...object, metadata: { ...object.metadata, annotations } });
  world.restart();
  world.decide();
  world.repair();
  assert.deepEqual(world.objects(), ['10.0.0.1 us']);
});

test('a time in the future counts as now, and the tombstone is corrected', () => {
  const world = new World({ ...pool, sticky: '10m' });
  world.now += 600 * minute;
  world.create('x/1').delete('x/1').repair();
  world.now -= 600 * minute;
  world.restart();
  world.repair();
  assert.equal(world.allocator.claimTracker.expiresInMs, 10 * minute);
  world.now += 10 * minute;
  world.repair();
  assert.deepEqual(world.objects(), []);
});

test('unreadable parts of a tombstone are forgotten', () => {
  for (const last of [
    1,
    null,
    {},
    { service: 'a/b' },
    { service: 'a/b', freed: '1' },
    { service: 3, freed: 1 },
    { service: 'a/b', freed: 1.5 },
  ]) {
    const text = JSON.stringify({ by: 'us', for: [], last });
    const object = claimObject(readAddress('10.0.0.1') ?? assert.fail(), [], new World({}).options);
    const claim = claimOf(
      { ...object, metadata: { ...object.metadata, annotations: { 'kube-vip.io/claim': text } } },
      'us',
    );
    assert.equal(claim.last, undefined, text);
  }
});

test('a hundred thousand creations and deletions leave at most a thousand objects and entries', () => {
  const world = new World({ 'cidr-global': '10.1.0.0/16', 'search-order': 'spread', sticky: '1h' });
  const { former } = world.allocator.ledger;
  let most = 0;
  for (let i = 0; i < 1_000; i += 1) {
    const keys = Array.from({ length: 100 }, (_, j) => `x/${i}-${j}`);
    world.now += 1;
    world.create(...keys).delete(...keys);
    assert.ok(former.size <= 1_000);
    most = Math.max(most, world.repair());
    assert.ok(world.claims.size <= 1_000);
  }
  assert.equal(most, 1_000, 'not one more, not even for a moment');
  assert.equal(former.size, 1_000);
  world.restart();
  const left = [...world.allocator.ledger.former.all()].map(({ service }) =>
    Number(/\d+/.exec(service)?.[0]),
  );
  assert.equal(left.length, 1_000);
  assert.ok(
    left.every((round) => round >= 980),
    'the newest are left',
  );
});

test('a flag says how many are remembered', () => {
  const world = new World({ ...pool, sticky: '1h' }, 'us', undefined, 2);
  const keys = ['x/1', 'x/2', 'x/3', 'x/4'];
  world.create(...keys);
  for (const key of keys) {
    world.now += minute;
    world.delete(key);
    assert.ok(world.repair() <= 2);
  }
  assert.deepEqual(world.objects(), ['10.0.0.3 us x/3', '10.0.0.4 us x/4']);
  const none = new World({ ...pool, sticky: '1h' }, 'us', undefined, 0);
  none.create('x/1').delete('x/1').repair();
  assert.deepEqual(none.objects(), []);
});
