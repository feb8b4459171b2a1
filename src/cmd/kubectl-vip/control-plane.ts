import { ApiError, errorText } from '../../client/errors.ts';
import { readAddress } from '../../core/ip/address.ts';
import { specialPurposesIn } from '../../core/ip/special-purpose.ts';
import type { ConfigMap, KubeObject } from '../../core/model/objects.ts';
import { hasPools } from '../../manifest/cluster-objects.ts';
import { type ClusterContext, list, optional } from './cluster-context.ts';
import type { ClusterNetworks } from './cluster-facts.ts';

interface EndpointSlice extends KubeObject {
  endpoints?: { addresses?: string[] }[];
}

/** The addresses of the API server: the one of the kubeconfig, which may be a virtual IP, and its endpoints. */
export async function readApiServers(
  context: ClusterContext,
  remarks: string[],
): Promise<ClusterNetworks['apiServers']> {
  const slices = await optional(
    list(
      context,
      '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
      { labelSelector: 'kubernetes.io/service-name=kubernetes' },
      (object) => object as EndpointSlice,
    ),
    undefined,
    remarks,
  );
  const endpoints = slices?.items.flatMap(({ metadata: { name }, endpoints = [] }) =>
    endpoints.flatMap(({ addresses = [] }) =>
      addresses.map((address) => ({ source: `EndpointSlice default/${name}`, address })),
    ),
  );
  const own = await serverAddresses(context, remarks);
  return own.length === 0 ? endpoints : [...own, ...(endpoints ?? [])];
}

/**
 * The addresses of the server in the kubeconfig, often a virtual IP. A loopback address is one end of a tunnel. A name that
 * cannot be resolved leaves a remark.
 */
async function serverAddresses(
  { server = '', lookup }: ClusterContext,
  remarks: string[],
): Promise<{ source: string; address: string }[]> {
  const host = URL.canParse(server) ? new URL(server).hostname.replace(/^\[|\]$/g, '') : '';
  if (readAddress(host) !== undefined)
    return isReachable(host) ? [{ source: 'the kubeconfig', address: host }] : [];
  if (host === '' || lookup === undefined) return [];
  try {
    const addresses = await lookup(host);
    return addresses.filter(isReachable).map((address) => ({ source: `${host} in the kubeconfig`, address }));
  } catch (error) {
    remarks.push(
      `Skipped: pools are not compared with the addresses of ${host}, the API server in the kubeconfig: ${errorText(error)}`,
    );
    return [];
  }
}

function isReachable(host: string): boolean {
  const address = readAddress(host);
  if (address === undefined) return false;
  const { family, value } = address;
  return !specialPurposesIn({ family, first: value, last: value }).some(({ isUnusable }) => isUnusable);
}

/** Undefined if they cannot be read. */
export async function readNamespaces(
  context: ClusterContext,
  remarks: string[],
): Promise<ReadonlySet<string> | undefined> {
  const namespaces = await optional(
    list(context, '/api/v1/namespaces', {}, ({ metadata: { name } }) => name),
    undefined,
    remarks,
  );
  return namespaces && new Set(namespaces.items);
}

/**
 * `NAMESPACE/NAME` of other ConfigMaps that contain pools: those with the name of the controller's, or all of them. None if the
 * user has no permission to list ConfigMaps in all namespaces.
 */
export async function readOtherPoolConfigMaps(
  context: ClusterContext,
  own: { readonly namespace: string; readonly name: string },
  isAnyName: boolean,
): Promise<string[]> {
  const query = isAnyName ? {} : { fieldSelector: `metadata.name=${own.name}` };
  try {
    const { items } = await list(context, '/api/v1/configmaps', query, (object) => {
      const { metadata, data } = object as ConfigMap;
      return hasPools(Object.keys(data ?? {})) ? `${metadata.namespace}/${metadata.name}` : undefined;
    });
    return items.filter((item) => item !== undefined && item !== `${own.namespace}/${own.name}`) as string[];
  } catch (error) {
    if (error instanceof ApiError) return [];
    throw error;
  }
}
