import assert from 'node:assert/strict';
import type { Body } from '../contract/http.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import type { Child } from '../controlplane/process.ts';
import { Cluster } from '../e2e/cluster.ts';
import { eventually } from '../e2e/eventually.ts';
import { loadBalancer, type ServiceOverrides } from '../e2e/objects.ts';
import { createEndpoints } from './endpoints.ts';
import { KubeVipProcess } from './kube-vip-process.ts';
import { Lan, lanInterface, type Machine, startWebServer } from './lan.ts';
import { Overlaps } from './overlaps.ts';
import { Samples } from './samples.ts';

/** A node with a kube-vip, a web server that stands for the Pods, and the record of what its interface had. */
export interface Node {
  machine: Machine;
  kubeVip: KubeVipProcess;
  samples: Samples;
}

export interface SiteOptions {
  prefix: string;
  nodes: readonly string[];
  electsPerService?: boolean;
}

/** A short Lease, because tests wait until that of a killed process expires. kube-vip counts in seconds. */
const quickElection = ['--leaseDuration=4', '--leaseRenewDuration=3', '--leaseRetry=1'];

/** A cluster whose nodes are namespaces on one local network, each with a real kube-vip. */
export class Site {
  readonly cluster: Cluster;
  readonly nodes: Node[] = [];
  readonly overlaps: Overlaps;
  readonly #lan: Lan;
  readonly #servers: Child[] = [];

  static async create({ prefix, nodes, electsPerService = false }: SiteOptions): Promise<Site> {
    const cluster = await Cluster.start(locateBinaries(process.env).folder, { prefix });
    let site: Site | undefined;
    try {
      site = new Site(cluster, await Lan.create(), await Overlaps.follow(cluster));
      for (const name of nodes) await site.#addNode(name, electsPerService);
      return site;
    } catch (error) {
      await (site === undefined ? cluster.stop() : site.close());
      throw error;
    }
  }

  private constructor(cluster: Cluster, lan: Lan, overlaps: Overlaps) {
    this.cluster = cluster;
    this.#lan = lan;
    this.overlaps = overlaps;
  }

  async #addNode(name: string, electsPerService: boolean): Promise<void> {
    const machine = await this.#lan.join(name);
    for (const port of [80, 8080]) this.#servers.push(startWebServer(machine, port));
    const made = await this.cluster.client.post('/api/v1/nodes', { metadata: { name } });
    assert.equal(made.status, 201, made.body.message ?? '');
    const program = `${locateBinaries(process.env, 'kubeVip').folder}/kube-vip`;
    const flags = ['--services', '--arp', '--interface', lanInterface, '--nodeName', name];
    const election = electsPerService ? '--servicesElection' : '--leaderElection';
    const args = ['manager', ...flags, election, ...quickElection];
    const kubeVip = new KubeVipProcess({ program, server: this.cluster.server, machine, args });
    this.nodes.push({ machine, kubeVip, samples: new Samples(machine) });
    kubeVip.start();
  }

  async close(): Promise<void> {
    this.overlaps.close();
    for (const { kubeVip, samples } of this.nodes) {
      await kubeVip.close();
      await samples.close();
    }
    for (const server of this.#servers) await server.stop('KILL');
    await this.#lan.close();
    await this.cluster.stop();
  }

  /** Deletes all Services, and waits until kube-vip has removed their addresses. */
  async clear(): Promise<void> {
    await this.cluster.clear();
    await eventually(() => {
      for (const { samples } of this.nodes) assert.deepEqual(samples.now, []);
    });
  }

  /** Creates a Service whose Pods are all nodes: kube-vip announces no Service without an endpoint. */
  async create(key: string, overrides: ServiceOverrides = {}): Promise<Body> {
    const service = await this.cluster.create(loadBalancer(key, overrides));
    await createEndpoints(
      this.cluster,
      service,
      this.nodes.map(({ machine }) => machine),
    );
    return service;
  }

  /** The addresses in the status of a Service. */
  async status(key: string): Promise<string[]> {
    const { status } = await this.cluster.service(key);
    return (status.loadBalancer?.ingress ?? []).map(({ ip = '' }) => ip);
  }

  /** Waits until the status shows exactly these addresses, exactly one node has each of them, and each answers. */
  async announces(key: string, ...addresses: string[]): Promise<void> {
    await eventually(async () => {
      assert.deepEqual(await this.status(key), addresses, `the status of ${key}`);
      for (const address of addresses) assert.equal(this.holders(address).length, 1, this.#describe());
    });
    const { spec } = await this.cluster.service(key);
    const port = spec.ports?.[0]?.port ?? 80;
    for (const address of addresses) {
      const host = address.includes(':') ? `[${address}]` : address;
      await eventually(async () => {
        const answer = await this.#lan.fetch(`http://${host}:${port}/`);
        assert.equal(answer, `${this.holders(address)[0]}:${port}`);
      });
    }
  }

  /** Waits until no node has these addresses. */
  async withdraws(...addresses: string[]): Promise<void> {
    await eventually(() => {
      for (const address of addresses) assert.deepEqual(this.holders(address), [], this.#describe());
    });
  }

  /** Restarts every kube-vip, and calls `between` while none runs. After an address changed, some announce only then. */
  async restartKubeVip(
    signal: 'TERM' | 'KILL',
    between: () => Promise<void> = async () => {},
  ): Promise<void> {
    await Promise.all(this.nodes.map(({ kubeVip }) => kubeVip.stop(signal)));
    await between();
    for (const { kubeVip } of this.nodes) kubeVip.start();
  }

  /** The names of the nodes that have the address on their interface. */
  holders(address: string): string[] {
    return this.nodes
      .filter(({ samples }) => samples.now.includes(address))
      .map(({ machine }) => machine.name);
  }

  #describe(): string {
    return this.nodes
      .map(({ machine, samples }) => `${machine.name} has ${samples.now.join(', ')}`)
      .join('; ');
  }

  /** What kube-vip wrote, for the message of a failed test. */
  get output(): string {
    return this.nodes
      .map(({ machine, kubeVip }) => `--- output of kube-vip on ${machine.name}\n${kubeVip.output}`)
      .join('\n');
  }
}
