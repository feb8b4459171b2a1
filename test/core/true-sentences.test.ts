/** What is said of pools and families, compared with the ledger, the policy, and what happens next. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isInPool, type PolicyPool } from '../../src/core/config/policy.ts';
import type { Allocator, ServiceDecision } from '../../src/core/decide/allocator.ts';
import type { Condition, Decision } from '../../src/core/decide/decision.ts';
import { conditionCode } from '../../src/core/explain/explain-decision.ts';
import { explainTrace } from '../../src/core/explain/explain-trace.ts';
import { type Address, type Family, formatAddress, readAddress } from '../../src/core/ip/address.ts';
import { rangesContain } from '../../src/core/ip/range.ts';
import { heldBy } from '../../src/core/ledger/held-addresses.ts';
import { addressesOf } from '../../src/core/model/address-list.ts';
import { applyPatch } from '../../src/core/model/service-patch.ts';
import { keyOf, type ServiceView } from '../../src/core/model/service-view.ts';
import { allocatorOf, type ClusterSnapshot, simulate } from '../../src/core/queries/simulate.ts';
import { anySnapshot, atRest, options, snapshotOf } from './snapshots.ts';

const runs = { numRuns: Number(process.env.RUNS ?? 300) };

function addressesIn(decision: Decision): readonly Address[] {
  return 'addresses' in decision ? addressesOf(decision.addresses.entries) : [];
}

const anySmallPool = fc.constantFrom(
  '10.0.0.1',
  '10.0.0.1-10.0.0.2',
  '10.0.1.1-10.0.1.9',
  '10.0.0.9, fd00::2',
  'fd00::1',
  'fd00::1-fd00::9',
);

/** Lists of pools that are soon full, have one family only, or are excluded. */
const anyListed = fc
  .tuple(
    anySnapshot,
    fc.record({ 'pool.p': anySmallPool, 'pool.q': anySmallPool, 'pool.r': anySmallPool }),
    fc.record(
      {
        'quota-global': fc.constantFrom('1', '2'),
        'exclude.p': fc.constantFrom('10.0.0.0/16', 'fd00::/64'),
        'allow-share.q': fc.constant('true'),
        'reserve-a': fc.constantFrom('v=10.0.1.2', 'x=fd00::2'),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([{ services }, pools, more]) => ({
    services,
    data: { ...pools, ...more, 'pools-global': 'p, q, r' },
  }));

/** What a clause about a pool that is not used claims. */
interface Claim {
  readonly pool: PolicyPool;
  readonly decided: ServiceDecision;
  readonly allocator: Allocator;
  readonly words: readonly string[];
}

/** Whether the address is one of the pool, or if it is excluded from all pools, was. */
function isFrom(source: PolicyPool, address: Address, listed: readonly PolicyPool[]): boolean {
  const isExcluded = !listed.some((pool) => isInPool(pool, address));
  return isInPool(source, address) || (isExcluded && rangesContain(source.ranges, address));
}

const clauses: readonly (readonly [kind: string, pattern: RegExp, isTrue: (claim: Claim) => boolean])[] = [
  [
    'full',
    /^it has no free (IPv[46]) address$/,
    ({ pool, allocator, words }) => {
      const family = words[0] as Family;
      return (
        pool.size[family] > 0n && allocator.ledger.firstFree(family, pool.spans[family], false) === undefined
      );
    },
  ],
  [
    'no family',
    /^it has no (IPv[46]) addresses$/,
    ({ pool, words }) =>
      pool.ranges.every(({ family }) => family !== words[0]) && !pool.dhcp[words[0] as Family],
  ],
  [
    'excluded',
    /^every (IPv[46]) address of it is excluded \((.*)\)$/,
    ({ pool, words: [family, key = ''] }) =>
      pool.size[family as Family] === 0n &&
      pool.whole.ranges.some((range) => range.family === family) &&
      pool.excludedBy.includes(key),
  ],
  [
    'quota',
    /^it has no (IPv[46]) address that the quota permits$/,
    ({ decided: { state, trace, decision }, allocator: { ledger } }) => {
      const { namespace } = state.view;
      const holders = [...ledger.all()].filter(({ view }) => view.namespace === namespace);
      const held = holders.flatMap((one) => (one === state ? addressesIn(decision) : heldBy(one)));
      const limit = trace.policy.quota?.limit ?? Number.POSITIVE_INFINITY;
      return new Set(held.map(formatAddress)).size >= limit;
    },
  ],
  [
    'comes first',
    /^(\S+), which comes first, provides (\S+)$/,
    ({ pool, decided: { decision, trace }, words: [name, address] }) => {
      const { pools } = trace.policy;
      const first = pools.find((one) => one.name === name);
      const provided = addressesIn(decision).find((one) => formatAddress(one) === address);
      return (
        first !== undefined &&
        provided !== undefined &&
        isInPool(first, provided) &&
        pools.indexOf(first) < pools.indexOf(pool)
      );
    },
  ],
  [
    'keeps',
    /^the Service keeps ([0-9a-f.:]+)$/,
    ({ decided: { state, decision }, words: [text = ''] }) =>
      [addressesIn(decision), state.usedIPs].every((list) => list.map(formatAddress).includes(text)),
  ],
  [
    'reserved',
    /^(\S+) is reserved for the Service$/,
    ({ decided: { state, decision }, allocator: { ledger }, words: [text = ''] }) =>
      ledger.reservedFor(readAddress(text) ?? assert.fail())?.service === state.key &&
      addressesIn(decision).map(formatAddress).includes(text),
  ],
  [
    'keeps from',
    /^the Service keeps its address from (.*)$/,
    ({ decided: { decision, trace }, words: [names = ''] }) =>
      decision.kind === 'keep' || decision.kind === 'write'
        ? names.split(', ').every((name) => {
            const source = trace.policy.pools.find((one) => one.name === name) ?? assert.fail(name);
            return (
              source.key === decision.source ||
              addressesIn(decision).some((one) => isFrom(source, one, trace.policy.listed))
            );
          })
        : false,
  ],
];

test('what is said about a pool that is not used is true', () => {
  const seen: Record<string, number> = {};
  fc.assert(
    fc.property(fc.oneof(anySnapshot, anyListed), ({ services, data }) => {
      const snapshot = snapshotOf(services, data);
      for (const allocator of [allocatorOf(snapshot, options), simulate(snapshot, options).allocator])
        for (const { key } of allocator.ledger.all()) {
          const decided = allocator.explain(key) ?? assert.fail();
          for (const { name, finding } of explainTrace(decided, options)) {
            const [, called, said = ''] = /^not (\S+): (.*)$/.exec(finding) ?? [];
            const pool = decided.trace.policy.pools.find((one) => one.name === called);
            // The others follow from the ConfigMap and the labels.
            if (name !== 'pool' || pool === undefined) continue;
            for (const clause of said.split('; ')) {
              const [kind, pattern, isTrue] =
                clauses.find(([, pattern]) => pattern.test(clause)) ?? assert.fail(clause);
              const words = pattern.exec(clause)?.slice(1) ?? [];
              assert.ok(isTrue({ pool, decided, allocator, words }), `${key}: ${finding}`);
              seen[kind] = (seen[kind] ?? 0) + 1;
            }
          }
        }
    }),
    runs,
  );
  for (const kind of ['full', 'no family', 'excluded', 'comes first', 'keeps from'])
    assert.ok((seen[kind] ?? 0) > 2, JSON.stringify(seen));
});

type Lack = Condition & { code: 'one-family' };

function lacks(decision: Decision): readonly Lack[] {
  return 'conditions' in decision
    ? decision.conditions.flatMap((one) => (one.code === 'one-family' ? one : []))
    : [];
}

/** The same cluster after a change of one Service. */
function changed(snapshot: ClusterSnapshot, key: string, change: (view: ServiceView) => ServiceView) {
  const services = snapshot.services.map((view) =>
    keyOf(view) === key ? { ...change(view), resourceVersion: `${view.resourceVersion}0` } : view,
  );
  return { ...snapshot, services };
}

test('a family is missing for the same reason before the Service is written, and after that', () => {
  let compared = 0;
  fc.assert(
    fc.property(anySnapshot, ({ services, data }) => {
      const snapshot = snapshotOf(services, data);
      const allocator = allocatorOf(snapshot, options);
      for (const { key } of allocator.ledger.all()) {
        const { decision } = allocator.explain(key) ?? assert.fail();
        if (decision.kind !== 'write') continue;
        const written = changed(snapshot, key, (view) => applyPatch(view, decision.patch));
        const next = allocatorOf(written, options).explain(key)?.decision ?? assert.fail();
        const codes = (one: Decision) => lacks(one).map(conditionCode);
        assert.deepEqual(codes(next), codes(decision), key);
        compared += lacks(decision).length;
      }
    }),
    runs,
  );
  assert.ok(compared > 5, String(compared));
});

test('a reallocation adds the missing family exactly if that is said', () => {
  const seen: Record<string, number> = {};
  fc.assert(
    fc.property(anySnapshot, ({ services, data }) => {
      const { snapshot, outcome } = atRest(snapshotOf(services, data));
      for (const { key } of outcome.allocator.ledger.all()) {
        const { decision } = outcome.allocator.explain(key) ?? assert.fail();
        for (const { missing, pool, why } of lacks(decision)) {
          if (why === 'static') continue;
          const asked = changed(snapshot, key, (view) => ({ ...view, reallocate: 'all' }));
          const after = simulate(asked, options).allocator.explain(key)?.decision ?? assert.fail();
          const isLacking = lacks(after).some((one) => one.missing === missing && one.pool === pool);
          const isPending =
            'conditions' in after && after.conditions.some(({ code }) => code === 'pending-change');
          const isAvailable = 'from' in why;
          assert.equal(!isLacking && !isPending, isAvailable, `${key}: ${JSON.stringify(why, text)}`);
          const kind = isAvailable ? 'available' : (why[0]?.code ?? assert.fail());
          seen[kind] = (seen[kind] ?? 0) + 1;
        }
      }
    }),
    runs,
  );
  for (const kind of ['available', 'pool-full', 'family-not-in-pool', 'quota-reached'])
    assert.ok((seen[kind] ?? 0) > 0, JSON.stringify(seen));
});

function text(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
