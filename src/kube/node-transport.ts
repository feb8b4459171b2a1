import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { systemClock } from './clock.ts';
import type { Connection } from './connection.ts';
import { ConnectionError, errorText } from './errors.ts';
import type { Clock, HttpRequest, HttpResponse, Transport } from './transport.ts';

export interface NodeTransportOptions extends Connection {
  /** Connections for short requests; a request beyond them waits for its turn. */
  sockets?: number;
  /** Until TCP and TLS are through. */
  connectTimeoutMs?: number;
  clock?: Clock;
}

/** A Transport over node:http or node:https. `close` ends its connections, also those in use. */
export type NodeTransport = Transport & { close(): void };

/** Below the API server's own limit (90 s): who hangs up first cannot be surprised by the other in mid-request. */
const FREE_SOCKET_MS = 60_000;

/** Finds out that a peer is gone although nobody sends anything, in the kernel's way. */
const TCP_KEEP_ALIVE_MS = 15_000;

export function createNodeTransport(options: NodeTransportOptions): NodeTransport {
  const { sockets = 16, connectTimeoutMs = 10_000, clock = systemClock } = options;
  const base = parseServer(options.server);
  const secure = base.protocol === 'https:';
  // A watch keeps its connection for minutes; from the common pool, enough watches would leave no socket to write on.
  const short = createAgent(options, secure, sockets);
  const long = createAgent(options, secure, Number.POSITIVE_INFINITY);
  /** Sockets whose TCP and TLS handshakes are done: whatever is sent on one of them may arrive. */
  const established = new WeakSet<Socket>();

  async function transport(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    signal.throwIfAborted();
    const authorization = (await options.headers?.()) ?? {};
    signal.throwIfAborted();
    const headers: Record<string, string> = { ...request.headers, ...authorization };
    if (request.body !== undefined) headers['content-length'] = String(Buffer.byteLength(request.body));
    let message: IncomingMessage;
    try {
      message = await send(request, headers, signal);
    } catch (error) {
      // The server may hang up an idle connection just as we write on it (RFC 9112, section 9.3.1). A request
      // without effects is simply made again; for others the caller has to know what it can repeat.
      if (!(error instanceof StaleSocket) || request.method !== 'GET') throw error;
      message = await send(request, headers, signal);
    }
    const status = message.statusCode ?? 0;
    if (status === 401) options.unauthorized?.();
    return { status, headers: plainHeaders(message), body: bytes(message, signal) };
  }

  function send(request: HttpRequest, headers: Record<string, string>, signal: AbortSignal) {
    return new Promise<IncomingMessage>((resolve, reject) => {
      const make = secure ? httpsRequest : httpRequest;
      const outgoing = make({
        host: base.hostname.replace(/^\[|\]$/g, ''),
        port: base.port === '' ? (secure ? 443 : 80) : base.port,
        method: request.method,
        path: base.pathname.replace(/\/$/, '') + request.path,
        headers,
        agent: isWatch(request.path) ? long : short,
      });
      const connecting = trackSocket(outgoing);
      const abort = (): void => {
        outgoing.destroy(asError(signal.reason));
      };
      signal.addEventListener('abort', abort);
      outgoing.once('close', () => signal.removeEventListener('abort', abort));
      outgoing.once('response', resolve);
      // Stays, as errors may follow the response; the body's reader gets them as its own.
      outgoing.on('error', (error) => {
        if (signal.aborted) reject(asError(signal.reason));
        else reject(describe(error, request, connecting.reused(), connecting.done()));
      });
      outgoing.end(request.body);
    });
  }

  /** Watches how far a request's socket is, and gives up on one that does not get connected. */
  function trackSocket(outgoing: ClientRequest): { done(): boolean; reused(): boolean } {
    let done = false;
    let reused = false;
    outgoing.once('socket', (socket) => {
      reused = established.has(socket);
      done = reused;
      if (reused) return;
      const cancel = clock.after(connectTimeoutMs, () => {
        outgoing.destroy(new Error(`no connection within ${connectTimeoutMs / 1000} s`));
      });
      outgoing.once('close', cancel);
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        cancel();
        done = true;
        established.add(socket);
      });
    });
    return { done: () => done, reused: () => reused };
  }

  function describe(
    error: Error,
    request: HttpRequest,
    reused: boolean,
    connected: boolean,
  ): ConnectionError {
    const code = 'code' in error ? error.code : undefined;
    const text = `${request.method} ${base.origin}: ${errorText(error)}`;
    const detail = { mayHaveExecuted: connected, cause: error };
    const stale = reused && (code === 'ECONNRESET' || code === 'EPIPE');
    return stale ? new StaleSocket(text, detail) : new ConnectionError(text, detail);
  }

  return Object.assign(transport, {
    close() {
      short.destroy();
      long.destroy();
    },
  });
}

/** The connection was an idle one, and broke before any answer. */
class StaleSocket extends ConnectionError {}

function parseServer(server: string): URL {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new Error(`the API server's address is not an http or https URL: ${server}`);
  }
  return url;
}

function createAgent(connection: Connection, secure: boolean, maxSockets: number): HttpAgent {
  const common = {
    keepAlive: true,
    keepAliveMsecs: TCP_KEEP_ALIVE_MS,
    maxSockets,
    // The warmest first, so that those beyond what is needed fall idle and are closed.
    scheduling: 'lifo',
    timeout: FREE_SOCKET_MS,
  } as const;
  if (!secure) return new HttpAgent(common);
  const { ca, cert, key, servername, insecure } = connection;
  return new HttpsAgent({
    ...common,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
    rejectUnauthorized: insecure !== true,
  });
}

function isWatch(path: string): boolean {
  return /[?&]watch=(1|true)(&|$)/.test(path);
}

function plainHeaders(message: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

/** Node ends an iteration over a message that was cut off with an error ("aborted"), which is what is promised. */
async function* bytes(message: IncomingMessage, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of message) yield chunk as Uint8Array;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new ConnectionError(`the connection broke in the middle of an answer: ${errorText(error)}`, {
      mayHaveExecuted: true,
      cause: error,
    });
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
