import { ConnectionError } from '../errors.ts';
import { type AbortScope, abortScope } from '../wait.ts';
import type { Dial } from './dial.ts';
import { HttpConnection } from './http-connection.ts';

export interface PoolOptions {
  dial: Dial;
  /** Open at once; who comes beyond them waits in the order of coming. */
  most: number;
  /** After so long without a request a connection is closed. */
  idleMs: number;
}

/** Given a connection that is free, or a place to open one. */
type QueuedRequest = HttpConnection | 'open';

/** Connections to one server, each lent to one request at a time. */
export class HttpPool {
  readonly #options: PoolOptions;
  readonly #open = new Set<HttpConnection>();
  readonly #dialling = new Set<AbortScope>();
  readonly #waiting = new Set<PromiseWithResolvers<QueuedRequest>>();
  /** The one that was used last is taken first, so that those beyond what is needed fall idle and are closed. */
  #idle: HttpConnection[] = [];
  #places: number;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#places = options.most;
  }

  async take(signal: AbortSignal): Promise<HttpConnection> {
    if (this.#isClosed) throw closed();
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#places > 0) {
      this.#places -= 1;
      return this.#dial(signal);
    }
    const turn = await this.#turn(signal);
    return turn === 'open' ? this.#dial(signal) : turn;
  }

  /** After one of them was found dead: it was used last, so the others have less reason to be alive. */
  closeIdle(): void {
    for (const connection of [...this.#idle]) connection.close();
  }

  /** For good, with all that is under way. */
  close(): void {
    this.#isClosed = true;
    for (const waiting of this.#waiting) waiting.reject(closed());
    for (const dialling of this.#dialling) dialling.abort(closed());
    for (const connection of [...this.#open]) connection.close();
  }

  async #dial(signal: AbortSignal): Promise<HttpConnection> {
    const dialling = abortScope(signal);
    this.#dialling.add(dialling);
    try {
      const socket = await this.#options.dial(dialling.signal);
      if (socket.destroyed) throw new ConnectionError('the server has hung up', { mayHaveExecuted: false });
      const connection = new HttpConnection(socket, this.#options.idleMs, {
        free: () => this.#free(connection),
        closed: () => this.#drop(connection),
      });
      this.#open.add(connection);
      return connection;
    } catch (error) {
      this.#leavePlace();
      throw error;
    } finally {
      this.#dialling.delete(dialling);
      dialling.release();
    }
  }

  async #turn(signal: AbortSignal): Promise<QueuedRequest> {
    signal.throwIfAborted();
    const turn = Promise.withResolvers<QueuedRequest>();
    const abort = (): void => {
      this.#waiting.delete(turn);
      turn.reject(signal.reason);
    };
    this.#waiting.add(turn);
    signal.addEventListener('abort', abort);
    try {
      return await turn.promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #free(connection: HttpConnection): void {
    if (!this.#give(connection)) this.#idle.push(connection);
  }

  #drop(connection: HttpConnection): void {
    this.#open.delete(connection);
    this.#idle = this.#idle.filter((each) => each !== connection);
    this.#leavePlace();
  }

  #leavePlace(): void {
    if (!this.#give('open')) this.#places += 1;
  }

  /** To whoever waits longest. */
  #give(turn: QueuedRequest): boolean {
    const [first] = this.#waiting;
    if (first === undefined) return false;
    this.#waiting.delete(first);
    first.resolve(turn);
    return true;
  }
}

function closed(): ConnectionError {
  return new ConnectionError('the connections were closed', { mayHaveExecuted: false });
}
