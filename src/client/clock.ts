import { uptime } from 'node:os';
import type { Clock } from './transport.ts';

/** The clocks of the system, in milliseconds. */
export interface SystemTime {
  /** Monotonic; stops while the machine sleeps. */
  readonly monotonic: () => number;
  /** Since 1970. People and NTP change it. */
  readonly wall: () => number;
  /** Since the machine was started; runs while it sleeps. Reading it takes 40 µs, and its resolution is 10 ms. */
  readonly sinceBoot: () => number;
}

/** Clocks drift apart by less than this between two readings. */
const sleptMs = 500;

/**
 * Monotonic milliseconds that include the time in which the machine sleeps: another replica may have taken the Lease
 * meanwhile. Only the wall clock can show cheaply that something happened, but it also jumps when it is set. Then the
 * time since boot tells how long the machine slept, which is zero if the clock was set.
 */
export function monotonicWithSleep({ monotonic, wall, sinceBoot }: SystemTime): () => number {
  let aheadMs = wall() - monotonic();
  const awakeSinceBootMs = sinceBoot() - monotonic();
  let asleepMs = 0;
  return () => {
    const now = monotonic();
    const nextAheadMs = wall() - now;
    if (Math.abs(nextAheadMs - aheadMs) >= sleptMs)
      asleepMs = Math.max(asleepMs, sinceBoot() - now - awakeSinceBootMs);
    aheadMs = nextAheadMs;
    return now + asleepMs;
  };
}

/** The only code in src/client that reads the system time. */
export const systemClock: Clock = {
  now: monotonicWithSleep({
    monotonic: () => performance.now(),
    wall: () => Date.now(),
    sinceBoot: () => uptime() * 1000,
  }),
  wall: () => Date.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};
