import { ApiError, type ConnectionError } from './errors.ts';

/** An ERROR event of the watch comes as the ApiError that the same Status in an HTTP answer would be. */
export type WatchFailure = ApiError | ConnectionError;

/** Gone: the version (or the list's continue token) is older than what etcd and the watch cache still have. */
export function isExpired(error: WatchFailure): boolean {
  return error instanceof ApiError && (error.status === 410 || error.reason === 'Expired');
}

/**
 * Before about Kubernetes 1.31 Services could not be selected by spec.type. Depending on the version the answer is
 * 400 "field label not supported: spec.type" or 400 '"spec.type" is not a known field selector'.
 */
export function refusesSelector(error: WatchFailure): boolean {
  return error instanceof ApiError && error.status === 400 && /field (label|selector)/i.test(error.detail);
}
