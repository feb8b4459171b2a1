import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { connect, TLSSocket } from 'node:tls';
import { selfSigned } from '../client/certificate.ts';

/** Ends TLS in front of an API server, with a certificate that can be replaced. */
export class TlsProxy {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #certificate = selfSigned('127.0.0.1');

  private constructor(target: { readonly url: string; readonly ca: string }) {
    const { hostname: host, port } = new URL(target.url);
    this.#server = createServer((raw) => {
      const near = new TLSSocket(raw, { isServer: true, ...this.#certificate });
      const far = connect({ host, port: Number(port), ca: target.ca });
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#open.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          this.#open.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
  }

  static async start(target: { readonly url: string; readonly ca: string }): Promise<TlsProxy> {
    const proxy = new TlsProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** PEM: the certificate signs itself. */
  get authority(): string {
    return this.#certificate.cert;
  }

  /** Uses a certificate of another authority, and ends all connections. */
  replaceCertificate(): void {
    this.#certificate = selfSigned('127.0.0.1');
    this.#endConnections();
  }

  stop(): void {
    this.#server.close();
    this.#endConnections();
  }

  #endConnections(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
