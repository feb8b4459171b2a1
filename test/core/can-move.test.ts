/** The question that `kubectl vip drain` asks before it requests a move has the answer of the controller. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../src/core/decide/facts.ts';
import { canMoveTo } from '../../src/core/decide/target-allocation.ts';
import { SmallWorld } from './small-world.ts';

const target = '10.0.0.5';

test('a Service can move to an address that only its own status shows', () => {
  const world = new SmallWorld({ 'cidr-x': '10.0.0.1-10.0.0.9' })
    .create(['x/a'])
    .edit('x/a', { status: target });
  const { allocator } = world;
  const state = allocator.ledger.get('x/a') ?? assert.fail();
  assert.equal(canMoveTo(subjectOf(state, allocator.facts), target), true);
  world.edit('x/a', { annotations: { 'kube-vip.io/reallocate': target } });
  assert.deepEqual(world.addresses('x/a'), [target]);
});
