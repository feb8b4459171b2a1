/**
 * How long to wait after the n-th failure in a row (counted from 0): doubling from `first`, each delay drawn from
 * [d, 2d) so that many clients which failed together do not come back together, never more than `most`.
 */
export interface BackoffLimits {
  firstMs: number;
  mostMs: number;
}

/** Quick enough for a single broken connection, slow enough for an API server that is down for minutes. */
export const WATCH_BACKOFF: BackoffLimits = { firstMs: 200, mostMs: 30_000 };

export function backoffMs(failures: number, random: number, limits: BackoffLimits): number {
  const base = Math.min(limits.firstMs * 2 ** failures, limits.mostMs / 2);
  return Math.round(base * (1 + random));
}

/** A proxy's typing error in Retry-After must not silence the controller for a day. */
const LONGEST_RETRY_AFTER_MS = 5 * 60_000;

/** What the server asked for counts where it is longer than our own patience. */
export function delayMs(
  failures: number,
  random: number,
  limits: BackoffLimits,
  retryAfterMs: number | undefined,
): number {
  const own = backoffMs(failures, random, limits);
  return Math.max(own, Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS));
}

/**
 * RFC 9110, section 10.2.3: Retry-After is a number of seconds or an HTTP date. A date is compared with the answer's
 * own Date header where there is one, so that a wrong clock on either side does not matter.
 */
export function parseRetryAfter(headers: Record<string, string>, wallMs: number): number | undefined {
  const text = headers['retry-after']?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const until = Date.parse(text);
  if (Number.isNaN(until)) return undefined;
  const answered = Date.parse(headers.date ?? '');
  return Math.max(0, until - (Number.isNaN(answered) ? wallMs : answered));
}
