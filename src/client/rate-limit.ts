import type { Clock } from './transport.ts';
import { sleep } from './wait.ts';

export interface RateLimit {
  readonly requestsPerSecond: number;
  /** How many requests may be sent at once after an idle period. */
  readonly burst: number;
}

/**
 * Returns a function that resolves when the next request may be sent, or rejects with the signal's reason. It
 * is a token bucket, like `--kube-api-qps` and `--kube-api-burst` of client-go's programs. Requests keep
 * their order.
 */
export function limitRate(limit: RateLimit, clock: Clock): (signal: AbortSignal) => Promise<void> {
  const intervalMs = 1000 / limit.requestsPerSecond;
  /** When the bucket would be full if nothing more was sent. */
  let fullAt = clock.now();
  return async (signal) => {
    fullAt = Math.max(fullAt, clock.now()) + intervalMs;
    const waitMs = fullAt - limit.burst * intervalMs - clock.now();
    if (waitMs > 0) await sleep(clock, waitMs, signal);
    // A request that is aborted while queued returns its token.
    if (signal.aborted) fullAt -= intervalMs;
    signal.throwIfAborted();
  };
}
