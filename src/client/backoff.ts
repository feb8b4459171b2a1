/**
 * The delay after the n-th failure in a row, counted from 0. It doubles from `initialMs` and never exceeds
 * `maxMs`. Each delay is drawn from [d, 2d), so that clients which failed together do not retry together.
 */
export interface BackoffLimits {
  initialMs: number;
  maxMs: number;
}

/** Short enough for one broken connection, long enough for an API server that is down for minutes. */
export const WATCH_BACKOFF: BackoffLimits = { initialMs: 200, maxMs: 30_000 };

export function backoffMs(failures: number, random: number, limits: BackoffLimits): number {
  const base = Math.min(limits.initialMs * 2 ** failures, limits.maxMs / 2);
  return Math.round(base * (1 + random));
}

/** A wrong Retry-After from a proxy must not stop the controller for a day. */
const MAX_RETRY_AFTER_MS = 5 * 60_000;

/** The longer of our own delay and the server's Retry-After. */
export function delayMs(
  failures: number,
  random: number,
  limits: BackoffLimits,
  retryAfterMs: number | undefined,
): number {
  const own = backoffMs(failures, random, limits);
  return Math.max(own, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
}

/**
 * Reads Retry-After, a number of seconds or an HTTP date (RFC 9110, section 10.2.3). A date is compared with
 * the Date header of the response if there is one, so that a wrong clock on either side has no effect.
 */
export function parseRetryAfter(headers: Record<string, string>, wallMs: number): number | undefined {
  const text = headers['retry-after']?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const until = Date.parse(text);
  if (Number.isNaN(until)) return undefined;
  const sentAt = Date.parse(headers.date ?? '');
  return Math.max(0, until - (Number.isNaN(sentAt) ? wallMs : sentAt));
}
