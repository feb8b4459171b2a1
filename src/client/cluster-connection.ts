/** Where an API server is and how to authenticate (see in-cluster.ts and kubeconfig.ts). */
export interface Connection {
  /** Such as `https://10.96.0.1:443`. A path is prefixed to the path of each request. */
  server: string;
  /** PEM. If absent, the certificate authorities of Node apply. */
  ca?: string | Buffer;
  /** The client certificate in PEM, set together with `key`. */
  cert?: string | Buffer;
  key?: string | Buffer;
  /**
   * `ca`, `cert` and `key` as they are now. Called for each new connection, because their files are replaced while the
   * program runs. If absent, they do not change.
   */
  readTls?(): Promise<TlsCredentials>;
  /** The URL of the proxy to connect through: http, https, or socks5. Only the plugin supports it. */
  proxyUrl?: string;
  /** The name that the server's certificate must contain, if it is not the host. */
  servername?: string;
  /** Accepts any certificate. Set only if a kubeconfig or a flag explicitly says so. */
  insecure?: boolean;
  /** Called for each request, so that a token can change: `{ authorization: 'Bearer …' }`. */
  headers?(): Promise<RequestHeaders>;
  /** Called after each 401: the last result of `headers` is no longer valid. */
  unauthorized?(): void;
  /** The default namespace, if known. */
  namespace?: string;
}

/** Lowercase names. A header with several values is sent once for each of them. */
export type RequestHeaders = Record<string, string | readonly string[]>;

export type TlsCredentials = Pick<Connection, 'ca' | 'cert' | 'key'>;

export function isSameTls(a: TlsCredentials, b: TlsCredentials): boolean {
  return (['ca', 'cert', 'key'] as const).every((name) => String(a[name] ?? '') === String(b[name] ?? ''));
}

export function serverUrl(server: string): URL {
  const url = URL.parse(server);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new Error(`the API server address must be an http or https URL: ${server}`);
  }
  return url;
}

/** The name or the address of a server; an IPv6 address without brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}
