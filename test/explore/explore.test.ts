import './open-fields.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
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

const pools = quickScopes.find(({ name }) => name.startsWith('quick: other pools'));

test('states of a controller that are counted once have the same future', async () => {
  assert.ok(pools !== undefined);
  assert.deepEqual(await sampleMergedNodes(pools, 60), []);
});

test('two states of a controller that are counted once by mistake are found', async () => {
  assert.ok(pools !== undefined);
  assert.notDeepEqual(await sampleMergedNodes(pools, 60, ['$writing', '$running', 'requests']), []);
});

test('worlds that are counted once have the same future', async () => {
  assert.ok(pools !== undefined);
  assert.deepEqual(await sampleMerged(pools, canonical, 40), []);
});

test('two worlds that are counted once by mistake are found, because their futures differ', async () => {
  assert.ok(pools !== undefined);
  /** As if the objects in the API did not matter. */
  const blind = (world: World): string =>
    canonical({ ...world, cluster: { ...world.cluster, objects: new Map(), log: [] } });
  assert.notDeepEqual(await sampleMerged(pools, blind, 40), []);
});

test('a late write of a former leader is the known counterexample without claims', async () => {
  assert.ok(pools !== undefined);
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
