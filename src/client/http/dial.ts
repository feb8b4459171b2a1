import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { type Connection, hostOf, isSameTls, type TlsCredentials } from '../cluster-connection.ts';
import { ConnectionError, errorText } from '../errors.ts';
import type { Clock } from '../transport.ts';

/**
 * Opens a connection. Resolves once TCP and TLS are established, so after a failure nothing has been sent.
 */
export type Dial = (signal: AbortSignal) => Promise<Socket>;

export interface DialOptions {
  connection: Connection;
  url: URL;
  timeoutMs: number;
  clock: Clock;
  /** Lets the kernel detect a dead peer on a connection that only receives, such as that of a watch. */
  keepAlive: KeepAlive;
}

/** The kernel gives a connection up after `initialDelayMs + count * intervalMs` without a packet. */
export interface KeepAlive {
  readonly initialDelayMs: number;
  readonly intervalMs: number;
  readonly count: number;
}

export function createDial({ connection, url, timeoutMs, clock, keepAlive }: DialOptions): Dial {
  const isSecure = url.protocol === 'https:';
  const host = hostOf(url);
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port);
  // The TLS server name. Addresses are not sent as one (RFC 6066), but are checked against the certificate.
  const servername = connection.servername ?? (isIP(host) === 0 ? host : '');
  const { insecure } = connection;
  let credentials: TlsCredentials = connection;
  /** Created once for the same credentials, because reading the certificates costs more than a handshake. */
  let secureContext: SecureContext | undefined;
  /** The last TLS session, to resume it in the next handshake. */
  let session: Buffer | undefined;

  async function refresh(): Promise<void> {
    const latest = await connection.readTls?.();
    if (latest === undefined || isSameTls(latest, credentials)) return;
    credentials = latest;
    secureContext = undefined;
    session = undefined;
  }

  function open(): Socket {
    if (!isSecure) return connectTcp({ host, port });
    secureContext ??= createSecureContext(credentialsOf(credentials));
    const socket = connectTls({
      host,
      port,
      servername,
      secureContext,
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: insecure !== true,
      ...(session === undefined ? {} : { session }),
    });
    socket.on('session', (latest) => {
      session = latest;
    });
    return socket;
  }

  return async (signal) => {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    let socket: Socket;
    try {
      if (isSecure && connection.readTls !== undefined) await refresh();
      signal.throwIfAborted();
      socket = open();
    } catch (error) {
      signal.throwIfAborted();
      // Keys or certificates that cannot be read.
      throw notSent(error);
    }
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAlive.initialDelayMs, keepAlive.intervalMs, keepAlive.count);
    const fail = (error: Error): void => {
      session = undefined;
      reject(notSent(error));
      socket.destroy();
    };
    const expire = (): void => fail(new Error(`no connection within ${timeoutMs / 1000} s`));
    const abort = (): void => {
      reject(signal.reason);
      socket.destroy();
    };
    const cancel = clock.after(timeoutMs, expire);
    signal.addEventListener('abort', abort);
    // Never removed: an unhandled error event would end the process.
    socket.on('error', fail);
    socket.once(isSecure ? 'secureConnect' : 'connect', () => resolve(socket));
    try {
      return await promise;
    } finally {
      cancel();
      signal.removeEventListener('abort', abort);
    }
  };
}

function notSent(error: unknown): ConnectionError {
  return new ConnectionError(errorText(error), { mayHaveExecuted: false, cause: error });
}

function credentialsOf({ ca, cert, key }: TlsCredentials): TlsCredentials {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
