import type { Clock, HttpRequest, Transport } from './transport.ts';
import { sleep } from './wait.ts';

export interface RateLimit {
  readonly requestsPerSecond: number;
  /** How many may be sent at once after a quiet time. */
  readonly burst: number;
}

/**
 * At most so many requests a second, as a token bucket: `--kube-api-qps` and `--kube-api-burst` of client-go's programs.
 * A watch takes a token for its begin only, as there. Requests are sent in their order.
 */
export function limitRate(transport: Transport, limit: RateLimit, clock: Clock): Transport {
  const everyMs = 1000 / limit.requestsPerSecond;
  /** When the bucket would be full again if nothing more was sent. */
  let fullAt = clock.now();
  return async (request: HttpRequest, signal: AbortSignal) => {
    fullAt = Math.max(fullAt, clock.now()) + everyMs;
    const waitMs = fullAt - limit.burst * everyMs - clock.now();
    if (waitMs > 0) await sleep(clock, waitMs, signal);
    signal.throwIfAborted();
    return transport(request, signal);
  };
}
