import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { Connection } from './cluster-connection.ts';
import { errorText } from './errors.ts';
import type { Clock } from './transport.ts';

/** Where the kubelet mounts a Pod's own credentials. */
export const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface InClusterOptions {
  env: Record<string, string | undefined>;
  clock: Clock;
  folder?: string;
}

/** The kubelet replaces a bound token well before it ends (KEP-1205); client-go reads the file as often. */
const TOKEN_AGE_MS = 60_000;

/** The connection of a process that runs in a Pod. Throws an error that says what to do where it does not. */
export async function inClusterConnection(options: InClusterOptions): Promise<Connection> {
  const { env, clock, folder = SERVICE_ACCOUNT_FOLDER } = options;
  const host = env.KUBERNETES_SERVICE_HOST ?? '';
  const port = env.KUBERNETES_SERVICE_PORT ?? '';
  if (host === '' || port === '') {
    const missing = host === '' ? 'KUBERNETES_SERVICE_HOST' : 'KUBERNETES_SERVICE_PORT';
    throw new Error(`${missing} is not set; ${ADVICE}`);
  }
  const ca = await read(join(folder, 'ca.crt'), 'the certificate authority of the API server');
  const token = createTokenFile(join(folder, 'token'), clock);
  await token.value();
  const connection: Connection = {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    ca,
    headers: async () => ({ authorization: `Bearer ${await token.value()}` }),
    unauthorized: token.forget,
  };
  // Only for defaults: a Pod without it still has everything that a request needs.
  const namespace = await readFile(join(folder, 'namespace'), 'utf8').catch(() => '');
  if (namespace.trim() !== '') connection.namespace = namespace.trim();
  return connection;
}

const ADVICE = 'not in a cluster: pass --kubeconfig FILE';

interface TokenFile {
  value(): Promise<string>;
  /** The server did not take it: look at the file again before the next request. */
  forget(): void;
}

function createTokenFile(path: string, clock: Clock): TokenFile {
  let token: string | undefined;
  let readAt = 0;
  let fresh = false;
  return {
    async value() {
      if (token !== undefined && fresh && clock.now() - readAt < TOKEN_AGE_MS) return token;
      try {
        token = (await read(path, 'the token of the ServiceAccount')).trim();
      } catch (error) {
        // In the moment when the kubelet swaps the files, the token of a minute ago is better than none.
        if (token === undefined) throw error;
      }
      readAt = clock.now();
      fresh = true;
      return token;
    },
    forget() {
      fresh = false;
    },
  };
}

async function read(path: string, what: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(
      `cannot read ${what}: ${errorText(error)}; in a Pod: automountServiceAccountToken must not be false; ${ADVICE}`,
    );
  }
  if (text.trim() === '') throw new Error(`${what} is empty: ${path}`);
  return text;
}
