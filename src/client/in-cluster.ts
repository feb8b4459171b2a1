import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { Connection } from './cluster-connection.ts';
import { errorText } from './errors.ts';
import type { Clock } from './transport.ts';

/** Where the kubelet mounts the credentials of a Pod. */
export const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface InClusterOptions {
  env: Record<string, string | undefined>;
  clock: Clock;
  folder?: string;
}

/**
 * The kubelet replaces a bound token well before it expires (KEP-1205); client-go reads the file at the same
 * interval.
 */
const TOKEN_AGE_MS = 60_000;

/** The connection of a process in a Pod. Outside a Pod, throws an error that says what to do. */
export async function inClusterConnection(options: InClusterOptions): Promise<Connection> {
  const { env, clock, folder = SERVICE_ACCOUNT_FOLDER } = options;
  const host = env.KUBERNETES_SERVICE_HOST ?? '';
  const port = env.KUBERNETES_SERVICE_PORT ?? '';
  if (host === '' || port === '') {
    const missing = host === '' ? 'KUBERNETES_SERVICE_HOST' : 'KUBERNETES_SERVICE_PORT';
    throw new Error(`${missing} is not set. ${ADVICE}`);
  }
  const readCA = (): Promise<string> =>
    read(join(folder, 'ca.crt'), 'the certificate authority of the API server');
  let ca = await readCA();
  const token = createTokenFile(join(folder, 'token'), clock);
  await token.value();
  const connection: Connection = {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    ca,
    // The kubelet replaces it when the cluster gets a new one.
    async readTls() {
      // While the kubelet replaces the files, an older one is better than none.
      ca = await readCA().catch(() => ca);
      return { ca };
    },
    headers: async () => ({ authorization: `Bearer ${await token.value()}` }),
    unauthorized: token.forget,
  };
  // Used for defaults only: a Pod without it can still make every request.
  const namespace = await readFile(join(folder, 'namespace'), 'utf8').catch(() => '');
  if (namespace.trim() !== '') connection.namespace = namespace.trim();
  return connection;
}

const ADVICE = 'Outside a cluster, pass --kubeconfig FILE';

interface TokenFile {
  value(): Promise<string>;
  /** The server rejected it: read the file again before the next request. */
  forget(): void;
}

function createTokenFile(path: string, clock: Clock): TokenFile {
  let token: string | undefined;
  let readAt = 0;
  let isFresh = false;
  return {
    async value() {
      if (token !== undefined && isFresh && clock.now() - readAt < TOKEN_AGE_MS) return token;
      try {
        token = (await read(path, 'the token of the ServiceAccount')).trim();
      } catch (error) {
        // While the kubelet replaces the files, an older token is better than none.
        if (token === undefined) throw error;
      }
      readAt = clock.now();
      isFresh = true;
      return token;
    },
    forget() {
      isFresh = false;
    },
  };
}

async function read(path: string, what: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(
      `cannot read ${what}: ${errorText(error)}. In a Pod, automountServiceAccountToken must not be false. ${ADVICE}`,
    );
  }
  if (text.trim() === '') throw new Error(`${what} is empty: ${path}`);
  return text;
}
