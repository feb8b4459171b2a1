import type { Clock } from '../../src/client/transport.ts';

export interface FakeClock extends Clock {
  /** Lets so many milliseconds pass: timers that fall due run in order, each with its own time on the clock. */
  advance(ms: number): void;
  /** The delays that are asked for at this moment, shortest first, counted from now. */
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

/** Real time, but only as long as sockets on this machine need. */
export async function until(condition: () => boolean, what = 'what the test waits for'): Promise<void> {
  const end = performance.now() + 3000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Long enough for anything that is about to happen on a socket to have happened. */
export function aMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 30));
}

/** Lets time pass in steps, as timers of answers that come meanwhile have to run too. */
export async function pass(clock: FakeClock, ms: number, stepMs = 500): Promise<void> {
  for (let left = ms; left > 0; left -= stepMs) {
    clock.advance(Math.min(stepMs, left));
    await aMoment();
  }
}

/** A connection on which nobody answers. */
export function never(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason));
  return promise;
}
