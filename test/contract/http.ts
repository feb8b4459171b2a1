import assert from 'node:assert/strict';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';
import type { ObjectMeta, ServiceSpec } from '../../src/core/model/objects.ts';

/** The API server under test. The suite has its own client, which shares no bug with the one in src/client. */
export interface Server {
  url: string;
  token?: string;
  ca?: string;
  /** Only a real server requires that a namespace is created before it is used. */
  needsNamespaces: boolean;
  close(): Promise<void>;
}

/** The fields of objects, lists, and Statuses that tests use. */
export interface Body {
  kind?: string;
  apiVersion?: string;
  metadata: Partial<ObjectMeta> & { generateName?: string; continue?: string; remainingItemCount?: number };
  spec: ServiceSpec & {
    holderIdentity?: string;
    acquireTime?: string;
    renewTime?: string;
    parentRef?: unknown;
  };
  status: {
    loadBalancer?: { ingress?: { ip?: string; hostname?: string; ipMode?: string }[] };
    addresses?: { type: string; address: string }[];
  };
  data?: Record<string, string>;
  items: Body[];
  count?: number;
  message?: string;
  reason?: string;
  code?: number;
  details?: { name?: string; kind?: string; group?: string; retryAfterSeconds?: number; causes?: Cause[] };
}

export interface Cause {
  reason?: string;
  field?: string;
  message?: string;
}

export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: Body;
}

export interface WatchEvent {
  type: string;
  object: Body;
}

/** Only ends a test that can't pass. */
const patience = 60_000;

export class Client {
  readonly #server: Server;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(server: Server) {
    this.#server = server;
    const options = { keepAlive: true, ...(server.ca === undefined ? {} : { ca: server.ca }) };
    this.#agent = server.url.startsWith('https:') ? new HttpsAgent(options) : new HttpAgent(options);
  }

  close(): void {
    this.#agent.destroy();
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.send('POST', path, body, headers);
  }

  put(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.send('PUT', path, body, headers);
  }

  patch(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('PATCH', path, body, { 'content-type': 'application/merge-patch+json', ...headers });
  }

  delete(path: string, body?: unknown): Promise<Answer> {
    return this.send('DELETE', path, body);
  }

  /** A string is sent as it is, anything else as JSON. */
  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
    // Node adds no length to the body of a DELETE, and the server ignores the body without one.
    const type =
      text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) };
    const response = await this.#open(method, path, text, { ...type, ...headers });
    response.setEncoding('utf8');
    let whole = '';
    for await (const part of response) whole += part;
    return { status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(whole) as Body };
  }

  async watch(path: string): Promise<Watch> {
    const response = await this.#open('GET', path, undefined, {});
    assert.equal(response.statusCode, 200, path);
    return new Watch(response);
  }

  #open(
    method: string,
    path: string,
    body: string | undefined,
    headers: Record<string, string>,
  ): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const { url, token } = this.#server;
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const options = { method, agent: this.#agent, headers: { ...authorization, ...headers } };
    const request = send(`${url}${path}`, options, resolve);
    request.on('error', reject);
    request.end(body);
    return promise;
  }
}

/** The lines of a watch. A test fails within seconds if an expected line does not arrive. */
export class Watch {
  readonly #response: IncomingMessage;
  readonly #lines: AsyncIterator<string>;

  constructor(response: IncomingMessage) {
    this.#response = response;
    this.#lines = createInterface({ input: response })[Symbol.asyncIterator]();
  }

  get type(): string | undefined {
    return this.#response.headers['content-type'];
  }

  /** Undefined if the server ended the stream. */
  async next(withinMs = patience): Promise<WatchEvent | undefined> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error('the watch is silent')), withinMs);
    try {
      const line = await Promise.race([this.#lines.next(), late.promise]);
      return line.done ? undefined : (JSON.parse(line.value) as WatchEvent);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The next events, without bookmarks, as `TYPE namespace-less-name`. */
  async take(count: number): Promise<WatchEvent[]> {
    const events: WatchEvent[] = [];
    while (events.length < count) {
      const event = await this.next();
      if (event === undefined) break;
      if (event.type !== 'BOOKMARK') events.push(event);
    }
    return events;
  }

  /** Everything until the server ends the stream. */
  async rest(): Promise<WatchEvent[]> {
    const events: WatchEvent[] = [];
    for (;;) {
      const event = await this.next();
      if (event === undefined) return events;
      events.push(event);
    }
  }

  close(): void {
    this.#response.destroy();
    // Ends a pending `next`.
    void this.#lines.return?.();
  }
}
