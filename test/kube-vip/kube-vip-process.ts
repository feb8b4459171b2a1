import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { ApiServer } from '../controlplane/apiserver.ts';
import type { Child } from '../controlplane/process.ts';
import { temporaryFolder } from '../controlplane/temporary.ts';
import type { Machine } from './lan.ts';

export interface KubeVipOptions {
  program: string;
  server: ApiServer;
  machine: Machine;
  /** Arguments and environment, without the kubeconfig. */
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** The kubeconfig; by default the administrator's. */
  kubeconfig?: string;
}

/** A real kube-vip, in the namespace of a machine, which is a node of the cluster. */
export class KubeVipProcess {
  readonly machine: Machine;
  readonly #options: KubeVipOptions;
  readonly #folder = temporaryFolder('kvcp-kube-vip-');
  readonly #forward: Server;
  #child: Child | undefined;
  #output = '';

  constructor(options: KubeVipOptions) {
    this.#options = options;
    this.machine = options.machine;
    // The API server listens on the loopback interface of the test process, which another namespace cannot reach.
    const { port, hostname } = new URL(options.server.url);
    this.#forward = createServer((client) => {
      const upstream = connectTo(Number(port), hostname);
      client.pipe(upstream).pipe(client);
      client.on('error', () => upstream.destroy());
      upstream.on('error', () => client.destroy());
    });
    this.#forward.listen(Number(port), this.machine.host);
    this.#forward.unref();
  }

  start(): void {
    const { program, machine, args, env } = this.#options;
    const command = [program, ...args, '--k8sConfigPath', this.#kubeconfig()];
    this.#child = machine.namespace.start(command, {
      // The environment of the test run must have no effect: kube-vip reads its options from it.
      env: { ...env, PATH: process.env.PATH ?? '', HOME: this.#folder.path },
      onOutput: (text) => {
        this.#output += text;
      },
    });
  }

  get isRunning(): boolean {
    return this.#child?.running() ?? false;
  }

  /** Everything that the process wrote. */
  get output(): string {
    return this.#output;
  }

  /** Ends the process as a kubelet does, or as a crash. */
  async stop(signal: 'TERM' | 'KILL' = 'TERM'): Promise<void> {
    await this.#child?.stop(signal);
  }

  async close(): Promise<void> {
    await this.stop('KILL');
    this.#forward.close();
    this.#folder.remove();
  }

  /** The kubeconfig, with the address of the API server in this namespace. */
  #kubeconfig(): string {
    const { server, machine, kubeconfig = server.kubeconfig() } = this.#options;
    const text = readFileSync(kubeconfig, 'utf8');
    const config = JSON.parse(text) as { clusters: [{ cluster: Record<string, string> }] };
    const { port, hostname } = new URL(server.url);
    const [{ cluster }] = config.clusters;
    cluster.server = `https://${machine.host}:${port}`;
    cluster['tls-server-name'] = hostname;
    const file = join(this.#folder.path, 'kubeconfig');
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    return file;
  }
}
