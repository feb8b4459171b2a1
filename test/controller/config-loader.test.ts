import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigLoader } from '../../src/controller/config-loader.ts';
import type { ConfigMap } from '../../src/core/model/objects.ts';
import { createFakeClock, type FakeClock } from '../client/fake-clock.ts';

interface SlowClock extends FakeClock {
  /** The duration of each turn that a timer began. */
  readonly turnsMs: number[];
}

/** A clock on which each look takes a tenth of a millisecond. */
function slowClock(): SlowClock {
  const clock = createFakeClock();
  const turnsMs: number[] = [];
  let spent = 0;
  return {
    ...clock,
    turnsMs,
    now() {
      spent += 0.1;
      return clock.now() + spent;
    },
    after: (ms, then) =>
      clock.after(ms, () => {
        spent = 0;
        then();
        turnsMs.push(spent);
      }),
  };
}

function configMap(name: string, pools: number): ConfigMap {
  const data = Object.fromEntries(Array.from({ length: pools }, (_, i) => [`cidr-ns-${i}`, '10.0.0.0/29']));
  return { metadata: { name }, data };
}

function loaderOn(clock: FakeClock): { readonly loader: ConfigLoader; readonly loaded: string[] } {
  const loaded: string[] = [];
  const loader = new ConfigLoader(clock, (from, { pools }) =>
    loaded.push(`${from?.metadata.name} ${pools.size}`),
  );
  return { loader, loaded };
}

test('a small ConfigMap is read in the same turn, and none too', () => {
  const { loader, loaded } = loaderOn(createFakeClock());
  loader.load(configMap('small', 3));
  loader.load(undefined);
  assert.deepEqual(loaded, ['small 3', 'undefined 0']);
});

test('a large ConfigMap is read in many short turns', () => {
  const clock = slowClock();
  const { loader, loaded } = loaderOn(clock);
  loader.load(configMap('large', 5_000));
  assert.deepEqual(loaded, []);
  clock.advance(1);
  assert.deepEqual(loaded, ['large 5000']);
  assert.ok(clock.turnsMs.length > 10);
  assert.ok(clock.turnsMs.every((ms) => ms < 11));
});

test('while a ConfigMap is read, the latest of those that arrive waits, and none starves', () => {
  const clock = slowClock();
  const { loader, loaded } = loaderOn(clock);
  for (const name of ['first', 'second', 'third']) loader.load(configMap(name, 500));
  clock.advance(1);
  assert.deepEqual(loaded, ['first 500', 'third 500']);
  loader.load(configMap('fourth', 500));
  clock.advance(1);
  assert.deepEqual(loaded, ['first 500', 'third 500', 'fourth 500']);
});

test('after its end, nothing is loaded', () => {
  const clock = slowClock();
  const { loader, loaded } = loaderOn(clock);
  loader.load(configMap('first', 500));
  loader.load(configMap('second', 500));
  loader.close();
  clock.advance(1);
  assert.deepEqual(loaded, []);
  assert.deepEqual(clock.timers(), []);
});
