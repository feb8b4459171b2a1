import './open-fields.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Scope } from './scope.ts';
import type { World } from './world.ts';

Error.stackTraceLimit = 0;
const { canonical } = await import('./canonical.ts');
const { quickScopes } = await import('./scopes.ts');
const { automatonOf, search } = await import('./search.ts');
const { sampleMerged, sampleMergedNodes } = await import('./merged.ts');
const { tell } = await import('./story.ts');

for (const scope of quickScopes) {
  test(`all promises hold in every state: ${scope.name.replace('quick: ', '')}`, async () => {
    const { found, isComplete, restIn } = await search(scope);
    const story = found && (await tell(found.story, scope, automatonOf(scope))).join('\n');
    assert.ok(found === undefined, `${found?.violation}\n${story}`);
    assert.ok(isComplete, 'the search ended');
    assert.ok(restIn < 100, `the world is at rest within ${restIn} steps`);
  });
}

const scopeOf = (name: string): Scope =>
  quickScopes.find((scope) => scope.name.startsWith(`quick: ${name}`)) ?? assert.fail(name);
const pools = scopeOf('other pools');
/** Small enough for all states that are counted once. */
const late: Scope = {
  ...scopeOf('faults of the network'),
  name: 'one Service, and a late request',
  services: ['default/svc-a'],
  configs: [],
  faultKinds: ['late'],
};

test('states of a controller that are counted once have the same future', async () => {
  assert.deepEqual(await sampleMergedNodes(pools, { samples: 60 }), []);
  assert.deepEqual(await sampleMergedNodes(scopeOf('claims'), { samples: 30 }), []);
  assert.deepEqual(await sampleMergedNodes(late, { every: 1 }), []);
});

test('two states of a controller that are counted once by mistake are found', async () => {
  const mistaken = ['$writing', '$running', 'requests'];
  assert.notDeepEqual(await sampleMergedNodes(pools, { samples: 60, mistaken }), []);
  // What only closures remember.
  assert.notDeepEqual(await sampleMergedNodes(late, { every: 1, mistaken: ['failures'] }), []);
});

test('worlds that are counted once have the same future', async () => {
  assert.deepEqual(await sampleMerged(pools, canonical, 40), []);
});

test('two worlds that are counted once by mistake are found, because their futures differ', async () => {
  /** As if the objects in the API did not matter. */
  const blind = (world: World): string =>
    canonical({ ...world, cluster: { ...world.cluster, objects: new Map(), log: [] } });
  assert.notDeepEqual(await sampleMerged(pools, blind, 40), []);
});

test('a late write of a former leader is the known counterexample without claims', async () => {
  const { found } = await search({
    ...pools,
    name: 'the pool moves to another namespace while a write is on its way',
    services: ['c/svc-a', 'a/svc-b'],
    data: { 'range-a': '10.0.0.1-10.0.0.1' },
    configs: [{ 'range-c': '10.0.0.1-10.0.0.1' }],
    ...{ edits: [], faultKinds: ['crash'], acts: 2, faults: 1, lateWrites: true },
  });
  assert.match(found?.violation ?? 'nothing', /^Once: 10\.0\.0\.1 of c\/svc-a was assigned to a\/svc-b$/);
});
