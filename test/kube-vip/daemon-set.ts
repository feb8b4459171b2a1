import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { locateBinaries } from '../controlplane/binaries.ts';
import type { Cluster } from '../e2e/cluster.ts';
import { KubeVipProcess } from './kube-vip-process.ts';
import type { Machine } from './lan.ts';

interface EnvironmentVariable {
  name: string;
  value?: string;
  valueFrom?: { fieldRef: { fieldPath: string } };
}

interface DaemonSet {
  metadata: { generation: number };
  spec: {
    template: {
      spec: {
        serviceAccountName: string;
        containers: [{ image: string; args: string[]; env: EnvironmentVariable[] }];
      };
    };
  };
  status: { observedGeneration?: number };
}

const daemonSet = '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-vip-ds';

/**
 * Acts as the DaemonSet controller and the kubelet for kube-vip: runs it on each machine while the DaemonSet exists, with the arguments,
 * the environment, and the ServiceAccount of its template.
 */
export class KubeVipDaemonSet {
  readonly #cluster: Cluster;
  readonly #machines: readonly Machine[];
  readonly #following: Promise<void>;
  #isStopping = false;
  #processes: KubeVipProcess[] = [];
  #output = '';

  constructor(cluster: Cluster, machines: readonly Machine[]) {
    this.#cluster = cluster;
    this.#machines = machines;
    this.#following = this.#follow();
  }

  /** What all processes wrote, including those that have ended. */
  get output(): string {
    return [this.#output, ...this.#processes.map(({ output }) => output)].join('\n');
  }

  async close(): Promise<void> {
    this.#isStopping = true;
    await this.#following;
    await this.#end();
  }

  async #follow(): Promise<void> {
    while (!this.#isStopping) {
      const { status, body } = await this.#cluster.client.get(daemonSet);
      if (status === 200) await this.#roll(body as unknown as DaemonSet);
      else if (status === 404) await this.#end();
      await delay(100);
    }
  }

  async #roll({ metadata: { generation }, spec: { template }, status }: DaemonSet): Promise<void> {
    if (status.observedGeneration === generation) return;
    await this.#end();
    const { serviceAccountName, containers } = template.spec;
    const [{ args, env }] = containers;
    const kubeconfig = await this.#kubeconfig(serviceAccountName);
    this.#processes = this.#machines.map((machine) => this.#start(machine, args, env, kubeconfig));
    const count = this.#machines.length;
    const numbers = { desiredNumberScheduled: count, currentNumberScheduled: count, numberReady: count };
    const updated = { updatedNumberScheduled: count, numberAvailable: count, numberMisscheduled: 0 };
    const answer = await this.#cluster.client.patch(`${daemonSet}/status`, {
      status: { observedGeneration: generation, ...numbers, ...updated },
    });
    // The DaemonSet may have been deleted.
    assert.ok(answer.status === 200 || answer.status === 404, answer.body.message ?? '');
  }

  #start(
    machine: Machine,
    args: string[],
    variables: EnvironmentVariable[],
    kubeconfig: string,
  ): KubeVipProcess {
    const env = Object.fromEntries(
      variables.map(({ name, value = '', valueFrom }) => {
        const field = valueFrom?.fieldRef.fieldPath;
        assert.ok(field === undefined || field === 'spec.nodeName', `${name} comes from ${field}`);
        return [name, field === undefined ? value : machine.name];
      }),
    );
    const program = `${locateBinaries(process.env, 'kubeVip').folder}/kube-vip`;
    const { server } = this.#cluster;
    const started = new KubeVipProcess({ program, server, machine, args, env, kubeconfig });
    started.start();
    return started;
  }

  /** A kubeconfig with the permissions of the ServiceAccount. */
  async #kubeconfig(account: string): Promise<string> {
    const path = `/api/v1/namespaces/kube-system/serviceaccounts/${account}/token`;
    const answer = await this.#cluster.client.post(path, { spec: { expirationSeconds: 86_400 } });
    assert.equal(answer.status, 201, answer.body.message ?? '');
    const { token = '' } = answer.body.status as { token?: string };
    return this.#cluster.server.kubeconfig(account, token);
  }

  async #end(): Promise<void> {
    for (const ending of this.#processes.splice(0)) {
      await ending.stop();
      this.#output += ending.output;
      await ending.close();
    }
  }
}
