import type { Clock } from './transport.ts';
import { sleep } from './wait.ts';

export interface RateLimit {
  readonly requestsPerSecond: number;
  /** How many may be sent at once after a quiet time. */
  readonly burst: number;
}

/**
 * Resolves when the next request may be sent; throws the signal's reason. A token bucket: `--kube-api-qps` and
 * `--kube-api-burst` of client-go's programs. Requests are sent in their order.
 */
export function limitRate(limit: RateLimit, clock: Clock): (signal: AbortSignal) => Promise<void> {
  const everyMs = 1000 / limit.requestsPerSecond;
  /** When the bucket would be full again if nothing more was sent. */
  let fullAt = clock.now();
  return async (signal) => {
    fullAt = Math.max(fullAt, clock.now()) + everyMs;
    const waitMs = fullAt - limit.burst * everyMs - clock.now();
    if (waitMs > 0) await sleep(clock, waitMs, signal);
    // Who leaves the queue costs nobody a turn.
    if (signal.aborted) fullAt -= everyMs;
    signal.throwIfAborted();
  };
}
