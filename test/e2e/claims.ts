import type { Body } from '../contract/http.ts';
import type { Cluster } from './cluster.ts';
import type { ControllerProcess } from './controller.ts';
import { grant, type Permissions, permissionsWithClaims } from './roles.ts';
import { type Scenario, type ScenarioContext, type StartOptions, scenarios } from './scenario.ts';

const path = '/apis/networking.k8s.io/v1/ipaddresses';
const managedBy = 'ipaddress.kubernetes.io/managed-by';

export interface ClaimsContext extends ScenarioContext {
  claims: IPAddresses;
  /** A controller with `--claims` and the rights that docs/install.md gives it. */
  startWithClaims(options?: StartOptions): ControllerProcess;
}

/** The name of another controller, which has the same rights. */
export const another = 'kube-vip-inside';

/** What docs/install.md gives, with the Lease of another controller besides. */
function rights(): Permissions {
  const { cluster, kubeSystem } = permissionsWithClaims();
  const lease = 'kube-vip-cloud-controller';
  const both = kubeSystem.map((rule) =>
    rule.resourceNames?.includes(lease) === true ? { ...rule, resourceNames: [lease, another] } : rule,
  );
  return { cluster, kubeSystem: both };
}

/** As `scenarios`, in a cluster without IPAddresses but those of cluster IPs. */
export function claimsScenarios(
  prefix: string,
  flags: readonly string[] = [],
): (title: string, body: (context: ClaimsContext) => Promise<void>, timeoutMs?: number) => void {
  const scenario: Scenario = scenarios(prefix, [{ name: 'claiming' }], flags);
  return (title, body, timeoutMs) => {
    const play = async (context: ScenarioContext): Promise<void> => {
      const claims = new IPAddresses(context.cluster);
      await claims.clear();
      await grant(context.cluster, 'claiming', rights());
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

  /** Those that nobody claimed for a cluster IP, by name. */
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

/** What stands on a claim of ours: the controller, and for whom. */
export function claimAnnotationOf({ metadata }: Body): unknown {
  return JSON.parse(metadata.annotations?.['kube-vip.io/claim'] ?? 'null');
}

/** What anybody may do: an IPAddress that belongs to something of their own. */
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
