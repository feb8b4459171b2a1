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
  test(`three controllers keep the promises through faults, crashes and pauses, and each kind of them occurs, ${how}`, async () => {
    const counts = new Map<string, number>();
    let steps = 0;
    const add = async (seed: number): Promise<void> => {
      const outcome = await run(planOf(seed, acts, claims));
      const again = `npm run simulate -- --seed ${seed} --acts ${acts} --steps 1${claims ? ' --claims' : ''}`;
      assert.ok(outcome.broken === undefined, `${outcome.broken?.message}\n${again}`);
      steps += outcome.steps;
      for (const [what, count] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + count);
    };
    // What is rare may take some more.
    const isDone = (): boolean =>
      steps >= least && (notCovered(counts, claims).length === 0 || steps >= 3 * least);
    for (let seed = 1; !isDone(); seed += 1) await add(seed);
    assert.deepEqual(notCovered(counts, claims), [], 'what never happened was not tried');
  });
}

test('a write of a former leader that lands too late makes a duplicate, which is found and said; claims prevent it', async () => {
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
  // a/x is given the address by a leader that is killed; its pool is gone when the next one leads, who gives the address to b/x.
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
    // One of these requests is the write, and with claims another one the claim.
    for (let request = 0; request < 60; request += 1) {
      const outcome = await run({ seed: 1, claims, acts, faults: [{ request, kind: 'late', ms: 40_000 }] });
      assert.equal(outcome.broken?.message, undefined);
      duplicates += outcome.counts.get('state: duplicate of a former leader') ?? 0;
      strandedWrites += outcome.counts.get('write: 409') ?? 0;
    }
    assert.equal(duplicates, claims ? 0 : 1);
    // The next leader keeps the word that was given to a/x, so what arrives late has come too late.
    if (claims) assert.ok(strandedWrites > 0);
  }
});

test('the same plan runs the same', async () => {
  const [one, other] = [await run(planOf(7, 60)), await run(planOf(7, 60))];
  assert.equal(one.steps, other.steps);
  assert.deepEqual(one.timeline, other.timeline);
  assert.deepEqual(one.counts, other.counts);
});

test('each mutant has its place, and each promise its mutant', () => {
  for (const { what, file, from } of mutants) {
    const source = readFileSync(join(resolve(import.meta.dirname, '..', '..'), file), 'utf8');
    assert.equal(source.split(from).length, 2, `${what}: ${file}`);
  }
  const promises = [
    ...['Once', 'Still', 'Inside', 'Free again', 'Served', 'Crash-proof'],
    ...['Same', 'Alone', 'Hands off', 'Said why', 'Quiet', 'Adopt first'],
  ];
  assert.deepEqual(mutants.map(({ promise }) => promise).sort(), promises.sort());
});

test('a mutant is found, by its promise', async () => {
  const mutant = mutants.find(({ promise }) => promise === 'Inside');
  assert.ok(mutant !== undefined);
  const { line } = await hunt(mutant, 50_000);
  assert.match(line ?? 'nothing', /^seed \d+, step \d+: Inside: /);
});

test('a plan that fails is cut down to the acts and faults that it needs', async () => {
  const plan = planOf(3, 30);
  const [act, other, fault] = [plan.acts[4], plan.acts[21], plan.faults[3]];
  assert.ok(act !== undefined && other !== undefined && fault !== undefined);
  let runs = 0;
  /** Once breaks where all three are there; else another promise does. */
  const judge = (tried: Plan): Promise<Outcome> => {
    runs += 1;
    const isIt = tried.acts.includes(act) && tried.acts.includes(other) && tried.faults.includes(fault);
    const broken = new BrokenPromise(isIt ? 'Once' : 'Served', 'made up');
    return Promise.resolve({ steps: 1, counts: new Map(), broken, timeline: [] });
  };
  const { plan: least, outcome } = await shrink(plan, await judge(plan), 400, judge);
  assert.deepEqual(least, { ...plan, acts: [act, other], faults: [fault] });
  assert.equal(outcome.broken?.promise, 'Once');
  const before = runs;
  await shrink(plan, await judge(plan), 5, judge);
  assert.equal(runs - before, 1 + 5, 'it gives up after as many runs as it may make');
});
