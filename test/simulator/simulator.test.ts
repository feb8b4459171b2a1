import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { BrokenPromise } from './broken-promise.ts';
import { notCovered } from './coverage.ts';
import { hunt, mutants } from './mutants.ts';
import { type Act, type Plan, planOf } from './plan.ts';
import { shrink } from './shrink.ts';
import { type Outcome, run } from './simulation.ts';

const acts = 200;

for (const { how, claims, least } of [
  { how: 'without claims', claims: false, least: 200_000 },
  { how: 'with claims', claims: true, least: 100_000 },
]) {
  test(`three controllers keep the promises despite faults, crashes and pauses, each kind of which occurs, ${how}`, async () => {
    const counts = new Map<string, number>();
    let steps = 0;
    const add = async (seed: number): Promise<void> => {
      const outcome = await run(planOf(seed, acts, claims));
      const again = `npm run simulate -- --seed ${seed} --acts ${acts} --steps 1${claims ? ' --claims' : ''}`;
      assert.ok(outcome.broken === undefined, `${outcome.broken?.message}\n${again}`);
      steps += outcome.steps;
      for (const [what, count] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + count);
    };
    // Rare states may need more steps.
    const isDone = (): boolean =>
      steps >= least && (notCovered(counts, claims).length === 0 || steps >= 3 * least);
    for (let seed = 1; !isDone(); seed += 1) await add(seed);
    assert.deepEqual(notCovered(counts, claims), [], 'everything occurred');
  });
}

test('plans that once broke a promise', async () => {
  for (const { seed, claims } of [
    // Together: the mover's followers conflicted with Services on their way to the address that it joined.
    { seed: 9025, claims: false },
    // Free again: a Service of the Go version got no allocation record while a reallocation was pending.
    { seed: 9159, claims: true },
  ]) {
    const outcome = await run(planOf(seed, acts, claims));
    assert.equal(outcome.broken?.message, undefined, `seed ${seed}`);
  }
});

test('a late write of a former leader creates a duplicate, which is reported; claims prevent it', async () => {
  const service = (namespace: string): Act => ({
    do: 'create',
    service: {
      metadata: { namespace, name: 'x' },
      spec: {
        type: 'LoadBalancer',
        ipFamilyPolicy: 'SingleStack',
        ipFamilies: ['IPv4'],
        ports: [{ port: 80 }],
      },
    },
  });
  const pool = '10.0.0.1-10.0.0.1';
  // A leader assigns the address to a/x and crashes. The next leader no longer finds that pool and assigns it to b/x.
  const acts: Plan['acts'] = [
    { at: 0, act: { do: 'configure', data: { 'range-a': pool } } },
    { at: 1_000, act: service('a') },
    ...[0, 1, 2].map((replica): Plan['acts'][number] => ({ at: 1_100, act: { do: 'crash', replica } })),
    { at: 5_000, act: { do: 'configure', data: { 'range-b': pool } } },
    { at: 6_000, act: service('b') },
    { at: 60_000, act: { do: 'compact' } },
  ];
  for (const claims of [false, true]) {
    let duplicates = 0;
    let strandedWrites = 0;
    // One of these requests is the write and, with claims, another one is the claim.
    for (let request = 0; request < 60; request += 1) {
      const outcome = await run({ seed: 1, claims, acts, faults: [{ request, kind: 'late', ms: 40_000 }] });
      assert.equal(outcome.broken?.message, undefined);
      duplicates += outcome.counts.get('state: duplicate of a former leader') ?? 0;
      strandedWrites += outcome.counts.get('write: 409') ?? 0;
    }
    assert.equal(duplicates, claims ? 0 : 1);
    // The next leader keeps the reservation for a/x and writes it, so the late write is rejected.
    if (claims) assert.ok(strandedWrites > 0);
  }
});

test('the same plan always runs the same way', async () => {
  const [one, other] = [await run(planOf(7, 60)), await run(planOf(7, 60))];
  assert.equal(one.steps, other.steps);
  assert.deepEqual(one.timeline, other.timeline);
  assert.deepEqual(one.counts, other.counts);
});

test('the source text of each mutant exists, and each promise has a mutant', () => {
  for (const { what, file, from } of mutants) {
    const source = readFileSync(join(resolve(import.meta.dirname, '..', '..'), file), 'utf8');
    assert.equal(source.split(from).length, 2, `${what}: ${file}`);
  }
  const promises = [
    ...['Once', 'Still', 'Inside', 'Free again', 'Served', 'Crash-proof'],
    ...['Same', 'Alone', 'Hands off', 'Said why', 'Quiet', 'Adopt first'],
    ...['One leader', 'Together'],
  ];
  // A few rules beyond the promises have one, too: what a quota permits, and the order of the pools of a list.
  const found = new Set(mutants.map(({ promise }) => promise));
  assert.deepEqual([...found].sort(), [...promises, 'Order', 'Quota'].sort());
});

test('a mutant is found, and breaks its promise', async () => {
  const mutant = mutants.find(({ promise }) => promise === 'Inside');
  assert.ok(mutant !== undefined);
  const { line } = await hunt(mutant, 50_000);
  assert.match(line ?? 'nothing', /^seed \d+, step \d+: Inside: /);
});

test('a failing plan is reduced to the necessary acts and faults', async () => {
  const plan = planOf(3, 30);
  const [act, other, fault] = [plan.acts[4], plan.acts[21], plan.faults[3]];
  assert.ok(act !== undefined && other !== undefined && fault !== undefined);
  let runs = 0;
  /** A plan with all three breaks Once. Any other plan breaks another promise. */
  const simulate = (tried: Plan): Promise<Outcome> => {
    runs += 1;
    const hasAll = tried.acts.includes(act) && tried.acts.includes(other) && tried.faults.includes(fault);
    const broken = new BrokenPromise(hasAll ? 'Once' : 'Served', 'for this test');
    return Promise.resolve({ steps: 1, counts: new Map(), broken, timeline: [] });
  };
  const { plan: least, outcome } = await shrink(plan, await simulate(plan), 400, simulate);
  assert.deepEqual(least, { ...plan, acts: [act, other], faults: [fault] });
  assert.equal(outcome.broken?.promise, 'Once');
  const before = runs;
  await shrink(plan, await simulate(plan), 5, simulate);
  assert.equal(runs - before, 1 + 5, 'it stops after the maximum number of runs');
});
