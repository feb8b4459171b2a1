import type { RequestListener } from 'node:http';
import { errorText } from '../client/errors.ts';

/** As in cmd/controller/health-server.ts: `import` would load ten megabytes that nobody uses. */
const { createServer } = process.getBuiltinModule('node:http');

export interface Listening {
  /** `http://127.0.0.1:8089` */
  readonly url: string;
  /** Ends every connection. */
  readonly close: () => void;
}

/** Nothing but loopback can be asked for. Port 0 is a free one. Rejects with a sentence where it cannot listen. */
export async function listenOnLoopback(port: number, respond: RequestListener): Promise<Listening> {
  const server = createServer(respond);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Also later, where it has nobody to tell: an accept that fails is no reason to end.
  server.on('error', (error) => reject(new Error(`cannot listen on 127.0.0.1:${port}: ${errorText(error)}`)));
  server.listen(port, '127.0.0.1', resolve);
  await promise;
  // A page must not be what keeps a process from ending.
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
