/** Questions about what would be are answered as the controller would decide. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subjectOf } from '../../src/core/decide/facts.ts';
import { canMoveTo } from '../../src/core/decide/target-allocation.ts';
import { namedPools } from '../../src/core/explain/list-remedies.ts';
import { readAddress } from '../../src/core/ip/address.ts';
import { withReservations } from '../../src/core/ledger/service-state.ts';
import { options, SmallWorld } from './small-world.ts';

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

test('a full pool is not recommended to a Service that an earlier write may still give an address', () => {
  const data = { 'pool.p': '10.0.0.1', 'pools-x': 'p' };
  const { allocator } = new SmallWorld(data).create(
    ['x/a'],
    ['x/b', { annotations: { 'kube-vip.io/pool': 'nowhere' } }],
  );
  const before = allocator.ledger.get('x/b') ?? assert.fail();
  const address = readAddress('10.0.9.9') ?? assert.fail();
  const state = withReservations(before, [{ address, source: 'pool.q' }]);
  allocator.ledger.replace(before, state);
  assert.deepEqual(namedPools(state, ['p'], { allocator, options, configMap: undefined }), []);
});
