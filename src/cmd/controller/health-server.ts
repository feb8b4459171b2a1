import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { errorText } from '../../client/errors.ts';
import type { Health, HealthCheck } from '../../controller/health.ts';
import { contentType } from '../../metrics/exposition.ts';
import type { HealthOptions } from './connection-flags.ts';

/**
 * `import` reads all that a module has to give, and of node:http that is WebSocket, too: it loads Node's whole fetch,
 * 10 MB of resident memory. (0010-transport.md)
 */
const { createServer } = process.getBuiltinModule('node:http');

export interface HealthServer {
  /** Where it listens: `http://127.0.0.1:10258`. */
  readonly url: string;
  readonly close: () => void;
}

/** What there is to be told. */
export interface Told {
  readonly health: Health;
  /** In the text format of Prometheus. */
  readonly metrics: () => string;
}

interface HealthResponse {
  readonly status: number;
  readonly text: string;
  readonly type?: string;
}

/** Answers for the query that is given. */
type Page = (query: URLSearchParams) => HealthResponse;

/**
 * Serves /livez, /readyz and /healthz (both of them) as Kubernetes' own programs do: 200 and `ok`, or 503 and what is
 * wrong; `?verbose` lists every check. And /metrics. Rejects with a sentence where it cannot listen or read its certificate.
 */
export async function serveHealth({ health, metrics }: Told, options: HealthOptions): Promise<HealthServer> {
  const pages: ReadonlyMap<string, Page> = new Map<string, Page>([
    ['/livez', (query) => checked(health.live(), query)],
    ['/readyz', (query) => checked(health.ready(), query)],
    ['/healthz', (query) => checked([...health.live(), ...health.ready()], query)],
    ['/metrics', () => ({ status: 200, text: metrics(), type: contentType })],
  ]);
  const respond = (request: IncomingMessage, response: ServerResponse): void => {
    const { status, text, type = 'text/plain; charset=utf-8' } = answer(pages, request);
    response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' });
    response.end(request.method === 'HEAD' ? undefined : text);
  };
  const { host, port, tls } = options;
  const server =
    tls === undefined
      ? createServer(respond)
      : createTlsServer({ cert: read(tls.certFile), key: read(tls.keyFile) }, respond);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Also later, where it has nobody to tell: an accept that fails is no reason to end.
  server.on('error', (error) => reject(new Error(`cannot listen on ${host}:${port}: ${errorText(error)}`)));
  // Without a host Node listens on all addresses of both families, as Go's programs do for either of these two.
  const isAny = host === '0.0.0.0' || host === '::';
  server.listen(isAny ? { port } : { port, host }, resolve);
  await promise;
  // A health endpoint must not be what keeps the process from ending.
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

function answer(pages: ReadonlyMap<string, Page>, { method, url = '' }: IncomingMessage): HealthResponse {
  const [path = '', query = ''] = url.split('?');
  const page = pages.get(path);
  if (page === undefined) return { status: 404, text: `There is ${[...pages.keys()].join(', ')}.\n` };
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'Only GET.\n' };
  try {
    return page(new URLSearchParams(query));
  } catch (error) {
    // A bug in the telling is no reason to end the work that is told of.
    return { status: 500, text: `${errorText(error)}\n` };
  }
}

function checked(checks: readonly HealthCheck[], query: URLSearchParams): HealthResponse {
  const isWell = checks.every(({ problem }) => problem === undefined);
  if (isWell && !query.has('verbose')) return { status: 200, text: 'ok' };
  const lines = checks.map(({ name, problem }) =>
    problem === undefined ? `[+]${name} ok\n` : `[-]${name} failed: ${problem}\n`,
  );
  return { status: isWell ? 200 : 503, text: lines.join('') };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`cannot read ${file}: ${errorText(error)}`);
  }
}
