import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '../controlplane/temporary.ts';

/**
 * A network for Pods that are processes on this machine: the egress selector of kube-apiserver connects to a Pod's address
 * through this proxy, which forwards to the local port of the process.
 */
export class PodNetwork {
  readonly #folder = temporaryFolder('kvcp-network-');
  readonly #ports = new Map<string, number>();
  readonly #server: Server;
  #last = 0;

  constructor() {
    const socket = join(this.#folder.path, 'socket');
    this.#server = createServer().listen(socket);
    this.#server.unref();
    this.#server.on('connect', ({ url = '' }, client) => {
      const pod = connect({ port: this.#ports.get(url) ?? 0, host: '127.0.0.1' });
      pod.once('connect', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        client.pipe(pod).pipe(client);
      });
      pod.on('error', () => client.destroy());
      client.on('error', () => pod.destroy());
    });
    const connection = { proxyProtocol: 'HTTPConnect', transport: { uds: { udsName: socket } } };
    const configuration = {
      apiVersion: 'apiserver.k8s.io/v1beta1',
      kind: 'EgressSelectorConfiguration',
      egressSelections: [{ name: 'cluster', connection }],
    };
    writeFileSync(this.#file, JSON.stringify(configuration));
  }

  get #file(): string {
    return join(this.#folder.path, 'egress.json');
  }

  /** The flags for kube-apiserver. */
  get flags(): string[] {
    return [`--egress-selector-config-file=${this.#file}`];
  }

  /** Returns a new address whose `port` is forwarded to the local port. */
  join(port: number, local: number): string {
    this.#last += 1;
    const address = `10.244.0.${this.#last}`;
    this.#ports.set(`${address}:${port}`, local);
    return address;
  }

  close(): void {
    this.#server.close();
    this.#folder.remove();
  }
}
