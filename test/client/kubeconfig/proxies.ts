import { createServer } from 'node:http';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';

/** A proxy on loopback. It knows no name, and connects each of them to loopback. */
export interface Proxy {
  /** Without a scheme: `127.0.0.1:1234`. */
  readonly address: string;
  /** The targets that clients asked for: `host:port`. */
  readonly targets: readonly string[];
  /** The last value of `proxy-authorization`, or of the user name and password of SOCKS. */
  readonly credentials: () => string | undefined;
  close(): Promise<void>;
}

/** An HTTP proxy (CONNECT, RFC 9110). It answers with `status` if that is not 200. */
export async function startHttpProxy(status = 200): Promise<Proxy> {
  const targets: string[] = [];
  let credentials: string | undefined;
  const server = createServer();
  server.on('connect', ({ url = '', headers }, client: Socket) => {
    targets.push(url);
    credentials = headers['proxy-authorization'];
    if (status !== 200) {
      client.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      return;
    }
    const target = connect(portOf(url), url.startsWith('[') ? '::1' : '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      join(client, target);
    });
  });
  return listening(server, targets, () => credentials);
}

/** A SOCKS5 proxy (RFC 1928), with user name and password (RFC 1929) if the client offers them. */
export async function startSocksProxy(): Promise<Proxy> {
  const targets: string[] = [];
  let credentials: string | undefined;
  const server = createTcpServer((client) => {
    let buffered = Buffer.alloc(0);
    /** Resolves with the next bytes. */
    let wake = (): void => {};
    const collect = (bytes: Buffer): void => {
      buffered = Buffer.concat([buffered, bytes]);
      wake();
    };
    client.on('data', collect).on('error', () => {});
    const take = async (length: number): Promise<Buffer> => {
      while (buffered.length < length)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const taken = buffered.subarray(0, length);
      buffered = buffered.subarray(length);
      return taken;
    };
    const text = async (): Promise<string> => (await take((await take(1))[0] ?? 0)).toString('latin1');
    void (async () => {
      const [, methods = 0] = await take(2);
      const offered = [...(await take(methods))];
      const hasPassword = offered.includes(2);
      client.write(Buffer.from([5, hasPassword ? 2 : 0]));
      if (hasPassword) {
        await take(1);
        credentials = `${await text()}:${await text()}`;
        client.write(Buffer.from([1, 0]));
      }
      const [, , , type] = await take(4);
      const host = type === 3 ? await text() : [...(await take(type === 4 ? 16 : 4))].join('.');
      const port = (await take(2)).readUInt16BE();
      targets.push(`${host}:${port}`);
      const target = connect(port, '127.0.0.1', () => {
        client.off('data', collect);
        client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
        join(client, target);
      });
    })();
  });
  return listening(server, targets, () => credentials);
}

function portOf(target: string): number {
  return Number(target.slice(target.lastIndexOf(':') + 1));
}

function join(one: Socket, other: Socket): void {
  one.pipe(other);
  other.pipe(one);
  for (const [socket, peer] of [
    [one, other],
    [other, one],
  ] as const)
    socket.on('error', () => peer.destroy()).on('close', () => peer.destroy());
}

async function listening(
  server: Server,
  targets: readonly string[],
  credentials: () => string | undefined,
): Promise<Proxy> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets,
    credentials,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
