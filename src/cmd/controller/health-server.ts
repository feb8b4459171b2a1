import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { errorText } from '../../client/errors.ts';
import type { Health, HealthCheck } from '../../controller/health.ts';
import { contentType } from '../../metrics/exposition.ts';
import type { HealthOptions } from './connection-flags.ts';

/**
 * `import` evaluates every export of a module. For node:http that includes WebSocket, which loads all of Node's fetch:
 * 10 MB of resident memory (docs/decisions/0010-transport.md).
 */
const { createServer } = process.getBuiltinModule('node:http');

export interface HealthServer {
  /** The base URL: `http://127.0.0.1:10258`. */
  readonly url: string;
  readonly close: () => void;
}

/** The data that the server exposes. */
export interface HealthSource {
  readonly health: Health;
  /** In the Prometheus text format. */
  readonly metrics: () => string;
}

interface HealthResponse {
  readonly status: number;
  readonly text: string;
  readonly type?: string;
}

type Endpoint = (query: URLSearchParams) => HealthResponse;

/**
 * Serves /metrics, and /livez, /readyz, and /healthz (both) like the Kubernetes components: 200 and `ok`, or 503 and the
 * failed checks; `?verbose` lists all checks. Rejects with a message if it cannot listen or read the certificate.
 */
export async function serveHealth(
  { health, metrics }: HealthSource,
  options: HealthOptions,
): Promise<HealthServer> {
  const endpoints: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
    ['/livez', (query) => checkResponse(health.live(), query)],
    ['/readyz', (query) => checkResponse(health.ready(), query)],
    ['/healthz', (query) => checkResponse([...health.live(), ...health.ready()], query)],
    ['/metrics', () => ({ status: 200, text: metrics(), type: contentType })],
  ]);
  const respond = (request: IncomingMessage, response: ServerResponse): void => {
    const { status, text, type = 'text/plain; charset=utf-8' } = responseTo(endpoints, request);
    response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
  const { host, port, tls } = options;
  const server =
    tls === undefined
      ? createServer(respond)
      : createTlsServer({ cert: readPem(tls.certFile), key: readPem(tls.keyFile) }, respond);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // The listener stays: after startup, rejecting has no effect, and a failed accept must not end the process.
  server.on('error', (error) => reject(new Error(`cannot listen on ${host}:${port}: ${errorText(error)}`)));
  // Without a host, Node listens on all addresses of both families, as Go does for either of these.
  const isAnyAddress = host === '0.0.0.0' || host === '::';
  server.listen(isAnyAddress ? { port } : { port, host }, resolve);
  await promise;
  // The health server must not keep the process alive.
  server.unref();
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http${tls === undefined ? '' : 's'}://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function responseTo(
  endpoints: ReadonlyMap<string, Endpoint>,
  { method, url = '' }: IncomingMessage,
): HealthResponse {
  const [path = '', query = ''] = url.split('?');
  const endpoint = endpoints.get(path);
  if (endpoint === undefined)
    return { status: 404, text: `Not found. Available paths: ${[...endpoints.keys()].join(', ')}\n` };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'Only GET is allowed.\n' };
  try {
    return endpoint(new URLSearchParams(query));
  } catch (error) {
    // A bug in reporting must not stop the controller.
    return { status: 500, text: `${errorText(error)}\n` };
  }
}

function checkResponse(checks: readonly HealthCheck[], query: URLSearchParams): HealthResponse {
  const isHealthy = checks.every(({ problem }) => problem === undefined);
  if (isHealthy && !query.has('verbose')) return { status: 200, text: 'ok' };
  const lines = checks.map(({ name, problem }) =>
    problem === undefined ? `[+]${name} ok\n` : `[-]${name} failed: ${problem}\n`,
  );
  return { status: isHealthy ? 200 : 503, text: lines.join('') };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`cannot read ${file}: ${errorText(error)}`);
  }
}
