import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import type { PodNetwork } from './pod-network.ts';
import { type Images, type PodEnvironment, PodProcess, type Template } from './pod-process.ts';

interface Deployment {
  metadata: { generation: number };
  spec: { replicas: number; template: Template };
  status: { observedGeneration?: number };
}

/**
 * Acts as the Deployment controller and the garbage collector for one Deployment: starts new Pods, and ends the old ones
 * when the new ones are ready.
 */
export class DeployedProcesses {
  readonly #environment: PodEnvironment;
  readonly #name: string;
  readonly #path: string;
  readonly #following: Promise<void>;
  #isStopping = false;
  #template = '';
  #running: PodProcess[] = [];
  /** Pods to end when `running` is ready. */
  #old: PodProcess[] = [];
  /** All Pods, including those that have ended. */
  readonly all: PodProcess[] = [];

  constructor(cluster: Cluster, key: string, images: Images, network?: PodNetwork) {
    const [namespace = '', name = ''] = key.split('/');
    this.#environment = { cluster, namespace, images, network };
    this.#name = name;
    this.#path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
    this.#following = this.#follow();
  }

  /** The images of the running Pods. */
  get images(): string[] {
    return [...this.#old, ...this.#running].map(({ image }) => image);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#following;
    await this.#scale(0);
  }

  async #follow(): Promise<void> {
    while (!this.#isStopping) {
      const { status, body } = await this.#environment.cluster.client.get(this.#path);
      if (status === 200) await this.#roll(body as unknown as Deployment);
      else if (status === 404) await this.#scale(0);
      await delay(100);
    }
  }

  async #roll({ metadata: { generation }, spec: { replicas, template }, status }: Deployment): Promise<void> {
    if (status.observedGeneration === generation) return;
    const content = JSON.stringify(template);
    if (content !== this.#template) this.#old.push(...this.#running.splice(0));
    this.#template = content;
    while (this.#running.length < replicas) {
      const pod = await PodProcess.start(this.#environment, this.#name, template);
      this.#running.push(pod);
      this.all.push(pod);
    }
    const ready = await Promise.all(this.#running.map((pod) => pod.isReady()));
    if (ready.includes(false)) return;
    await this.#scale(replicas);
    const newStatus = {
      observedGeneration: generation,
      ...{ replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas },
    };
    const answer = await this.#environment.cluster.client.patch(`${this.#path}/status`, {
      status: newStatus,
    });
    // The Deployment may have been deleted.
    assert.ok(answer.status === 200 || answer.status === 404, answer.body.message ?? '');
  }

  /** Ends the old Pods and surplus new ones. */
  async #scale(replicas: number): Promise<void> {
    const ending = [...this.#old.splice(0), ...this.#running.splice(replicas)];
    await Promise.all(ending.map((pod) => pod.end()));
  }
}
