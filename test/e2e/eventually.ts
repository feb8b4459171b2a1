import { setTimeout as delay } from 'node:timers/promises';

const intervalMs = 25;

/** Only ends a test that can't pass: on a busy machine, everything may take long. */
const patienceMs = 120_000;

/** Calls `check` repeatedly until it does not throw, and returns its result. Rejects with the last error after two minutes. */
export async function eventually<T>(check: () => Promise<T> | T): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await delay(intervalMs);
  }
}

/** Waits while something must not happen, which is the only reason for a test to sleep. */
export function quietTime(ms = 2_000): Promise<void> {
  return delay(ms);
}
