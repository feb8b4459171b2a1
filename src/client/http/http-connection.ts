import type { Socket } from 'node:net';
import { ConnectionError, errorText } from '../errors.ts';
import type { HttpResponse } from '../transport.ts';
import { Body } from './http-body.ts';
import { type ResponseHead, ResponseParser } from './http-parser.ts';

/**
 * A reused connection broke before the first byte of the response: it may have been dead before the request.
 */
export class StaleConnection extends ConnectionError {}

export interface ConnectionEvents {
  /** The response is complete; the connection can be reused. */
  free(): void;
  /** The connection can no longer be used. */
  closed(): void;
  /** It broke while it was unused. `closed` follows. */
  broken(): void;
}

interface Exchange {
  readonly signal: AbortSignal;
  readonly response: PromiseWithResolvers<HttpResponse>;
  body: Body | undefined;
}

/** An established connection that carries one request at a time. */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #parser = new ResponseParser({
    head: (head) => this.#onHead(head),
    data: (bytes) => this.#exchange?.body?.push(bytes),
  });
  #exchange: Exchange | undefined;
  #isClosed = false;
  #wasUsed = false;
  #hasReceived = false;

  constructor(socket: Socket, idleMs: number, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    socket.on('end', () => this.#onEnd());
    socket.on('error', (error) => {
      if (!this.#isClosed && this.#exchange === undefined) events.broken();
      this.#break(error);
    });
    socket.on('close', () => this.#break(new Error('socket hang up')));
    socket.setTimeout(idleMs);
    // A listener passed to `setTimeout` is called only once, even if the socket was in use at that time.
    socket.on('timeout', () => {
      if (this.#exchange === undefined) this.close();
    });
  }

  /**
   * Sends one request. Resolves with the head of the response; the connection is free again after its body.
   */
  send(text: string, signal: AbortSignal): Promise<HttpResponse> {
    const response = Promise.withResolvers<HttpResponse>();
    if (this.#isClosed) {
      response.reject(new StaleConnection('the server closed the connection', { mayHaveExecuted: false }));
      return response.promise;
    }
    this.#exchange = { signal, response, body: undefined };
    this.#hasReceived = false;
    if (signal.aborted) {
      this.#abort();
    } else {
      signal.addEventListener('abort', this.#abort);
      this.#socket.write(text);
    }
    return response.promise;
  }

  close(): void {
    this.#break(new Error('the connection was closed'));
  }

  #onData(bytes: Buffer): void {
    if (this.#exchange === undefined) {
      // Unsolicited data.
      this.close();
      return;
    }
    this.#hasReceived = true;
    let length: number;
    try {
      length = this.#parser.read(bytes);
    } catch (error) {
      this.#break(error);
      return;
    }
    if (this.#parser.isDone) this.#finish(length === bytes.length && this.#parser.isPersistent);
  }

  #onHead({ status, headers }: ResponseHead): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const body = new Body({
      pause: () => this.#socket.pause(),
      resume: () => this.#socket.resume(),
      discard: () => this.close(),
    });
    exchange.body = body;
    exchange.response.resolve({ status, headers, body });
  }

  #onEnd(): void {
    if (this.#exchange !== undefined && this.#parser.end()) this.#finish(false);
    this.#break(new Error('socket hang up'));
  }

  #finish(isPersistent: boolean): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#detach(exchange);
    exchange.body?.end();
    // The server responded before it read the whole request, so it will not read the rest.
    if (!isPersistent || this.#socket.writableLength > 0) {
      this.close();
      return;
    }
    this.#parser.next();
    this.#wasUsed = true;
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#events.free();
  }

  readonly #abort = (): void => {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#detach(exchange);
    exchange.response.reject(exchange.signal.reason);
    exchange.body?.fail(exchange.signal.reason, true);
    this.close();
  };

  #break(error: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroy();
    const exchange = this.#exchange;
    if (exchange !== undefined) {
      this.#detach(exchange);
      const detail = { mayHaveExecuted: true, cause: error };
      const Kind = this.#wasUsed && !this.#hasReceived ? StaleConnection : ConnectionError;
      const text = errorText(error);
      exchange.response.reject(new Kind(text, detail));
      const broken = `the connection broke while reading the response: ${text}`;
      exchange.body?.fail(new ConnectionError(broken, detail));
    }
    this.#events.closed();
  }

  #detach({ signal }: Exchange): void {
    this.#exchange = undefined;
    signal.removeEventListener('abort', this.#abort);
  }
}
