import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { selfSigned } from '../certificate.ts';

/** A server that asks for client certificates, and answers each request with an empty object. */
export interface TlsApi {
  readonly url: string;
  /** The authority of its certificate, in PEM. */
  readonly ca: string;
  /** The name in the client certificate of each request; empty without one. */
  readonly clients: readonly string[];
  connections(): number;
  close(): Promise<void>;
}

export async function startTlsApi(): Promise<TlsApi> {
  const tls = selfSigned('127.0.0.1');
  const clients: string[] = [];
  let connections = 0;
  const server = createServer(
    { ...tls, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const { subjectaltname = '' } = (request.socket as TLSSocket).getPeerCertificate();
      clients.push(subjectaltname.replace('DNS:', ''));
      response.end('{}');
    },
  );
  server.on('secureConnection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: tls.cert,
    clients,
    connections: () => connections,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
