import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveSnapshot } from '../../src/web/live.ts';
import type { PageUpdate, Role } from '../../src/web/page-data.ts';
import { takeSnapshot } from '../../src/web/page-snapshot.ts';
import { createFakeClock } from '../client/fake-clock.ts';
import { options, served, world } from '../core/assigned-services.ts';

function createLive(costMs = 0) {
  const clock = createFakeClock();
  let services = [served('a/one', '10.0.0.1')];
  let role: Role = 'leader';
  let snapshots = 0;
  const live = new LiveSnapshot({
    clock,
    role: () => role,
    take() {
      snapshots += 1;
      if (services.length === 0) throw new Error('a bug');
      const snapshot = takeSnapshot(world({ 'cidr-global': '10.0.0.0/24' }, services), options, 0);
      clock.advance(costMs);
      return snapshot;
    },
  });
  const updates: PageUpdate[] = [];
  return {
    ...{ clock, live, updates },
    snapshots: () => snapshots,
    setRole: (next: Role) => {
      role = next;
    },
    setServices(...keys: string[]) {
      services = keys.map((key, i) => served(key, `10.0.0.${i + 1}`));
      live.changed();
    },
    subscribe: () => live.subscribe((update) => updates.push(update)),
  };
}

test('many changes are one update, at most four times a second, with the latest change', () => {
  const { clock, live, updates, setServices, subscribe, snapshots } = createLive();
  subscribe();
  for (let i = 0; i < 100; i += 1) setServices('a/one', `a/two-${i}`);
  assert.equal(updates.length, 0);
  clock.advance(250);
  assert.equal(updates.length, 1);
  assert.equal(updates[0]?.changed, 1);
  assert.equal(updates[0]?.newest?.after?.name, 'two-99');
  assert.equal(snapshots(), 2);
  setServices('a/one');
  clock.advance(250);
  assert.equal(updates[1]?.newest?.after, undefined);
  assert.deepEqual(
    live.history.changes.map(({ before, after }) => [before?.name, after?.name]),
    [
      ['two-99', undefined],
      [undefined, 'two-99'],
    ],
  );
});

test('a request uses the latest snapshot unless it is too old', () => {
  const { clock, live, setServices, snapshots } = createLive();
  setServices('a/one', 'a/two');
  assert.equal(live.snapshot.services.size, 1);
  clock.advance(300);
  assert.equal(live.snapshot.services.size, 2);
  assert.equal(snapshots(), 2);
  assert.equal(live.snapshot.services.size, 2);
  assert.equal(snapshots(), 2);
});

test('without listeners snapshots are rare, and an expensive snapshot is followed by a long pause', () => {
  const unwatched = createLive();
  unwatched.setServices('a/one', 'a/two');
  unwatched.clock.advance(4_999);
  assert.equal(unwatched.snapshots(), 1);
  unwatched.clock.advance(1);
  assert.equal(unwatched.snapshots(), 2);
  const expensive = createLive(200);
  expensive.subscribe();
  expensive.setServices('a/one', 'a/two');
  expensive.clock.advance(1_799);
  assert.equal(expensive.snapshots(), 1);
  expensive.clock.advance(1);
  assert.equal(expensive.snapshots(), 2);
});

test('listeners get periodic updates, also without changes, with the current role', () => {
  const { clock, updates, subscribe, setRole } = createLive();
  const unsubscribe = subscribe();
  setRole('standby');
  clock.advance(15_000);
  assert.deepEqual(updates, [{ revision: 0, role: 'standby', changed: 0, newest: undefined }]);
  unsubscribe?.();
  assert.deepEqual(clock.timers(), []);
});

test('at most 32 listeners, and unsubscribing makes room for another', () => {
  const { live } = createLive();
  const unsubscribes = Array.from({ length: 32 }, () => live.subscribe(() => {}));
  assert.ok(unsubscribes.every((unsubscribe) => unsubscribe !== undefined));
  assert.equal(
    live.subscribe(() => {}),
    undefined,
  );
  unsubscribes[0]?.();
  assert.notEqual(
    live.subscribe(() => {}),
    undefined,
  );
});

test('a request reports a bug in the snapshot, and later snapshots succeed', () => {
  const { clock, live, setServices, subscribe } = createLive();
  subscribe();
  setServices();
  clock.advance(10_000);
  assert.throws(() => live.snapshot, /a bug/);
  setServices('a/one', 'a/two');
  clock.advance(10_000);
  assert.equal(live.snapshot.services.size, 2);
});
