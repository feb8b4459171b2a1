import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Child, startChild } from '../controlplane/process.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import type { Cluster } from './cluster.ts';
import { quickElection } from './controller.ts';

interface Container {
  image: string;
  command: string[];
  args?: string[];
  env?: { name: string; value?: string }[];
}

interface Template {
  metadata: { labels: Record<string, string> };
  spec: { serviceAccountName: string; containers: Container[] };
}

interface Deployment {
  metadata: { generation: number };
  spec: { replicas: number; template: Template };
}

/** How the program of an image is started: the file, and what comes before its flags. */
export type Images = (image: string) => readonly string[];

interface Running {
  image: string;
  child: Child;
  output: string;
  home: { remove(): void };
  /** The path of its Pod. */
  pod: string;
}

/**
 * The Deployment controller and the kubelets in one, for one Deployment: it makes Pods and runs the programs that they name,
 * with their flags, environment and ServiceAccount; the new ones first, then the old ones end.
 */
export class DeployedProcesses {
  readonly #cluster: Cluster;
  readonly #path: string;
  readonly #namespace: string;
  readonly #images: Images;
  readonly #following: Promise<void>;
  #isStopping = false;
  #generation = 0;
  #template = '';
  #running: Running[] = [];
  /** What each wrote that has run, and for what image. */
  readonly all: Running[] = [];

  constructor(cluster: Cluster, key: string, images: Images) {
    const [namespace = '', name = ''] = key.split('/');
    this.#cluster = cluster;
    this.#namespace = namespace;
    this.#path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
    this.#images = images;
    this.#following = this.#follow();
  }

  /** The images of what runs now. */
  get images(): string[] {
    return this.#running.map(({ image }) => image);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#following;
    await this.#end(this.#running);
  }

  async #follow(): Promise<void> {
    while (!this.#isStopping) {
      const { status, body } = await this.#cluster.client.get(this.#path);
      if (status === 200) await this.#roll(body as unknown as Deployment);
      await delay(100);
    }
  }

  async #roll({ metadata, spec }: Deployment): Promise<void> {
    if (metadata.generation === this.#generation) return;
    this.#generation = metadata.generation;
    const template = JSON.stringify(spec.template);
    const isNew = template !== this.#template;
    this.#template = template;
    const old = isNew ? this.#running : this.#running.slice(spec.replicas);
    this.#running = this.#running.filter((one) => !old.includes(one));
    while (this.#running.length < spec.replicas) this.#running.push(await this.#start(spec.template));
    // As long as a new Pod takes to be ready.
    if (old.length > 0 && isNew) await delay(500);
    await this.#end(old);
    const replicas = spec.replicas;
    const counts = {
      replicas,
      updatedReplicas: replicas,
      readyReplicas: replicas,
      availableReplicas: replicas,
    };
    const status = { observedGeneration: metadata.generation, ...counts };
    const answer = await this.#cluster.client.patch(`${this.#path}/status`, { status });
    assert.equal(answer.status, 200, answer.body.message ?? '');
  }

  async #start(template: Template): Promise<Running> {
    const { serviceAccountName, containers } = template.spec;
    const [container] = containers;
    assert.ok(container !== undefined && containers.length === 1);
    const home = temporaryFolder('kvcp-pod-');
    const kubeconfig = this.#cluster.server.kubeconfig(
      serviceAccountName,
      await this.#token(serviceAccountName),
    );
    // The Go version asks for it there, outside a cluster.
    cpSync(kubeconfig, join(home.path, '.kube', 'config'));
    const [program = '', ...before] = this.#images(container.image);
    const flags = [...container.command.slice(1), ...(container.args ?? [])];
    const here = ['--OutSideCluster', '--kubeconfig', kubeconfig, '--secure-port=0', ...quickElection];
    const variables = (container.env ?? []).map(({ name, value = '' }): [string, string] => [name, value]);
    const running: Running = {
      image: container.image,
      output: '',
      home,
      pod: await this.#pod(template),
      child: startChild(program, [...before, ...flags, ...here], {
        env: { HOME: home.path, ...Object.fromEntries(variables) },
        heard: (text) => {
          running.output += text;
        },
      }),
    };
    this.all.push(running);
    return running;
  }

  async #pod({ metadata, spec }: Template): Promise<string> {
    const path = `/api/v1/namespaces/${this.#namespace}/pods`;
    const pod = { metadata: { ...metadata, generateName: 'pod-' }, spec };
    const { status, body } = await this.#cluster.client.post(path, pod);
    assert.equal(status, 201, body.message ?? '');
    return `${path}/${body.metadata.name}`;
  }

  async #token(account: string): Promise<string> {
    const path = `/api/v1/namespaces/${this.#namespace}/serviceaccounts/${account}/token`;
    const { status, body } = await this.#cluster.client.post(path, { spec: { expirationSeconds: 3600 } });
    assert.equal(status, 201, body.message ?? '');
    return (body.status as { token?: string }).token ?? '';
  }

  async #end(running: readonly Running[]): Promise<void> {
    await Promise.all(running.map(({ child }) => child.stop('TERM')));
    for (const { home, pod } of running) {
      home.remove();
      await this.#cluster.client.delete(`${pod}?gracePeriodSeconds=0`);
    }
  }
}
