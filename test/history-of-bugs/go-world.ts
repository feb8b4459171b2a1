import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Body } from '../contract/http.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import type { Cluster } from '../e2e/cluster.ts';
import { eventually } from '../e2e/eventually.ts';
import { GoVersion } from '../e2e/go-version.ts';
import { type Assignment, loadBalancer, names, type ServiceOverrides } from '../e2e/objects.ts';
import { type Addresses, expectFieldsOf, type World } from './world.ts';

/** v0.0.12 of the Go version on a real kube-apiserver. It gives no sign when it is idle, so each expectation waits. */
export class GoWorld implements World {
  readonly #cluster: Cluster;
  #go: GoVersion | undefined;

  /** On a cluster without Services and pools. The caller clears it. */
  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  pools(data: Readonly<Record<string, string>> | null): Promise<void> {
    return this.#cluster.pools(data);
  }

  /** If the Go version runs, waits until it has processed the Service. */
  async create(key: string, overrides: ServiceOverrides = {}): Promise<void> {
    await this.#cluster.create(loadBalancer(key, overrides));
    if (this.#go === undefined) return;
    await eventually(async () => {
      const reasons = (await this.#events(key)).map(({ reason }) => reason).join(' ');
      assert.match(reasons, /EnsuredLoadBalancer|SyncLoadBalancerFailed/, `the Go version processes ${key}`);
    });
  }

  async patch(key: string, patch: object): Promise<void> {
    await this.#cluster.patch(key, patch);
  }

  remove(key: string): Promise<void> {
    return this.#cluster.remove(key);
  }

  async announce(key: string, _manager: string, ingress: readonly object[]): Promise<void> {
    const [namespace = '', name = ''] = key.split('/');
    const path = `/api/v1/namespaces/${namespace}/services/${name}/status`;
    const { status } = await this.#cluster.client.patch(path, { status: { loadBalancer: { ingress } } });
    assert.equal(status, 200);
  }

  async start(): Promise<void> {
    const { folder } = locateBinaries(process.env, 'peers');
    const kubeconfig = this.#cluster.server.kubeconfig();
    this.#go = new GoVersion({ program: join(folder, 'go-version'), kubeconfig });
    await this.#go.logs(/Starting service controller/);
  }

  async stop(): Promise<void> {
    await this.#go?.terminate();
    this.#go = undefined;
    // It does not release its Lease.
    await this.#cluster.forgetLease();
  }

  async expectAddresses(expected: Addresses): Promise<void> {
    await eventually(async () => {
      const all = await this.#cluster.addresses();
      assert.deepEqual(
        Object.fromEntries(Object.keys(expected).map((key) => [key, all[key] ?? null])),
        expected,
      );
    });
  }

  async expectWarning(key: string, pattern: RegExp): Promise<void> {
    await eventually(async () => {
      const warnings = (await this.#events(key)).filter(({ type }) => type === 'Warning');
      assert.match(warnings.map(({ message }) => message).join('\n'), pattern);
    });
  }

  async expectFields(key: string, expected: Partial<Assignment>): Promise<void> {
    await eventually(async () => expectFieldsOf(await this.#cluster.service(key), expected));
  }

  async expectConfigMap(exists: boolean): Promise<void> {
    await eventually(async () => assert.equal(await this.#cluster.hasPools(), exists));
  }

  async expectService(key: string, exists: boolean): Promise<void> {
    await eventually(async () => assert.equal((await this.#cluster.services()).has(key), exists));
  }

  async describe(): Promise<ReadonlyMap<string, string>> {
    const services = await this.#cluster.services();
    return new Map([...services].map(([key, service]) => [key, lineOf(service)]));
  }

  async close(): Promise<void> {
    await this.#go?.crash();
    this.#go = undefined;
  }

  async #events(key: string): Promise<{ type: string; reason: string; message: string }[]> {
    const [namespace, name] = key.split('/');
    const selector = encodeURIComponent(`involvedObject.kind=Service,involvedObject.name=${name}`);
    const path = `/api/v1/namespaces/${namespace}/events?fieldSelector=${selector}`;
    const { body } = await this.#cluster.client.get(path);
    return body.items as unknown as { type: string; reason: string; message: string }[];
  }
}

function lineOf({ metadata, spec }: Body): string {
  const address = metadata.annotations?.[names.addresses] ?? 'no address';
  const type = spec.type === 'LoadBalancer' ? '' : `type ${spec.type}, `;
  return `${type}${address}${metadata.deletionTimestamp === undefined ? '' : ', being deleted'}`;
}
