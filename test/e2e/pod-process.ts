import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, freePorts, startChild } from '../controlplane/process.ts';
import { type TemporaryFolder, temporaryFolder } from '../controlplane/temporary.ts';
import type { Cluster } from './cluster.ts';
import { quickElection } from './controller.ts';
import type { PodNetwork } from './pod-network.ts';

interface Container {
  image: string;
  command: string[];
  args?: string[];
  env?: { name: string; value?: string }[];
  ports?: { name: string; containerPort: number }[];
  readinessProbe?: { httpGet: { path: string; port: string } };
}

export interface Template {
  metadata: { labels: Record<string, string> };
  spec: { serviceAccountName: string; containers: [Container] };
}

/** Returns the command for an image: the program, and the arguments before its flags. */
export type Images = (image: string) => readonly string[];

export interface PodEnvironment {
  cluster: Cluster;
  namespace: string;
  images: Images;
  network: PodNetwork | undefined;
}

/** The time until a Pod without a probe is ready. */
const warmUpMs = 500;

/** Acts as the kubelet for one Pod: runs its program with its flags, environment and ServiceAccount. */
export class PodProcess {
  readonly #cluster: Cluster;
  readonly #container: Container;
  readonly #home: TemporaryFolder;
  readonly #child: Child;
  readonly #path: string;
  readonly #port: number;
  readonly #began = performance.now();
  #output = '';

  /** `owner` is the prefix of the Pod's name. */
  static async start(
    environment: PodEnvironment,
    owner: string,
    { metadata, spec }: Template,
  ): Promise<PodProcess> {
    const { cluster, namespace, network } = environment;
    assert.equal(spec.containers.length, 1);
    const pods = `/api/v1/namespaces/${namespace}/pods`;
    const pod = { metadata: { ...metadata, generateName: `${owner}-` }, spec };
    const created = await cluster.client.post(pods, pod);
    assert.equal(created.status, 201, created.body.message ?? '');
    const path = `${pods}/${created.body.metadata.name}`;

    const account = spec.serviceAccountName;
    const accountPath = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}`;
    const answer = await cluster.client.post(`${accountPath}/token`, { spec: { expirationSeconds: 3600 } });
    assert.equal(answer.status, 201, answer.body.message ?? '');
    const { token = '' } = answer.body.status as { token?: string };

    const [port = 0] = await freePorts(1);
    const started = new PodProcess(environment, spec.containers[0], { path, port, account, token });
    const [{ containerPort } = { containerPort: 0 }] = spec.containers[0].ports ?? [];
    if (network !== undefined && containerPort !== 0) {
      const podIP = network.join(containerPort, port);
      const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }] };
      assert.equal((await cluster.client.patch(`${path}/status`, { status })).status, 200);
    }
    return started;
  }

  private constructor(
    { cluster, images }: PodEnvironment,
    container: Container,
    { path, port, account, token }: { path: string; port: number; account: string; token: string },
  ) {
    this.#cluster = cluster;
    this.#container = container;
    this.#path = path;
    this.#port = port;
    this.#home = temporaryFolder('kvcp-pod-');
    // Outside a cluster, the Go version reads the file at this path.
    const kubeconfig = join(this.#home.path, '.kube', 'config');
    cpSync(cluster.server.kubeconfig(account, token), kubeconfig);
    const { image, command, args = [], env = [], readinessProbe } = container;
    const [program = '', ...before] = images(image);
    const flags = [...before, ...command.slice(1), ...args];
    const health = readinessProbe === undefined ? 0 : port;
    const here = ['--OutSideCluster', '--kubeconfig', kubeconfig, `--secure-port=${health}`];
    const variables = env.map(({ name, value = '' }): [string, string] => [name, value]);
    this.#child = startChild(program, [...flags, ...here, ...quickElection], {
      env: { HOME: this.#home.path, ...Object.fromEntries(variables) },
      onOutput: (text) => {
        this.#output += text;
      },
    });
  }

  get image(): string {
    return this.#container.image;
  }

  /** Everything that the process wrote. */
  get output(): string {
    return this.#output;
  }

  /** The result of the readiness probe. */
  async isReady(): Promise<boolean> {
    const { readinessProbe } = this.#container;
    if (readinessProbe === undefined) return performance.now() - this.#began > warmUpMs;
    try {
      return (await fetch(`http://127.0.0.1:${this.#port}${readinessProbe.httpGet.path}`)).ok;
    } catch {
      return false;
    }
  }

  async end(): Promise<void> {
    await this.#child.stop('TERM');
    this.#home.remove();
    await this.#cluster.client.delete(`${this.#path}?gracePeriodSeconds=0`);
  }
}
