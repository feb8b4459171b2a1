import { ApiError, type ConnectionError } from './errors.ts';

/** An ERROR event of the watch comes as the ApiError that the same Status in an HTTP answer would be. */
export type WatchFailure = ApiError | ConnectionError;

/** Gone: the version (or the list's continue token) is older than what etcd and the watch cache still have. */
export function isExpired(error: WatchFailure): boolean {
  return error instanceof ApiError && (error.status === 410 || error.reason === 'Expired');
}

/**
 * The server is well, has only too much to do, and so has the same past as before. After any other failure it may have
 * been away, and have come back with another one: a fresh list is always right.
 */
export function keepsVersion(error: WatchFailure): boolean {
  return error instanceof ApiError && error.status === 429;
}

/**
 * Before about Kubernetes 1.31 Services could not be selected by spec.type. Depending on the version the answer is
 * 400 "field label not supported: spec.type" or 400 '"spec.type" is not a known field selector'.
 */
export function refusesSelector(error: WatchFailure): boolean {
  return error instanceof ApiError && error.status === 400 && /field (label|selector)/i.test(error.detail);
}
