/** How to reach an API server and who to be there, wherever that was learned (in-cluster.ts, kubeconfig.ts). */
export interface Connection {
  /** `https://10.96.0.1:443`, possibly with a path that every request's path is put behind. */
  server: string;
  /** PEM. Without it, the certificate authorities that Node knows. */
  ca?: string | Buffer;
  /** PEM, both or none: the client certificate. */
  cert?: string | Buffer;
  key?: string | Buffer;
  /** The name that the server's certificate must carry, where it is not the server's host. */
  servername?: string;
  /** Takes any certificate. Only where a kubeconfig says so in as many words. */
  insecure?: boolean;
  /** Asked for every request, so that a token may change: `{ authorization: 'Bearer …' }`. */
  headers?(): Promise<Record<string, string>>;
  /** Told of every 401: what `headers` gave is not believed any more. */
  unauthorized?(): void;
  /** Where these credentials live, if known. */
  namespace?: string;
}
