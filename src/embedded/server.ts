import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { HttpRequest, Transport } from '../client/transport.ts';

export interface EmbeddedServer {
  /** `http://127.0.0.1:PORT` */
  url: string;
  /** Ends every open watch and connection. */
  close(): Promise<void>;
}

/** Serves a transport over HTTP on a free port of 127.0.0.1. */
export async function serve(transport: Transport): Promise<EmbeddedServer> {
  const open = new AbortController();
  const server = createServer((request, response) => {
    handle(transport, request, response, open.signal).catch((error: unknown) => {
      // A bug here breaks the client's connection and ends in an unhandled rejection.
      response.destroy();
      throw error;
    });
  });
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject);
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      open.abort();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

async function handle(
  transport: Transport,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  open: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, open]);
  const request = await readRequest(incoming);
  if (request === undefined || signal.aborted) return;
  const response = await transport(request, signal);
  outgoing.writeHead(response.status, response.headers);
  // The response to a watch starts before its first event.
  outgoing.flushHeaders();
  for await (const chunk of response.body) {
    if (signal.aborted) break;
    if (!outgoing.write(chunk)) await drained(outgoing);
  }
  outgoing.end();
}

/** Resolves when there is room again, or the connection is closed. */
function drained(outgoing: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => {
    outgoing.off('drain', done).off('close', done);
    resolve();
  };
  outgoing.once('drain', done).once('close', done);
  return promise;
}

/** Undefined if the client disconnects during the request. */
async function readRequest(incoming: IncomingMessage): Promise<HttpRequest | undefined> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
  } catch {
    return undefined;
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (typeof value === 'string') headers[name] = value;
  }
  const method = (incoming.method ?? 'GET') as HttpRequest['method'];
  const request: HttpRequest = { method, path: incoming.url ?? '/', headers };
  return chunks.length === 0 ? request : { ...request, body: Buffer.concat(chunks).toString() };
}
