import type { Clock } from './transport.ts';

/** The only place under src/kube that asks the machine for the time. */
export const systemClock: Clock = {
  // Monotonic: a corrected wall clock must neither fire every timer at once nor stop them.
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};
