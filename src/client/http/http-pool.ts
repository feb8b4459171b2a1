import { ConnectionError } from '../errors.ts';
import { type AbortScope, abortScope } from '../wait.ts';
import type { Dial } from './dial.ts';
import { HttpConnection } from './http-connection.ts';

export interface PoolOptions {
  dial: Dial;
  /** Maximum number of open connections; further requests are queued. */
  maxConnections: number;
  /** How long an unused connection stays open. */
  idleMs: number;
  /** Called when an unused connection breaks, unless the server ended it normally. */
  broken: () => void;
}

/** What a queued request gets: a free connection, or permission to open one. */
type Slot = HttpConnection | 'open';

/** Connections to one server; each carries one request at a time. */
export class HttpPool {
  readonly #options: PoolOptions;
  readonly #open = new Set<HttpConnection>();
  readonly #dialing = new Set<AbortScope>();
  readonly #queue = new Set<PromiseWithResolvers<Slot>>();
  /**
   * The most recently used connection is reused first, so that surplus connections become idle and are
   * closed.
   */
  #idle: HttpConnection[] = [];
  #freeSlots: number;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#freeSlots = options.maxConnections;
  }

  async take(signal: AbortSignal): Promise<HttpConnection> {
    if (this.#isClosed) throw closed();
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#freeSlots > 0) {
      this.#freeSlots -= 1;
      return this.#dial(signal);
    }
    const slot = await this.#enqueue(signal);
    return slot === 'open' ? this.#dial(signal) : slot;
  }

  /** Call if a connection was dead: unused ones are probably dead, too. */
  closeIdle(): void {
    for (const connection of [...this.#idle]) connection.close();
  }

  /** Closes all connections, including those in use. The pool cannot be used again. */
  close(): void {
    this.#isClosed = true;
    for (const queued of this.#queue) queued.reject(closed());
    for (const dialing of this.#dialing) dialing.abort(closed());
    for (const connection of [...this.#open]) connection.close();
  }

  async #dial(signal: AbortSignal): Promise<HttpConnection> {
    const dialing = abortScope(signal);
    this.#dialing.add(dialing);
    try {
      const socket = await this.#options.dial(dialing.signal);
      if (socket.destroyed)
        throw new ConnectionError('the server closed the connection', { mayHaveExecuted: false });
      const connection = new HttpConnection(socket, this.#options.idleMs, {
        free: () => this.#free(connection),
        closed: () => this.#drop(connection),
        broken: () => this.#options.broken(),
      });
      this.#open.add(connection);
      return connection;
    } catch (error) {
      this.#releaseSlot();
      throw error;
    } finally {
      this.#dialing.delete(dialing);
      dialing.release();
    }
  }

  async #enqueue(signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted();
    const slot = Promise.withResolvers<Slot>();
    const abort = (): void => {
      this.#queue.delete(slot);
      slot.reject(signal.reason);
    };
    this.#queue.add(slot);
    signal.addEventListener('abort', abort);
    try {
      return await slot.promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #free(connection: HttpConnection): void {
    if (!this.#serveNext(connection)) this.#idle.push(connection);
  }

  #drop(connection: HttpConnection): void {
    this.#open.delete(connection);
    this.#idle = this.#idle.filter((each) => each !== connection);
    this.#releaseSlot();
  }

  #releaseSlot(): void {
    if (!this.#serveNext('open')) this.#freeSlots += 1;
  }

  /** Serves the oldest queued request. */
  #serveNext(slot: Slot): boolean {
    const [first] = this.#queue;
    if (first === undefined) return false;
    this.#queue.delete(first);
    first.resolve(slot);
    return true;
  }
}

function closed(): ConnectionError {
  return new ConnectionError('the connections were closed', { mayHaveExecuted: false });
}
