import { ApiError, type ConnectionError } from './errors.ts';

/** An ERROR event of a watch is converted to the ApiError of an HTTP response with the same Status. */
export type WatchFailure = ApiError | ConnectionError;

/** The version (or the list's continue token) is older than the history of etcd and the watch cache. */
export function isExpired(error: WatchFailure): boolean {
  return error instanceof ApiError && (error.status === 410 || error.reason === 'Expired');
}

/**
 * Services cannot be selected by spec.type before about Kubernetes 1.31. Depending on the version, the
 * response is 400 "field label not supported: spec.type" or 400 '"spec.type" is not a known field selector'.
 */
export function isSelectorRejected(error: WatchFailure): boolean {
  return error instanceof ApiError && error.status === 400 && /field (label|selector)/i.test(error.detail);
}
