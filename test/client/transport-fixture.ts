import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { systemClock } from '../../src/client/clock.ts';
import { ConnectionError } from '../../src/client/errors.ts';
import {
  createNodeTransport,
  type NodeTransport,
  type NodeTransportOptions,
} from '../../src/client/http/node-transport.ts';
import { createHttpsTransport } from '../../src/client/kubeconfig/https-transport.ts';
import type { HttpResponse, Transport } from '../../src/client/transport.ts';
import { type ByteServer, type Exchange, startByteServer } from './byte-server.ts';
import { createFakeClock } from './fake-clock.ts';

/** Both transports, behind the same options. */
export const implementations: readonly [name: string, create: CreateTransport][] = [
  ['own client', createNodeTransport],
  ['node:https', (options) => createHttpsTransport(options, options.clock ?? systemClock)],
];

export type CreateTransport = (options: NodeTransportOptions) => Transport & { close(): void };

export const forever = new AbortController().signal;
export const ok = (e: Exchange): void => e.respond(200, {});

type FixtureOptions = Partial<NodeTransportOptions> & { tls?: { cert: string; key: string } };

export function withTransport(
  options: FixtureOptions,
  body: (transport: NodeTransport, server: ByteServer) => Promise<void>,
): Promise<void> {
  return withTransportOf(createNodeTransport, options, body);
}

export async function withTransportOf<T extends Transport & { close(): void }>(
  create: (options: NodeTransportOptions) => T,
  options: FixtureOptions,
  body: (transport: T, server: ByteServer) => Promise<void>,
): Promise<void> {
  const { tls, ...rest } = options;
  const server = await startByteServer(tls);
  const transport = create({ server: server.url, clock: createFakeClock(), ...rest });
  try {
    await body(transport, server);
  } finally {
    transport.close();
    await server.close();
  }
}

export async function read(response: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export async function get(transport: Transport, path = '/', signal = forever): Promise<string> {
  return read(await transport({ method: 'GET', path, headers: {} }, signal));
}

export async function patch(transport: Transport): Promise<string> {
  return read(await transport({ method: 'PATCH', path: '/', headers: {}, body: '{}' }, forever));
}

export function mayHaveExecuted(expected: boolean, message: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof ConnectionError, String(error));
    assert.match(error.message, message);
    assert.equal(error.mayHaveExecuted, expected);
    return true;
  };
}

/** A TCP server that only runs `accept` for each connection and reads nothing itself. */
export async function withServer(
  accept: (socket: Socket) => void,
  protocol: 'http' | 'https',
  body: (transport: Transport) => Promise<void>,
): Promise<void> {
  const sockets: Socket[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    accept(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const transport = createNodeTransport({ server: `${protocol}://127.0.0.1:${address.port}`, sockets: 1 });
  try {
    await body(transport);
  } finally {
    transport.close();
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}
