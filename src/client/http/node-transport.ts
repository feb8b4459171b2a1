import { systemClock } from '../clock.ts';
import { type Connection, serverUrl } from '../cluster-connection.ts';
import { ConnectionError } from '../errors.ts';
import type { Clock, Connections, HttpRequest, HttpResponse, Transport } from '../transport.ts';
import { createDial, type KeepAlive } from './dial.ts';
import { StaleConnection } from './http-connection.ts';
import { HttpPool } from './http-pool.ts';
import { requestText } from './http-request.ts';

export interface NodeTransportOptions extends Connection {
  /** Maximum number of connections for short requests; further requests are queued. */
  sockets?: number;
  /** Timeout for TCP and TLS. */
  connectTimeoutMs?: number;
  /** How long an unused connection stays open. */
  idleMs?: number;
  keepAlive?: KeepAlive;
  clock?: Clock;
}

/** A Transport over HTTP/1.1 on Node's sockets. `close` ends all connections, including those in use. */
export type NodeTransport = Transport & Connections & { close(): void };

/**
 * Shorter than the API server's limit (90 s), so that the server does not close a connection during a
 * request.
 */
const IDLE_MS = 60_000;
/** A dead connection is noticed after 15 s. */
const KEEP_ALIVE: KeepAlive = { initialDelayMs: 5_000, intervalMs: 1_000, count: 10 };

export function createNodeTransport(options: NodeTransportOptions): NodeTransport {
  const { sockets = 16, connectTimeoutMs = 10_000, idleMs = IDLE_MS, clock = systemClock } = options;
  const { keepAlive = KEEP_ALIVE } = options;
  const url = serverUrl(options.server);
  const prefix = url.pathname.replace(/\/$/, '');
  const dial = createDial({ connection: options, url, timeoutMs: connectTimeoutMs, clock, keepAlive });
  // A watch keeps its connection for minutes. In a shared pool, enough watches would leave no connection for
  // writes.
  const shortRequests = new HttpPool({ dial, maxConnections: sockets, idleMs, broken: () => dead() });
  const watches = new HttpPool({
    ...{ dial, maxConnections: Number.POSITIVE_INFINITY, idleMs },
    broken: () => dead(),
  });
  let onDead: () => void = () => {};

  function closeIdle(): void {
    shortRequests.closeIdle();
    watches.closeIdle();
  }

  function dead(): void {
    closeIdle();
    onDead();
  }

  async function transport(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    signal.throwIfAborted();
    const credentials = await options.headers?.();
    signal.throwIfAborted();
    const pool = isWatch(request.path) ? watches : shortRequests;
    try {
      const text = requestText(url.host, prefix, request, credentials);
      const response = await send(pool, request, text, signal);
      if (response.status === 401) options.unauthorized?.();
      return response;
    } catch (error) {
      if (signal.aborted || !(error instanceof ConnectionError)) throw error;
      const { mayHaveExecuted, cause } = error;
      const message = `${request.method} ${url.origin}: ${error.message}`;
      throw new ConnectionError(message, { mayHaveExecuted, cause });
    }
  }

  async function send(pool: HttpPool, { method }: HttpRequest, text: string, signal: AbortSignal) {
    try {
      return await (await pool.take(signal)).send(text, signal);
    } catch (error) {
      // The server may close an idle connection while we write to it (RFC 9112, section 9.3.1). A GET is
      // retried; for other requests, the caller decides whether they can be repeated.
      if (!(error instanceof StaleConnection) || (method !== 'GET' && error.mayHaveExecuted)) throw error;
      dead();
      return (await pool.take(signal)).send(text, signal);
    }
  }

  return Object.assign(transport, {
    closeIdle,
    onDead(then: () => void) {
      onDead = then;
    },
    close() {
      shortRequests.close();
      watches.close();
    },
  });
}

function isWatch(path: string): boolean {
  return /[?&]watch=(1|true)(&|$)/.test(path);
}
