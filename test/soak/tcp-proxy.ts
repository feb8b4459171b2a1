import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** The network between one controller and the API server: bytes go through as they are, until something is done to it. */
export class TcpProxy {
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #delayMs = 0;
  #stall: PromiseWithResolvers<void> | undefined;
  /** Pieces that were held back by a stall or by slowness. */
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

  /** Ends all connections at once, with nothing said; says how many. */
  cut(): number {
    const count = this.#pairs.size;
    for (const pair of this.#pairs) for (const socket of pair) reset(socket);
    return count;
  }

  /** Lets nothing through, in either direction, and loses nothing: it arrives later. */
  stall(): void {
    this.#stall ??= Promise.withResolvers();
  }

  /** Each piece of up to 64 KB takes so long. */
  slow(ms: number): void {
    this.#delayMs = ms;
  }

  /** Nothing is done to it any more. */
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
    // Both directions end with the first error in either.
    await Promise.all([this.#pump(client, server), this.#pump(server, client)]).catch(() => {});
    for (const socket of pair) socket.destroy();
    this.#pairs.delete(pair);
  }

  async #pump(from: Socket, to: Socket): Promise<void> {
    to.on('error', () => from.destroy());
    for await (const piece of from) {
      await this.#pass();
      if (!to.write(piece)) await once(to, 'drain');
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

/** Node does not reset a socket that is connecting or has been half closed, and then cannot end itself any more. */
function reset(socket: Socket): void {
  if (socket.connecting || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
