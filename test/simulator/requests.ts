import type { HttpRequest } from '../../src/client/transport.ts';

export function isClaimWrite({ method, path }: HttpRequest): boolean {
  return method !== 'GET' && path.includes('/ipaddresses');
}

export function isServiceWrite({ method, path }: HttpRequest): boolean {
  return (method === 'PATCH' || method === 'PUT') && path.includes('/services/');
}

/** Whether the request gives up the Lease. */
export function isRelease({ method, path, body = '' }: HttpRequest): boolean {
  return method === 'PUT' && path.includes('/leases/') && /"holderIdentity":""/.test(body);
}

/** The name of a list that decisions require, or undefined. */
export function listOf({ method, path }: HttpRequest): string | undefined {
  // With a limit of 1, only the version is read.
  if (method !== 'GET' || /\b(watch=true|limit=1)\b/.test(path)) return undefined;
  if (path.endsWith('/ipaddresses')) return 'ipaddresses';
  if (/^\/api\/v1\/services\?.*spec\.type%3DLoadBalancer/.test(path)) return 'services';
  if (/^\/api\/v1\/services\?.*spec\.type!%3DLoadBalancer/.test(path) && !path.includes('labelSelector'))
    return 'external IPs';
  return path.includes('/configmaps?') ? 'configmaps' : undefined;
}

export function writesAddress({ body = '' }: HttpRequest): boolean {
  return /"kube-vip\.io\/loadbalancerIPs":"/.test(body);
}
