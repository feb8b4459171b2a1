import { ApiError } from '../client/errors.ts';
import { claimsPath } from './watched-resources.ts';

/** What `--claims` needs of the cluster and does not have, as far as an answer of the API server says so. */
export function claimRequirements(error: Error): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const { path, verb } = error.request;
  if (!path.startsWith(claimsPath)) return undefined;
  const meanwhile = verb === 'list' ? ' Until then no address is given.' : '';
  if (error.status === 403) {
    return `--claims needs the verbs create, get, list, watch, patch and delete on ipaddresses (apiGroup networking.k8s.io): add them to the ClusterRole, as docs/claims.md says.${meanwhile}`;
  }
  // One object may well not be there; the collection always is, where the API server knows the kind.
  if (error.status === 404 && (verb === 'list' || verb === 'watch')) {
    return `--claims needs Kubernetes 1.33 or newer, and this API server has no IPAddress in networking.k8s.io/v1: upgrade the cluster, or leave the flag out.${meanwhile}`;
  }
  return undefined;
}
