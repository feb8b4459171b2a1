import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A TCP proxy between a controller and the API server that can cut, stall and slow down connections. */
export class TcpProxy {
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #delayMs = 0;
  #stall: PromiseWithResolvers<void> | undefined;
  /** The number of chunks that were delayed. */
  held = 0;

  static async to(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    const proxy = new TcpProxy({ host: hostname, port: Number(port) });
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
    this.#server = createServer((socket) => void this.#connect(socket));
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resets all connections and returns their number. */
  cut(): number {
    const count = this.#pairs.size;
    for (const pair of this.#pairs) for (const socket of pair) reset(socket);
    return count;
  }

  /** Delays all data in both directions until `calm`. */
  stall(): void {
    this.#stall ??= Promise.withResolvers();
  }

  /** Delays each chunk of up to 64 KB. */
  slow(ms: number): void {
    this.#delayMs = ms;
  }

  /** Ends a stall and all delays. */
  calm(): void {
    this.#delayMs = 0;
    this.#stall?.resolve();
    this.#stall = undefined;
  }

  close(): void {
    this.#server.close();
    this.calm();
    this.cut();
  }

  async #connect(client: Socket): Promise<void> {
    const server = connect(this.#target);
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    // An error in either direction ends both.
    await Promise.all([this.#pump(client, server), this.#pump(server, client)]).catch(() => {});
    for (const socket of pair) socket.destroy();
    this.#pairs.delete(pair);
  }

  async #pump(from: Socket, to: Socket): Promise<void> {
    to.on('error', () => from.destroy());
    for await (const chunk of from) {
      await this.#pass();
      if (!to.write(chunk)) await once(to, 'drain');
    }
    to.end();
  }

  async #pass(): Promise<void> {
    if (this.#stall === undefined && this.#delayMs === 0) return;
    this.held += 1;
    if (this.#delayMs > 0) await pause(this.#delayMs);
    await this.#stall?.promise;
  }
}

/** Node.js cannot reset a socket that is connecting or half closed, and would then never exit. */
function reset(socket: Socket): void {
  if (socket.connecting || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
