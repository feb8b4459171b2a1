import type { Body } from '../contract/http.ts';
import type { Cluster } from './cluster.ts';
import type { ControllerProcess } from './controller.ts';
import { grant, type Permissions, permissionsWithClaims } from './roles.ts';
import { type Scenario, type ScenarioContext, type StartOptions, scenarios } from './scenario.ts';

const path = '/apis/networking.k8s.io/v1/ipaddresses';
const managedBy = 'ipaddress.kubernetes.io/managed-by';

export interface ClaimsContext extends ScenarioContext {
  claims: IPAddresses;
  /** Starts a controller with `--claims` and the permissions from docs/install.md. */
  startWithClaims(options?: StartOptions): ControllerProcess;
}

/** The name of another controller, which has the same permissions. */
export const another = 'kube-vip-inside';

/** The permissions from docs/install.md, and the Lease of another controller. */
function permissionsForBoth(): Permissions {
  const { cluster, kubeSystem } = permissionsWithClaims();
  const lease = 'kube-vip-cloud-controller';
  const both = kubeSystem.map((rule) =>
    rule.resourceNames?.includes(lease) === true ? { ...rule, resourceNames: [lease, another] } : rule,
  );
  return { cluster, kubeSystem: both };
}

/** Like `scenarios`, in a cluster whose only IPAddresses are those of ClusterIPs. */
export function claimsScenarios(
  prefix: string,
  flags: readonly string[] = [],
): (title: string, body: (context: ClaimsContext) => Promise<void>, timeoutMs?: number) => void {
  const scenario: Scenario = scenarios(prefix, [{ name: 'claiming' }], flags);
  return (title, body, timeoutMs) => {
    const play = async (context: ScenarioContext): Promise<void> => {
      const claims = new IPAddresses(context.cluster);
      await claims.clear();
      await grant(context.cluster, 'claiming', permissionsForBoth());
      const startWithClaims = ({ env = {}, flags = [] }: StartOptions = {}): ControllerProcess =>
        context.start({ user: 'claiming', env, flags: ['--claims', ...flags] });
      await body({ ...context, claims, startWithClaims });
    };
    scenario(title, play, timeoutMs);
  };
}

/** The IPAddress objects of a cluster. */
export class IPAddresses {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The claims by name, except those for ClusterIPs. */
  async all(): Promise<Map<string, Body>> {
    const { body } = await this.#cluster.client.get(path);
    const others = body.items.filter(({ metadata }) => metadata.labels?.[managedBy] !== 'ipallocator.k8s.io');
    return new Map(others.map((claim) => [claim.metadata.name ?? '', claim]));
  }

  async names(): Promise<string[]> {
    return [...(await this.all()).keys()].sort();
  }

  async clear(): Promise<void> {
    await Promise.all((await this.names()).map((name) => this.#cluster.client.delete(`${path}/${name}`)));
  }
}

/** The content of the annotation on one of our claims: the controller, and the Services that the claim is for. */
export function claimAnnotationOf({ metadata }: Body): unknown {
  return JSON.parse(metadata.annotations?.['kube-vip.io/claim'] ?? 'null');
}

/** Creates an IPAddress whose parent belongs to another program. */
export function createForeignClaim(cluster: Cluster, name: string): Promise<string> {
  const parentRef = { group: 'example.com', resource: 'routers', name: 'edge' };
  const object = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: { name },
    spec: { parentRef },
  };
  return cluster.kubectl(['create', '-f', '-'], JSON.stringify(object));
}

/** Claims an address for this version of a Service, as the controller does before it writes the address. */
export function reserve(cluster: Cluster, { metadata }: Body, address: string): Promise<string> {
  const { namespace, name, uid, resourceVersion } = metadata;
  const reservation = {
    service: `${namespace}/${name}`,
    uid,
    version: resourceVersion,
    ips: address,
    from: 'range-default',
  };
  const annotation = JSON.stringify({ by: 'kube-vip-cloud-controller', for: [reservation] });
  const object = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: {
      name: address,
      labels: { [managedBy]: 'kube-vip-cloud-provider', 'ipaddress.kubernetes.io/ip-family': 'IPv4' },
      annotations: { 'kube-vip.io/claim': annotation },
    },
    spec: { parentRef: { group: '', resource: 'configmaps', namespace: 'kube-system', name: 'kubevip' } },
  };
  return cluster.kubectl(['create', '-f', '-'], JSON.stringify(object));
}
