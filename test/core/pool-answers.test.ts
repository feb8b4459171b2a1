/** What kubectl vip says about named pools, exclusions, reservations, and quotas, compared with the decisions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readConfig } from '../../src/core/config/config.ts';
import type { ServiceDecision } from '../../src/core/decide/allocator.ts';
import { explainTrace } from '../../src/core/explain/explain-trace.ts';
import { remediesFor } from '../../src/core/explain/service-remedies.ts';
import { formatAddress, readAddress } from '../../src/core/ip/address.ts';
import { ordinalOf } from '../../src/core/ip/range.ts';
import type { Service } from '../../src/core/model/objects.ts';
import { keyOf, type ServiceView } from '../../src/core/model/service-view.ts';
import { occupancyOf } from '../../src/core/queries/occupancy.ts';
import { excludedBy } from '../../src/core/queries/pool-users.ts';
import { pendingCounts, quotaRows } from '../../src/core/queries/quotas.ts';
import { poolRows } from '../../src/core/queries/report.ts';
import { type ClusterSnapshot, simulate } from '../../src/core/queries/simulate.ts';
import { atRest, changeOf, configMapOf, options, snapshotOf } from './snapshots.ts';

const runs = { numRuns: Number(process.env.RUNS ?? 100) };

type Data = Record<string, string>;

const anyAddresses = fc.constantFrom(
  '10.0.0.1-10.0.0.3',
  '10.0.0.2-10.0.0.6',
  '10.0.0.8/30',
  '10.0.0.1, fd00::1-fd00::2',
  'fd00::/126',
);
const anyList = fc.constantFrom('a', 'b', 'a, b', 'b, a, c', 'c', 'aa', 'c, nowhere');
const anyData: fc.Arbitrary<Data> = fc
  .record(
    {
      'pool.a': anyAddresses,
      'pool.b': anyAddresses,
      'pool.c': anyAddresses,
      'pools-x': anyList,
      'pools-global': anyList,
      'cidr-y': anyAddresses,
      'select.a': fc.constantFrom('tier=edge', 'tier', '!tier', 'tier notin (edge, core)', 'nonsense!'),
      'select.b': fc.constantFrom('tier=edge', 'tier in (core)'),
      'auto-assign.c': fc.constantFrom('true', 'false'),
      'exclude.a': anyAddresses,
      'exclude-x': anyAddresses,
      'exclude-global': fc.constantFrom('10.0.0.2', 'fd00::1', '10.0.0.0/24'),
      'reserve-x': fc.constantFrom('v=10.0.0.1', 'v=10.0.0.2, w=10.0.0.9', 'v=fd00::1'),
      'quota-x': fc.constantFrom('0', '1', '3'),
      'quota-global': fc.constantFrom('1', '2'),
      'allow-share-x': fc.constant('true'),
    },
    { requiredKeys: ['pool.a', 'pool.b'] },
  )
  .map((data) => ({ ...data }) as Data);

const anyService: fc.Arbitrary<Service> = fc
  .record({
    namespace: fc.constantFrom('x', 'x', 'y', 'z'),
    name: fc.constantFrom('v', 'w', 's', 't', 'u'),
    tier: fc.constantFrom(undefined, 'edge', 'core'),
    pool: fc.constantFrom(undefined, undefined, undefined, 'a', 'b', 'a,b', 'c', 'nowhere', 'cidr-y'),
    sharingKey: fc.constantFrom(undefined, undefined, undefined, 'k'),
    requested: fc.constantFrom(undefined, undefined, undefined, '10.0.0.1', '10.0.0.2', '10.9.0.1'),
    families: fc.constantFrom<{ ipFamilyPolicy: string; ipFamilies: string[] }>(
      { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'] },
      { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'] },
      { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] },
      { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4', 'IPv6'] },
    ),
    port: fc.constantFrom(80, 81),
    second: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ namespace, name, tier, pool, sharingKey, requested, families, port, second }) => ({
    metadata: {
      namespace,
      name,
      creationTimestamp: `2026-01-01T00:00:0${second}Z`,
      labels: tier === undefined ? {} : { tier },
      annotations: {
        ...(pool === undefined ? {} : { 'kube-vip.io/pool': pool }),
        ...(sharingKey === undefined ? {} : { 'kube-vip.io/sharing-key': sharingKey }),
        ...(requested === undefined ? {} : { 'kube-vip.io/loadbalancerIPs': requested }),
      },
    },
    spec: { type: 'LoadBalancer', ...families, ports: [{ protocol: 'TCP', port }] },
  }));

const anyCluster = fc.record({
  services: fc.uniqueArray(anyService, {
    maxLength: 8,
    selector: ({ metadata: { namespace, name } }) => `${namespace}/${name}`,
  }),
  data: anyData,
  next: anyData,
});

/** A cluster at rest, whose ConfigMap was changed since the addresses were assigned. */
function* settled(
  services: Service[],
  data: Data,
  next: Data,
): Generator<{
  snapshot: ClusterSnapshot;
  decisions: ServiceDecision[];
  data: Data;
  outcome: ReturnType<typeof simulate>;
}> {
  const first = atRest(snapshotOf(services, data));
  const second = atRest({ ...first.snapshot, config: readConfig(configMapOf(next)) });
  for (const [one, its] of [
    [first, data],
    [second, next],
  ] as const) {
    const { allocator } = one.outcome;
    const decisions = [...allocator.ledger.all()].map(({ key }) => allocator.explain(key) ?? assert.fail());
    yield { ...one, decisions, data: its };
  }
}

test('a trace names the pools of a Service, fails only for a problem, and ends with what decided', () => {
  fc.assert(
    fc.property(anyCluster, ({ services, data, next }) => {
      for (const { decisions } of settled(services, data, next))
        for (const decided of decisions) {
          const { decision, trace, state } = decided;
          const findings = explainTrace(decided, options);
          for (const { finding } of findings)
            assert.ok(finding !== '' && !finding.includes('undefined'), finding);
          const isAssigned = decision.kind === 'keep' || decision.kind === 'write';
          assert.equal(findings.at(-1)?.outcome === 'failed', !isAssigned, JSON.stringify(findings));
          const isFromPool = isAssigned && /^(?:pool[.]|cidr-)/.test(decision.source);
          if (isFromPool && trace.policy.pools.length > 0)
            assert.ok(
              findings.some(({ name }) => name === 'pool'),
              state.key,
            );
        }
    }),
    runs,
  );
});

/** The ConfigMap and the Services after a command that a remedy suggests; undefined if a person has to complete it. */
function applied(
  command: string,
  data: Data,
  views: readonly ServiceView[],
): { data: Data; views: readonly ServiceView[] } | undefined {
  if (/ADDRESS|POOL|NAME\b/.test(command)) return undefined;
  const configMap = /^kubectl patch configmap kubevip .* --type merge --patch '(?<patch>.*)'$/.exec(command);
  if (configMap?.groups?.patch !== undefined)
    return { data: { ...data, ...JSON.parse(configMap.groups.patch).data }, views };
  const annotated =
    /^kubectl annotate service (?<name>\S+) --namespace (?<namespace>\S+) --overwrite kube-vip.io\/(?<what>pool|reallocate)(?<value>=.*|-)$/.exec(
      command,
    )?.groups;
  if (annotated === undefined) return undefined;
  const { name, namespace, what, value = '' } = annotated;
  const edited =
    what === 'reallocate'
      ? { reallocate: 'all' as const }
      : { pool: value === '-' ? undefined : value.slice(1) };
  const isNamed = (view: ServiceView): boolean => view.name === name && view.namespace === namespace;
  return {
    data,
    views: views.map((view) =>
      isNamed(view) ? { ...view, ...edited, resourceVersion: `${view.resourceVersion}0` } : view,
    ),
  };
}

test('each pending Service has a remedy, and a suggested command gives the Service its address', () => {
  const helped: Record<string, number> = {};
  fc.assert(
    fc.property(anyCluster, ({ services, data: before, next }) => {
      for (const { decisions, data, snapshot, outcome } of settled(services, before, next))
        for (const decided of decisions) {
          const { decision, state } = decided;
          if (decision.kind !== 'pending') continue;
          const { allocator } = outcome;
          const remedies = remediesFor(decided, { allocator, options, configMap: configMapOf(data) });
          assert.ok(
            remedies.length > 0,
            JSON.stringify(decision.failures, (_, v) => String(v)),
          );
          // Several failures are solved one after the other.
          const codes = new Set(decision.failures.map(({ code }) => code));
          for (const { command = '' } of codes.size === 1 ? remedies : []) {
            // Services that wait as well may be faster.
            const others = snapshot.services.filter((view) => {
              const other = allocator.explain(keyOf(view))?.decision;
              return view === state.view || other?.kind === 'keep';
            });
            const after = applied(command, data, others);
            if (after === undefined) continue;
            const config = readConfig(configMapOf(after.data));
            const found = simulate({ ...snapshot, services: after.views, config }, options);
            const [code = ''] = codes;
            const now = found.allocator.explain(state.key)?.decision;
            const isBetter =
              now?.kind === 'keep' ||
              (now?.kind === 'pending' && now.failures.every((one) => one.code !== code));
            assert.ok(
              isBetter,
              `${state.key} ${code}: ${command}\n${JSON.stringify(now, (_, v) => (typeof v === 'bigint' ? String(v) : v))}`,
            );
            helped[code] = (helped[code] ?? 0) + 1;
          }
        }
    }),
    runs,
  );
  for (const code of ['pool-not-listed', 'list-empty', 'quota-reached'])
    assert.ok((helped[code] ?? 0) > 0, `${code}: ${JSON.stringify(helped)}`);
});

/** Every address that the pools of these tests have. */
const universe = [
  ...Array.from({ length: 13 }, (_, i) => `10.0.0.${i}`),
  ...Array.from({ length: 5 }, (_, i) => `fd00::${i}`),
].flatMap((text) => readAddress(text) ?? []);

test('the counts of a pool are those of its addresses, one by one', () => {
  fc.assert(
    fc.property(anyCluster, ({ services, data, next }) => {
      for (const { outcome } of settled(services, data, next)) {
        const { allocator } = outcome;
        const { config, ledger } = allocator;
        for (const row of poolRows(allocator)) {
          const whole = config.pools.get(row.key) ?? assert.fail();
          const all = universe.filter((address) => {
            const ordinal = ordinalOf(address);
            const is = ({ first, last }: { first: bigint; last: bigint }): boolean =>
              ordinal !== undefined && first <= ordinal && ordinal <= last;
            return whole.spans[address.family].some(is);
          });
          const isExcluded = (text: string): boolean => {
            const address = readAddress(text) ?? assert.fail();
            const by = excludedBy(address, config);
            return by.some((key) => key === 'exclude-global' || key === `exclude.${row.key.slice(5)}`);
          };
          const excluded = all.filter((address) => isExcluded(formatAddress(address)));
          const open = all.filter((address) => !excluded.includes(address));
          const states = open.map((address) => occupancyOf(address, allocator));
          const isUsed = (address: (typeof all)[number]): boolean => ledger.servicesAt(address).length > 0;
          const reserved = open.filter(
            (address) => !isUsed(address) && ledger.reservedFor(address) !== undefined,
          );
          const used = open.filter(isUsed);
          assert.deepEqual(
            [row.size, row.used, row.reserved, row.free, row.excluded].map(Number),
            [
              open.length,
              used.length,
              reserved.length,
              open.length - used.length - reserved.length,
              excluded.length,
            ],
            row.key,
          );
          const shown = states.filter(({ state }) => state === 'reserved');
          assert.equal(shown.length, reserved.length);
        }
      }
    }),
    runs,
  );
});

test('the use of a quota is what its Services have, and its pending Services say so', () => {
  fc.assert(
    fc.property(anyCluster, ({ services, data, next }) => {
      for (const { outcome, decisions } of settled(services, data, next)) {
        const { allocator } = outcome;
        for (const { namespace, limit, used, left, pending } of quotaRows(
          allocator,
          pendingCounts(decisions),
        )) {
          const own = decisions.filter(({ state }) => state.view.namespace === namespace);
          const held = own.flatMap(({ decision }) =>
            decision.kind === 'keep' ? decision.addresses.text.split(',') : [],
          );
          assert.equal(used, new Set(held).size);
          assert.equal(left, limit - used);
          const waiting = own.filter(
            ({ decision }) =>
              'failures' in decision && decision.failures.some(({ code }) => code === 'quota-reached'),
          );
          assert.equal(pending, waiting.length);
        }
      }
    }),
    runs,
  );
});

test('a plan moves no Service, and names the addresses that become excluded or reserved for another one', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(anyCluster, ({ services, data, next }) => {
      const { snapshot, outcome } = atRest(snapshotOf(services, data));
      const plan = changeOf(snapshot, next);
      for (const { service, kind, before, after, isHeld, explanation } of plan.services) {
        seen.add(kind);
        const decision = outcome.allocator.explain(service)?.decision;
        assert.ok(before === after || !isHeld || decision?.kind !== 'keep', service);
        if (kind === 'excluded') assert.match(explanation, /exclude[.-]/);
        if (kind === 'reserved') assert.match(explanation, /reserve-x/);
      }
      const unchanged = changeOf(snapshot, data);
      assert.deepEqual([unchanged.pools, unchanged.quotas, unchanged.services], [[], [], []]);
    }),
    runs,
  );
  for (const kind of ['assigned', 'excluded', 'reserved', 'outside']) assert.ok(seen.has(kind), kind);
});
