import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monotonicWithSleep, systemClock } from '../../src/client/clock.ts';

/** A machine whose clocks the test advances. */
function createMachine() {
  let [monotonicMs, wallMs, bootMs] = [0, 1_000_000, 5_000];
  let readings = 0;
  return {
    now: monotonicWithSleep({
      monotonic: () => monotonicMs,
      wall: () => wallMs,
      sinceBoot: () => {
        readings += 1;
        return bootMs;
      },
    }),
    run(ms: number): void {
      monotonicMs += ms;
      wallMs += ms;
      bootMs += ms;
    },
    sleep(ms: number): void {
      wallMs += ms;
      bootMs += ms;
    },
    setWall(ms: number): void {
      wallMs += ms;
    },
    readings: () => readings,
  };
}

const hourMs = 3_600_000;

for (const ms of [hourMs, 720 * hourMs, -hourMs]) {
  test(`a wall clock that is set by ${ms / hourMs} h changes no duration`, () => {
    const machine = createMachine();
    const start = machine.now();
    machine.setWall(ms);
    machine.run(1_000);
    assert.equal(machine.now() - start, 1_000);
    machine.setWall(-ms);
    machine.run(1_000);
    assert.equal(machine.now() - start, 2_000);
  });
}

test('the time in which the machine sleeps counts, also if the wall clock is set at the same time', () => {
  const machine = createMachine();
  const start = machine.now();
  machine.sleep(60_000);
  assert.equal(machine.now() - start, 60_000);
  machine.run(10);
  machine.sleep(2_000);
  machine.setWall(-hourMs);
  machine.run(10);
  assert.equal(machine.now() - start, 62_020);
  machine.setWall(hourMs);
  assert.equal(machine.now() - start, 62_020);
});

test('the slow clock is read only when something happened', () => {
  const machine = createMachine();
  const before = machine.readings();
  for (let i = 0; i < 100; i += 1) {
    machine.run(1_000);
    // NTP slews the clock.
    machine.setWall(i % 2 === 0 ? 5 : -3);
    machine.now();
  }
  assert.equal(machine.readings(), before);
});

test('the clock of the system never goes back', () => {
  let last = systemClock.now();
  for (let i = 0; i < 1_000; i += 1) {
    const now = systemClock.now();
    assert.ok(now >= last);
    last = now;
  }
});
