import { ApiError } from '../client/errors.ts';
import { isDeniedByAdmission } from './refusal.ts';
import { claimsPath } from './watched-resources.ts';

/**
 * Returns what `--claims` requires of the cluster and does not have, according to an error of the API server.
 */
export function claimRequirements(error: Error): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const { path, verb } = error.request;
  if (!path.startsWith(claimsPath)) return undefined;
  const consequence = verb === 'list' ? ' Until then, no address is assigned.' : '';
  if (error.status === 403 && !isDeniedByAdmission(error)) {
    return `--claims needs the verbs create, get, list, watch, patch and delete on ipaddresses (apiGroup networking.k8s.io). Add them to the ClusterRole, as docs/claims.md describes.${consequence}`;
  }
  // A single object may be missing; the collection always exists if the API server knows the resource.
  if (error.status === 404 && (verb === 'list' || verb === 'watch')) {
    return `--claims needs Kubernetes 1.33 or newer, but this API server does not serve IPAddress in networking.k8s.io/v1. Upgrade the cluster, or remove the flag.${consequence}`;
  }
  return undefined;
}
