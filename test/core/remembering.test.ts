/**
 * Random creations and deletions with sticky, cool-down, and all search orders, under a clock that is set forward and back, compared with a
 * naive model: one list of addresses, and what was seen of each.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SmallWorld } from './small-world.ts';

const orders = ['asc', 'desc', 'least-recently-used', 'spread'] as const;
type Order = (typeof orders)[number];

interface Keys {
  readonly order: Order;
  /** In seconds; 0: no key. */
  readonly sticky: number;
  readonly coolDown: number;
}

type Step =
  | { do: 'create' | 'delete'; at: number }
  | { do: 'configure'; keys: Keys }
  /** The wall clock passes, or is set. */
  | { do: 'wait'; seconds: number };

const anyDuration = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 100 }), fc.constant(9_000 * 3_600));
const anyKeys = fc.record({ order: fc.constantFrom(...orders), sticky: anyDuration, coolDown: anyDuration });
const at = fc.integer({ min: 0, max: 11 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('create' as const), at }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('delete' as const), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('configure' as const), keys: anyKeys }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      seconds: fc.oneof(fc.integer({ min: 0, max: 80 }), fc.integer({ min: -300, max: 300 })),
    }),
  },
);

const addresses = Array.from({ length: 8 }, (_, i) => `10.0.0.${i + 1}`);

/** The pool has eight addresses, for up to twelve Services. */
function dataOf({ order, sticky, coolDown }: Keys): Record<string, string> {
  return {
    'cidr-global': '10.0.0.1-10.0.0.8',
    'search-order': order,
    ...(sticky === 0 ? {} : { sticky: `${sticky}s` }),
    ...(coolDown === 0 ? {} : { 'cool-down': `${coolDown}s` }),
  };
}

/** Who has which address, and for free ones, who had it until when in seconds. */
class Naive {
  readonly holders = new Map<string, string>();
  readonly freed = new Map<string, { service: string; at: number }>();
  keys: Keys;

  constructor(keys: Keys) {
    this.keys = keys;
  }

  /** For how long something is remembered. */
  get memory(): number {
    const { order, sticky, coolDown } = this.keys;
    return order === 'least-recently-used' ? Infinity : Math.max(sticky, coolDown);
  }

  release(service: string, now: number): void {
    const address = this.addressOf(service);
    if (address === undefined) return;
    this.holders.delete(address);
    this.tidy(now);
    if (this.memory > 0) this.freed.set(address, { service, at: now });
  }

  /** Old entries are forgotten, and a time in the future was wrong. */
  tidy(now: number): void {
    for (const [address, { service, at }] of this.freed) {
      if (this.memory === 0 || now - at >= this.memory) this.freed.delete(address);
      else if (at > now) this.freed.set(address, { service, at: now });
    }
  }

  addressOf(service: string): string | undefined {
    return addresses.find((address) => this.holders.get(address) === service);
  }

  /** The addresses of which one is expected: all but `spread` have exactly one. */
  expected(service: string, now: number): string[] {
    const { order, sticky, coolDown } = this.keys;
    const free = addresses.filter((address) => !this.holders.has(address));
    const freedAt = (address: string): number => this.freed.get(address)?.at ?? -Infinity;
    // A clock that was set back makes nothing younger than new.
    const age = (address: string): number => Math.max(0, now - freedAt(address));
    const isOwn = (address: string): boolean => this.freed.get(address)?.service === service;
    const own = free
      .filter((address) => isOwn(address) && age(address) < sticky)
      .sort((a, b) => compare(freedAt(b), freedAt(a)) || addresses.indexOf(a) - addresses.indexOf(b));
    if (own.length > 0) return own.slice(0, 1);
    const longestFree = free.toSorted(
      (a, b) => compare(freedAt(a), freedAt(b)) || addresses.indexOf(a) - addresses.indexOf(b),
    );
    if (order === 'least-recently-used') return longestFree.slice(0, 1);
    const rested = free.filter((address) => age(address) >= coolDown || isOwn(address));
    if (rested.length === 0) return longestFree.slice(0, 1);
    if (order === 'spread') return rested;
    return order === 'desc' ? rested.slice(-1) : rested.slice(0, 1);
  }
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Plays the steps, and compares each address that is given. */
function play(keys: Keys, steps: readonly Step[]): SmallWorld {
  const world = new SmallWorld(dataOf(keys));
  const naive = new Naive(keys);
  const services = new Set<string>();
  const seconds = (): number => world.now / 1_000;
  const settle = (): void => {
    // Oldest first. In this world each creation is later than the ones before it.
    for (const service of services) {
      if (naive.addressOf(service) !== undefined) continue;
      const expected = naive.expected(service, seconds());
      const [given = '-'] = world.addresses(service);
      if (expected.length === 0) assert.equal(given, '-', service);
      else {
        assert.notEqual(given, '-', `Served: ${service} is pending, and ${expected.join()} is free`);
        assert.ok(expected.includes(given), `${service} got ${given}, not ${expected.join(' or ')}`);
        naive.holders.set(given, service);
        naive.freed.delete(given);
      }
    }
  };
  for (const step of steps) {
    const service = 'at' in step ? `x/${step.at}` : '';
    switch (step.do) {
      case 'wait':
        world.now += step.seconds * 1_000;
        break;
      case 'configure':
        naive.keys = step.keys;
        naive.tidy(seconds());
        world.configure(dataOf(step.keys));
        break;
      case 'create':
        if (services.has(service)) break;
        services.add(service);
        world.create([service]);
        break;
      case 'delete':
        if (!services.delete(service)) break;
        naive.release(service, seconds());
        world.delete(service);
        break;
    }
    settle();
  }
  return world;
}

/** RUNS=10000 for a long run. */
const parameters = { numRuns: Number(process.env.RUNS ?? 400) };
const anySteps = fc.array(anyStep, { minLength: 10, maxLength: 80, size: 'max' });

test('every Service gets the address that the naive model expects, and none waits while one is free', () => {
  fc.assert(
    fc.property(anyKeys, anySteps, (keys, steps) => void play(keys, steps)),
    parameters,
  );
});

test('the same states and times lead to the same decisions', () => {
  fc.assert(
    fc.property(anyKeys, anySteps, (keys, steps) => {
      const [one, other] = [play(keys, steps), play(keys, steps)];
      const all = (world: SmallWorld) =>
        [...world.allocator.ledger.all()].map(({ key, view }) => [key, view.annotation]);
      assert.deepEqual(all(one), all(other));
      assert.deepEqual([...one.allocator.ledger.former.all()], [...other.allocator.ledger.former.all()]);
    }),
    { numRuns: Math.ceil(parameters.numRuns / 10) },
  );
});
