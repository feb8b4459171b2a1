import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Live } from '../../src/web/live.ts';
import type { News, Role } from '../../src/web/page-data.ts';
import { takeSnapshot } from '../../src/web/page-snapshot.ts';
import { createFakeClock } from '../client/fake-clock.ts';
import { options, served, world } from '../core/assigned-services.ts';

function stage(costMs = 0) {
  const clock = createFakeClock();
  let services = [served('a/one', '10.0.0.1')];
  let role: Role = 'leading';
  let looks = 0;
  const live = new Live({
    clock,
    role: () => role,
    take() {
      looks += 1;
      if (services.length === 0) throw new Error('a bug');
      const snapshot = takeSnapshot(world({ 'cidr-global': '10.0.0.0/24' }, services), options);
      clock.advance(costMs);
      return snapshot;
    },
  });
  const heard: News[] = [];
  return {
    ...{ clock, live, heard },
    looks: () => looks,
    become: (next: Role) => {
      role = next;
    },
    have(...keys: string[]) {
      services = keys.map((key, i) => served(key, `10.0.0.${i + 1}`));
      live.changed();
    },
    follow: () => live.follow((news) => heard.push(news)),
  };
}

test('many changes are one piece of news, some times a second, with what changed', () => {
  const { clock, live, heard, have, follow, looks } = stage();
  follow();
  for (let i = 0; i < 100; i += 1) have('a/one', `a/two-${i}`);
  assert.equal(heard.length, 0);
  clock.advance(250);
  assert.equal(heard.length, 1);
  assert.equal(heard[0]?.changed, 1);
  assert.equal(heard[0]?.newest?.after?.name, 'two-99');
  assert.equal(looks(), 2);
  have('a/one');
  clock.advance(250);
  assert.equal(heard[1]?.newest?.after, undefined);
  assert.deepEqual(
    live.history.changes.map(({ before, after }) => [before?.name, after?.name]),
    [
      ['two-99', undefined],
      [undefined, 'two-99'],
    ],
  );
});

test('who asks is answered from the last look, unless that is a while ago', () => {
  const { clock, live, have, looks } = stage();
  have('a/one', 'a/two');
  assert.equal(live.snapshot.services.size, 1);
  clock.advance(300);
  assert.equal(live.snapshot.services.size, 2);
  assert.equal(looks(), 2);
  assert.equal(live.snapshot.services.size, 2);
  assert.equal(looks(), 2);
});

test('where nobody listens it is looked at now and then; and a dear look is followed by a long rest', () => {
  const alone = stage();
  alone.have('a/one', 'a/two');
  alone.clock.advance(4_999);
  assert.equal(alone.looks(), 1);
  alone.clock.advance(1);
  assert.equal(alone.looks(), 2);
  const dear = stage(200);
  dear.follow();
  dear.have('a/one', 'a/two');
  dear.clock.advance(1_799);
  assert.equal(dear.looks(), 1);
  dear.clock.advance(1);
  assert.equal(dear.looks(), 2);
});

test('whoever listens hears now and then also of nothing, and of another leader', () => {
  const { clock, heard, follow, become } = stage();
  const end = follow();
  become('standing by');
  clock.advance(15_000);
  assert.deepEqual(heard, [{ revision: 0, role: 'standing by', changed: 0, newest: undefined }]);
  end?.();
  assert.deepEqual(clock.timers(), []);
});

test('there is room for 32, and one that leaves makes room', () => {
  const { live } = stage();
  const ends = Array.from({ length: 32 }, () => live.follow(() => {}));
  assert.ok(ends.every((end) => end !== undefined));
  assert.equal(
    live.follow(() => {}),
    undefined,
  );
  ends[0]?.();
  assert.notEqual(
    live.follow(() => {}),
    undefined,
  );
});

test('a bug in the looking is told to whoever asks, and ends nothing', () => {
  const { clock, live, have, follow } = stage();
  follow();
  have();
  clock.advance(10_000);
  assert.throws(() => live.snapshot, /a bug/);
  have('a/one', 'a/two');
  clock.advance(10_000);
  assert.equal(live.snapshot.services.size, 2);
});
