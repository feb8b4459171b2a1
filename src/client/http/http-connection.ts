import type { Socket } from 'node:net';
import { ConnectionError, errorText } from '../errors.ts';
import type { HttpResponse } from '../transport.ts';
import { Body } from './http-body.ts';
import { AnswerParser, type Head } from './http-parser.ts';

/** The connection broke before a byte of the answer, and had been used before: it may have been dead all the time. */
export class StaleConnection extends ConnectionError {}

export interface ConnectionEvents {
  /** Its answer is whole; it may take the next request. */
  free(): void;
  /** Of no use any more. */
  closed(): void;
}

interface Exchange {
  readonly signal: AbortSignal;
  readonly answer: PromiseWithResolvers<HttpResponse>;
  body: Body | undefined;
}

/** An established connection, on which one request after the other is made. */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #parser = new AnswerParser({
    head: (head) => this.#takeHead(head),
    data: (bytes) => this.#exchange?.body?.push(bytes),
  });
  #exchange: Exchange | undefined;
  #isClosed = false;
  #wasUsed = false;
  #hasHeard = false;

  constructor(socket: Socket, idleMs: number, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('end', () => this.#takeEnd());
    socket.on('error', (error) => this.#break(error));
    socket.on('close', () => this.#break(new Error('socket hang up')));
    socket.setTimeout(idleMs, () => {
      if (this.#exchange === undefined) this.close();
    });
  }

  /** One request as text. Resolves with the answer's head; the connection is free again when its body is in. */
  send(text: string, signal: AbortSignal): Promise<HttpResponse> {
    const answer = Promise.withResolvers<HttpResponse>();
    if (this.#isClosed) {
      answer.reject(new StaleConnection('the server has hung up', { mayHaveExecuted: false }));
      return answer.promise;
    }
    this.#exchange = { signal, answer, body: undefined };
    this.#hasHeard = false;
    if (signal.aborted) {
      this.#abort();
    } else {
      signal.addEventListener('abort', this.#abort);
      this.#socket.write(text);
    }
    return answer.promise;
  }

  close(): void {
    this.#break(new Error('the connection was closed'));
  }

  #take(bytes: Buffer): void {
    if (this.#exchange === undefined) {
      // Nobody asked.
      this.close();
      return;
    }
    this.#hasHeard = true;
    let length: number;
    try {
      length = this.#parser.read(bytes);
    } catch (error) {
      this.#break(error);
      return;
    }
    if (this.#parser.isDone) this.#finish(length === bytes.length && this.#parser.isPersistent);
  }

  #takeHead({ status, headers }: Head): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const body = new Body({
      pause: () => this.#socket.pause(),
      resume: () => this.#socket.resume(),
      leave: () => this.close(),
    });
    exchange.body = body;
    exchange.answer.resolve({ status, headers, body });
  }

  #takeEnd(): void {
    if (this.#exchange !== undefined && this.#parser.end()) this.#finish(false);
    this.#break(new Error('socket hang up'));
  }

  #finish(isPersistent: boolean): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#forget(exchange);
    exchange.body?.end();
    // An answer that comes before its request is out is a server's way to say that it will not read the rest.
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
    this.#forget(exchange);
    exchange.answer.reject(exchange.signal.reason);
    exchange.body?.fail(exchange.signal.reason, true);
    this.close();
  };

  #break(error: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroy();
    const exchange = this.#exchange;
    if (exchange !== undefined) {
      this.#forget(exchange);
      const detail = { mayHaveExecuted: true, cause: error };
      const Kind = this.#wasUsed && !this.#hasHeard ? StaleConnection : ConnectionError;
      const text = errorText(error);
      exchange.answer.reject(new Kind(text, detail));
      const broken = `the connection broke in the middle of an answer: ${text}`;
      exchange.body?.fail(new ConnectionError(broken, detail));
    }
    this.#events.closed();
  }

  #forget({ signal }: Exchange): void {
    this.#exchange = undefined;
    signal.removeEventListener('abort', this.#abort);
  }
}
