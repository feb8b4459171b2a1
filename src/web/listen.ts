import type { RequestListener } from 'node:http';
import { errorText } from '../client/errors.ts';

/** As in cmd/controller/health-server.ts: `import` would load ten megabytes that are never used. */
const { createServer } = process.getBuiltinModule('node:http');

export interface LoopbackServer {
  /** `http://127.0.0.1:8089` */
  readonly url: string;
  /** Closes every connection. */
  readonly close: () => void;
}

/** Port 0 selects a free port. Rejects if it cannot listen. */
export async function listenOnLoopback(port: number, respond: RequestListener): Promise<LoopbackServer> {
  const server = createServer(respond);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Stays attached after startup, when the rejection has no effect: a failed accept must not end the process.
  server.on('error', (error) => reject(new Error(`cannot listen on 127.0.0.1:${port}: ${errorText(error)}`)));
  server.listen(port, '127.0.0.1', resolve);
  await promise;
  // The page must not keep the process running.
  server.unref();
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
