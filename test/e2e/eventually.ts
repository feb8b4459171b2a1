import { setTimeout as delay } from 'node:timers/promises';

const everyMs = 25;

/**
 * Looks again and again until `look` no longer throws, and returns what it says. What it threw last is the failure: an
 * assertion in it shows what was expected and what is.
 */
export async function eventually<T>(look: () => Promise<T> | T, timeoutMs = 10_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await delay(everyMs);
  }
}

/** A bounded time in which something must not happen; the only reason for a test to sleep. */
export function quietTime(ms = 2_000): Promise<void> {
  return delay(ms);
}
