import type { EventEmitter } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** A received request and the raw socket to respond on: only what the test writes is sent. */
export interface Exchange {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  /** The header lines as they were sent. */
  lines: readonly string[];
  body: string;
  /** The number of its connection, starting at 1. */
  connection: number;
  /** Sends a complete response with a content-length. */
  respond(status: number, body: unknown, headers?: Record<string, string>): void;
  /** Sends the head of a chunked response. */
  begin(status?: number): void;
  /** Sends one HTTP chunk with exactly these bytes. */
  chunk(bytes: string | Uint8Array): void;
  /** Sends a watch event in its own chunk. */
  event(type: string, object: unknown): void;
  /** Sends the last chunk, the normal end. */
  finish(): void;
  /** Sends raw bytes without framing. */
  raw(bytes: string | Uint8Array): void;
  /** Sends TCP RST. */
  reset(): void;
  /** Sends TCP FIN, whatever the state of the response. */
  hangUp(): void;
  /** Whether the client has closed the connection. */
  gone(): boolean;
}

export interface ByteServer {
  url: string;
  requests: Exchange[];
  connections(): number;
  /** The responses to the next requests, in order. Further requests get no response. */
  script(...responses: ((exchange: Exchange) => void)[]): void;
  /** Responds to each request that has no scripted response. */
  onRequest(respond: (exchange: Exchange) => void): void;
  close(): Promise<void>;
}

export async function startByteServer(
  tls?: { cert: string; key: string },
  host = '127.0.0.1',
): Promise<ByteServer> {
  const sockets = new Set<Socket>();
  const requests: Exchange[] = [];
  const responses: ((exchange: Exchange) => void)[] = [];
  let connections = 0;
  let respond = (_: Exchange): void => {};

  function accept(socket: Socket): void {
    connections += 1;
    const connection = connections;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let buffered = '';
    socket.on('data', (data) => {
      buffered += data.toString('latin1');
      for (let end = requestEnd(buffered); end !== -1; end = requestEnd(buffered)) {
        const exchange = readExchange(buffered.slice(0, end), socket, connection);
        buffered = buffered.slice(end);
        requests.push(exchange);
        (responses.shift() ?? respond)(exchange);
      }
    });
  }

  const server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept);
  // Clients that reject our certificate abort the handshake, which is not a failure of the server.
  (server as EventEmitter).on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    requests,
    connections: () => connections,
    script: (...more) => responses.push(...more),
    onRequest(then) {
      respond = then;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Returns the end of the first request in the text, or -1 if it is incomplete. */
function requestEnd(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  if (head === -1) return -1;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))?.[1] ?? '0';
  const end = head + 4 + Number(length);
  return text.length < end ? -1 : end;
}

function readExchange(text: string, socket: Socket, connection: number): Exchange {
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  const [first = '', ...lines] = head.split('\r\n');
  const [method = '', path = ''] = first.split(' ');
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const chunk = (data: string | Uint8Array): void => {
    const bytes = Buffer.from(data as string);
    socket.write(
      Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]),
    );
  };
  return {
    method,
    path,
    query: new URL(path, 'http://server').searchParams,
    headers,
    lines,
    body: Buffer.from(body, 'latin1').toString('utf8'),
    connection,
    respond(status, value, extra = {}) {
      const payload = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
      const fields = Object.entries({ 'content-length': payload.length, ...extra });
      const lead = fields.map(([name, field]) => `${name}: ${field}\r\n`).join('');
      socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 ${status} X\r\n${lead}\r\n`), payload]));
    },
    begin: (status = 200) => socket.write(`HTTP/1.1 ${status} X\r\ntransfer-encoding: chunked\r\n\r\n`),
    chunk,
    event: (type, object) => chunk(`${JSON.stringify({ type, object })}\n`),
    finish: () => socket.write('0\r\n\r\n'),
    raw: (bytes) => socket.write(bytes),
    reset: () => socket.resetAndDestroy(),
    hangUp: () => socket.end(),
    gone: () => socket.destroyed || socket.readableEnded,
  };
}

/** The body of a list. */
export function listOf(items: unknown[], resourceVersion: string, next?: string) {
  return {
    kind: 'List',
    metadata: { resourceVersion, ...(next === undefined ? {} : { continue: next }) },
    items,
  };
}

export function statusOf(code: number, reason: string, message: string, details: object = {}) {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, details };
}
