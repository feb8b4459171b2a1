import type { Clock } from './transport.ts';

/** The only code in src/client that reads the system time. */
export const systemClock: Clock = {
  // Monotonic: a change of the wall clock must neither fire all timers nor stop them.
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};
