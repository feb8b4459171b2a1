import { isLikePool } from '../core/config/keys.ts';
import type { Node } from '../core/model/node.ts';
import { childOf, type MapTree, type Tree, textAt } from '../yaml/yaml-tree.ts';

/** Addresses that pools should not contain. Each field is undefined if no object says anything about it. */
export interface DeclaredNetworks {
  readonly nodes: readonly { readonly name: string; readonly address: string }[] | undefined;
  readonly clusterIPs: readonly { readonly name: string; readonly cidr: string }[] | undefined;
  readonly apiServers: readonly { readonly source: string; readonly address: string }[] | undefined;
}

/** What objects beside the pools say about the cluster. Their shapes are untrusted. */
export function networksIn(objects: readonly MapTree[]): DeclaredNetworks {
  const ofKind = (kind: string): MapTree[] => objects.filter((object) => textAt(object, 'kind') === kind);
  const nodes = objects.filter(isNode);
  const serviceCIDRs = ofKind('ServiceCIDR');
  const apiServers = [...ofKind('EndpointSlice'), ...ofKind('Endpoints')].flatMap(apiServersIn);
  const vips = ['DaemonSet', 'Deployment', 'Pod'].flatMap(ofKind).flatMap(controlPlaneVIPsIn);
  return {
    nodes: nodes.length === 0 ? undefined : nodes.flatMap(nodeAddressesIn),
    clusterIPs: serviceCIDRs.length === 0 ? undefined : serviceCIDRs.flatMap(cidrsIn),
    apiServers: apiServers.length + vips.length === 0 ? undefined : [...apiServers, ...vips],
  };
}

/** The Nodes among them with their addresses. Of two with the same name, the later one counts. */
export function nodesIn(objects: readonly MapTree[]): Node[] {
  const nodes = new Map<string, Node>();
  for (const object of objects) {
    const name = textAt(object, 'metadata', 'name');
    if (!isNode(object) || name === '') continue;
    const addresses = nodeAddressesIn(object).map(({ address }) => ({ type: 'InternalIP', address }));
    nodes.set(name, { apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { addresses } });
  }
  return [...nodes.values()];
}

/** `NAMESPACE/NAME` of the ConfigMaps among them that contain pools. */
export function poolConfigMapsIn(objects: readonly MapTree[]): string[] {
  return objects.flatMap((object) => {
    const data = childOf(object, 'data');
    if (textAt(object, 'kind') !== 'ConfigMap' || data?.kind !== 'map') return [];
    if (!hasPools([...data.entries.keys()])) return [];
    const namespace = textAt(object, 'metadata', 'namespace') || 'default';
    return [`${namespace}/${textAt(object, 'metadata', 'name')}`];
  });
}

/** Whether keys of a ConfigMap look like pools. */
export function hasPools(keys: readonly string[]): boolean {
  return keys.some(isLikePool);
}

function itemsOf(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'list' ? tree.items : [];
}

function textsOf(tree: Tree | undefined): string[] {
  return itemsOf(tree).flatMap((item) => (item.kind === 'scalar' ? item.source : []));
}

/** Other API groups have Nodes, too. */
function isNode(object: MapTree): boolean {
  return textAt(object, 'kind') === 'Node' && ['v1', ''].includes(textAt(object, 'apiVersion'));
}

function nodeAddressesIn(node: MapTree): { name: string; address: string }[] {
  const name = textAt(node, 'metadata', 'name');
  return itemsOf(childOf(childOf(node, 'status'), 'addresses'))
    .filter((item) => textAt(item, 'type') !== 'Hostname')
    .map((item) => ({ name, address: textAt(item, 'address') }));
}

function cidrsIn(serviceCIDR: MapTree): { name: string; cidr: string }[] {
  const name = textAt(serviceCIDR, 'metadata', 'name');
  return textsOf(childOf(childOf(serviceCIDR, 'spec'), 'cidrs')).map((cidr) => ({ name, cidr }));
}

/** The endpoints of the Service `kubernetes`. */
function apiServersIn(object: MapTree): { source: string; address: string }[] {
  const [kind, name] = [textAt(object, 'kind'), textAt(object, 'metadata', 'name')];
  const labels = childOf(childOf(object, 'metadata'), 'labels');
  const service = kind === 'Endpoints' ? name : labels && textAt(labels, 'kubernetes.io/service-name');
  if (service !== 'kubernetes' || textAt(object, 'metadata', 'namespace') !== 'default') return [];
  const source = `${kind} default/${name}`;
  const listed = [
    ...itemsOf(childOf(object, 'endpoints')).flatMap((item) => textsOf(childOf(item, 'addresses'))),
    ...itemsOf(childOf(object, 'subsets')).flatMap((item) =>
      itemsOf(childOf(item, 'addresses')).map((address) => textAt(address, 'ip')),
    ),
  ];
  return listed.map((address) => ({ source, address }));
}

/** The address that kube-vip announces for the control plane, in its container's environment. */
function controlPlaneVIPsIn(object: MapTree): { source: string; address: string }[] {
  const spec = childOf(object, 'spec');
  const pod = textAt(object, 'kind') === 'Pod' ? spec : childOf(childOf(spec, 'template'), 'spec');
  const source = `${textAt(object, 'kind')} ${textAt(object, 'metadata', 'namespace')}/${textAt(object, 'metadata', 'name')}`;
  return itemsOf(childOf(pod, 'containers'))
    .filter((container) => /kube-vip(?:[:@]|$)/.test(textAt(container, 'image')))
    .flatMap((container) => itemsOf(childOf(container, 'env')))
    .filter((variable) => ['address', 'vip_address'].includes(textAt(variable, 'name')))
    .map((variable) => ({ source, address: textAt(variable, 'value') }));
}
