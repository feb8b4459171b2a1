import { systemClock } from '../clock.ts';
import type { Connection } from '../cluster-connection.ts';
import { ConnectionError } from '../errors.ts';
import type { Clock, HttpRequest, HttpResponse, Transport } from '../transport.ts';
import { createDial } from './dial.ts';
import { StaleConnection } from './http-connection.ts';
import { HttpPool } from './http-pool.ts';
import { requestText } from './http-request.ts';

export interface NodeTransportOptions extends Connection {
  /** Connections for short requests; a request beyond them waits for its turn. */
  sockets?: number;
  /** Until TCP and TLS are through. */
  connectTimeoutMs?: number;
  /** A connection that nobody uses is closed after. */
  idleMs?: number;
  clock?: Clock;
}

/** A Transport in HTTP/1.1 over Node's sockets. `close` ends its connections, also those in use. */
export type NodeTransport = Transport & { close(): void };

/** Below the API server's own limit (90 s): who hangs up first cannot be surprised by the other in mid-request. */
const IDLE_MS = 60_000;

export function createNodeTransport(options: NodeTransportOptions): NodeTransport {
  const { sockets = 16, connectTimeoutMs = 10_000, idleMs = IDLE_MS, clock = systemClock } = options;
  const url = parseServer(options.server);
  const prefix = url.pathname.replace(/\/$/, '');
  const dial = createDial({ connection: options, url, timeoutMs: connectTimeoutMs, clock });
  // A watch keeps its connection for minutes; from the common pool, enough watches would leave no socket to write on.
  const short = new HttpPool({ dial, most: sockets, idleMs });
  const long = new HttpPool({ dial, most: Number.POSITIVE_INFINITY, idleMs });

  async function transport(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    signal.throwIfAborted();
    const credentials = await options.headers?.();
    signal.throwIfAborted();
    const pool = isWatch(request.path) ? long : short;
    try {
      const text = requestText(url.host, prefix, request, credentials);
      const response = await send(pool, request, text, signal);
      if (response.status === 401) options.unauthorized?.();
      return response;
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      const { mayHaveExecuted, cause } = error;
      const message = `${request.method} ${url.origin}: ${error.message}`;
      throw new ConnectionError(message, { mayHaveExecuted, cause });
    }
  }

  async function send(pool: HttpPool, { method }: HttpRequest, text: string, signal: AbortSignal) {
    try {
      return await (await pool.take(signal)).send(text, signal);
    } catch (error) {
      // The server may hang up an idle connection just as we write on it (RFC 9112, section 9.3.1). A request
      // without effects is simply made again; for others the caller has to know what it can repeat.
      if (!(error instanceof StaleConnection) || (method !== 'GET' && error.mayHaveExecuted)) throw error;
      pool.closeIdle();
      return (await pool.take(signal)).send(text, signal);
    }
  }

  return Object.assign(transport, {
    close() {
      short.close();
      long.close();
    },
  });
}

function parseServer(server: string): URL {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new Error(`the API server's address is not an http or https URL: ${server}`);
  }
  return url;
}

function isWatch(path: string): boolean {
  return /[?&]watch=(1|true)(&|$)/.test(path);
}
