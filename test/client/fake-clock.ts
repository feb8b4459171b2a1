import type { Clock } from '../../src/client/transport.ts';

export interface FakeClock extends Clock {
  /** Advances the time: timers that are due run in order, each at its own time. */
  advance(ms: number): void;
  /** The remaining delays of all timers, shortest first. */
  timers(): number[];
}

export function createFakeClock(wallMs: number = Date.UTC(2026, 0, 2, 3, 4, 5)): FakeClock {
  let now = 0;
  const timers = new Set<{ at: number; then: () => void }>();
  const nextDue = (until: number) =>
    [...timers].filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
  return {
    now: () => now,
    wall: () => wallMs + now,
    after(ms, then) {
      const timer = { at: now + ms, then };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      const until = now + ms;
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer);
        now = timer.at;
        timer.then();
      }
      now = until;
    },
    timers: () => [...timers].map((timer) => timer.at - now).sort((a, b) => a - b),
  };
}

/** Waits in real time, for as long as local sockets need. The deadline only ends a test that can't pass. */
export async function until(condition: () => boolean, what = 'the condition of the test'): Promise<void> {
  const end = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`timed out waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/**
 * Long enough for pending socket events to be delivered. Counts turns of the event loop instead of time: on a busy machine, a
 * timer can be due before the process handled a single event.
 */
export async function aMoment(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Advances the clock in steps, because responses that arrive meanwhile may start further timers. */
export async function pass(clock: FakeClock, ms: number, stepMs = 500): Promise<void> {
  for (let left = ms; left > 0; left -= stepMs) {
    clock.advance(Math.min(stepMs, left));
    await aMoment();
  }
}

/** A request that never gets a response. */
export function never(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason));
  return promise;
}
