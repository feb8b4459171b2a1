import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Connection, hostOf, isSameTls, serverUrl, type TlsCredentials } from '../cluster-connection.ts';
import { ConnectionError, errorText } from '../errors.ts';
import type { Clock, HttpRequest, HttpResponse, Transport } from '../transport.ts';
import { agentOf, requestOptions } from './https-agent.ts';

/** Timeout for the proxy, TCP, and TLS. */
const CONNECT_TIMEOUT_MS = 10_000;

/** `close` ends all connections, including those in use. */
export type HttpsTransport = Transport & { close(): void };

/**
 * A Transport over node:https, for programs of people: it goes through proxies, accepts gzip, and uses certificates that
 * change. It costs more than the controller's own client (docs/decisions/0010).
 */
export function createHttpsTransport(connection: Connection, clock: Clock): HttpsTransport {
  const url = serverUrl(connection.server);
  const isSecure = url.protocol === 'https:';
  const prefix = url.pathname.replace(/\/$/, '');
  let current: { tls: TlsCredentials; options: Promise<RequestOptions> } | undefined;

  async function latestOptions(): Promise<RequestOptions> {
    const tls = (await connection.readTls?.()) ?? connection;
    if (current !== undefined && isSameTls(current.tls, tls)) return current.options;
    // Unused connections were opened with the old certificate.
    current?.options.then(closeIdle, () => {});
    current = { tls: { ...tls }, options: requestOptions(connection, tls) };
    return current.options;
  }

  async function send(request: HttpRequest, signal: AbortSignal, isRepeated: boolean): Promise<HttpResponse> {
    const headers = { ...request.headers, 'accept-encoding': 'gzip', ...(await connection.headers?.()) };
    const options = await latestOptions();
    signal.throwIfAborted();
    const exchange = new Exchange(signal, clock);
    try {
      const message = await exchange.send(isSecure, request.body, {
        ...options,
        ...target(url, connection.proxyUrl),
        method: request.method,
        path: prefix + request.path,
        headers: { host: url.host, ...headers } as Record<string, string | string[]>,
      });
      return {
        status: message.statusCode ?? 0,
        headers: headersOf(message),
        body: bodyOf(message, signal, () => exchange.end()),
      };
    } catch (error) {
      exchange.end();
      signal.throwIfAborted();
      const { isConnected, isReused } = exchange;
      // The server may close an unused connection while we write to it (RFC 9112, section 9.3.1).
      if (isReused && request.method === 'GET' && !isRepeated) {
        closeIdle(options);
        return send(request, signal, true);
      }
      const proxy = isConnected ? undefined : connection.proxyUrl;
      const via = proxy === undefined ? '' : ` through the proxy ${withoutPassword(proxy)}`;
      throw new ConnectionError(`${request.method} ${url.origin}${via}: ${errorText(error)}`, {
        mayHaveExecuted: isConnected,
        cause: error,
      });
    }
  }

  async function transport(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    signal.throwIfAborted();
    const response = await send(request, signal, false);
    if (response.status === 401) connection.unauthorized?.();
    return response;
  }

  function close(): void {
    current?.options.then(
      (options) => agentOf(options).destroy(),
      () => {},
    );
  }

  return Object.assign(transport, { close });
}

/** One request and its response, until `end`. */
class Exchange {
  readonly #signal: AbortSignal;
  readonly #clock: Clock;
  readonly #response = Promise.withResolvers<IncomingMessage>();
  #sent: ClientRequest | undefined;
  /** Whether the API server may have received something. */
  isConnected = false;

  constructor(signal: AbortSignal, clock: Clock) {
    this.#signal = signal;
    this.#clock = clock;
    signal.addEventListener('abort', this.#abort);
  }

  get isReused(): boolean {
    return this.#sent?.reusedSocket === true;
  }

  async send(isSecure: boolean, body: string | undefined, options: RequestOptions): Promise<IncomingMessage> {
    const { resolve, reject, promise } = this.#response;
    const sent = (isSecure ? httpsRequest : httpRequest)(options);
    this.#sent = sent;
    // The agent does not end a request that still waits for its connection.
    const cancelTimer = this.#clock.after(CONNECT_TIMEOUT_MS, () =>
      this.#stop(new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`)),
    );
    const connected = (): void => {
      this.isConnected = true;
      cancelTimer();
    };
    sent.once('socket', (socket) => {
      if (sent.reusedSocket || !(isSecure || socket.connecting)) connected();
      else socket.once(isSecure ? 'secureConnect' : 'connect', connected);
    });
    // Never removed: an unhandled error event would end the process.
    sent.on('error', reject);
    sent.once('response', resolve);
    sent.end(body);
    try {
      return await promise;
    } finally {
      cancelTimer();
    }
  }

  end(): void {
    this.#signal.removeEventListener('abort', this.#abort);
  }

  readonly #abort = (): void => this.#stop(this.#signal.reason);

  #stop(reason: unknown): void {
    this.#response.reject(reason);
    this.#sent?.destroy();
  }
}

/** Where to connect. An HTTP proxy gets the brackets of an IPv6 address, because it receives the host and the port as one text. */
function target(url: URL, proxyUrl: string | undefined): RequestOptions {
  const { hostname, port, protocol } = url;
  const isHttpProxy = proxyUrl !== undefined && /^https?:/i.test(proxyUrl);
  return {
    // Without it, the agent for SOCKS finds no connection to reuse.
    protocol,
    host: isHttpProxy ? hostname : hostOf(url),
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : port,
  };
}

function withoutPassword(proxyUrl: string): string {
  const { protocol, host } = new URL(proxyUrl);
  return `${protocol}//${host}`;
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
  );
}

async function* bodyOf(
  message: IncomingMessage,
  signal: AbortSignal,
  ended: () => void,
): AsyncGenerator<Uint8Array> {
  const isCompressed = message.headers['content-encoding'] === 'gzip';
  const body = isCompressed ? pipeline(message, createGunzip(), () => {}) : message;
  try {
    for await (const chunk of body) yield chunk as Uint8Array;
  } catch (error) {
    signal.throwIfAborted();
    const text = `the connection broke while reading the response: ${errorText(error)}`;
    throw new ConnectionError(text, { mayHaveExecuted: true, cause: error });
  } finally {
    ended();
  }
}

function closeIdle(options: RequestOptions): void {
  for (const sockets of Object.values(agentOf(options).freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
}
