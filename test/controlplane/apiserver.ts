import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import type { Etcd } from './etcd.ts';
import { type Child, freePorts, startChild } from './process.ts';
import { temporaryFolder } from './temporary.ts';

export interface User {
  name: string;
  groups?: string[];
}

export interface ApiServerOptions {
  /** The prefix of this server's objects in etcd, unique for each server of a test run. */
  prefix: string;
  /** Users in addition to the administrator. Each gets a token, and has no permissions until a test grants them. */
  users?: readonly User[];
  flags?: readonly string[];
}

export interface ApiServer {
  url: string;
  /** The certificate authority of the server, in PEM format. */
  ca: string;
  /** The token of the administrator (system:masters). */
  token: string;
  tokens: Record<string, string>;
  /** Returns the path of a kubeconfig, with the administrator's token unless a user or a token is given. */
  kubeconfig(user?: string, token?: string): string;
  /** Sends a signal. KILL simulates a crash: no watch is closed cleanly. */
  signal(signal: 'TERM' | 'KILL' | 'STOP' | 'CONT'): Promise<void>;
  /** Restarts the server after a signal ended it, with the same port, certificate, tokens and objects. */
  restart(): Promise<void>;
  /** Ends the server for good and removes its files. */
  stop(): Promise<void>;
}

const administrator = 'administrator';

export async function startApiServer(
  binaries: string,
  etcd: Etcd,
  options: ApiServerOptions,
): Promise<ApiServer> {
  const folder = temporaryFolder('kvcp-apiserver-');
  const at = (name: string): string => join(folder.path, name);
  const tokens: Record<string, string> = {};
  const users: User[] = [{ name: administrator, groups: ['system:masters'] }, ...(options.users ?? [])];
  const lines = users.map(({ name, groups = [] }) => {
    const token = randomBytes(18).toString('hex');
    tokens[name] = token;
    return `${token},${name},${name},"${groups.join(',')}"\n`;
  });
  writeFileSync(at('tokens.csv'), lines.join(''), { mode: 0o600 });
  // The key that signs ServiceAccount tokens. kube-apiserver does not start without one.
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  writeFileSync(at('service-account.key'), key.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
  const token = tokens[administrator] ?? '';
  const certificate = at('apiserver.crt');

  let child: Child;
  let port = 0;
  const launch = async (): Promise<void> => {
    child = startChild(join(binaries, 'kube-apiserver'), [
      ...[`--etcd-servers=${etcd.url}`, `--etcd-prefix=/${options.prefix}`],
      ...['--bind-address=127.0.0.1', `--secure-port=${port}`, '--advertise-address=127.0.0.1'],
      // kube-apiserver creates a certificate in this folder if there is none.
      `--cert-dir=${folder.path}`,
      ...['--service-cluster-ip-range=10.96.0.0/12,fd00:96::/108', '--endpoint-reconciler-type=none'],
      `--token-auth-file=${at('tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-signing-key-file=${at('service-account.key')}`,
      `--service-account-key-file=${at('service-account.key')}`,
      // No controller-manager runs to create the ServiceAccounts that this plugin requires.
      '--disable-admission-plugins=ServiceAccount',
      ...['--profiling=false', '--v=0', ...(options.flags ?? [])],
    ]);
    await ready(child, () => ({ port, token, ca: readIfThere(certificate) }));
  };
  for (let attempt = 1; ; attempt++) {
    [port = 0] = await freePorts(1);
    try {
      await launch();
      break;
    } catch (error) {
      if (attempt < 3 && String(error).includes('address already in use')) continue;
      folder.remove();
      throw error;
    }
  }
  const url = `https://127.0.0.1:${port}`;
  return {
    url,
    ca: readFileSync(certificate, 'utf8'),
    token,
    tokens,
    kubeconfig(user = administrator, given = tokens[user] ?? '') {
      const file = at(`${user}.kubeconfig`);
      const text = kubeconfig(url, readFileSync(certificate), user, given);
      // Another process may be reading the file.
      if (readIfThere(file) !== text) writeFileSync(file, text, { mode: 0o600 });
      return file;
    },
    signal: (signal) => child.stop(signal),
    restart: launch,
    async stop() {
      // A stopped process does not handle TERM.
      await child.stop('CONT');
      await child.stop('TERM');
      folder.remove();
    },
  };
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

interface Target {
  port: number;
  token: string;
  ca: string;
}

/** Waits for `/readyz` and for kube-system, which is created later and which tests need. */
async function ready(child: Child, target: () => Target): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (child.running() && performance.now() < deadline) {
    const [readyz, namespace] = await Promise.all(
      ['/readyz', '/api/v1/namespaces/kube-system'].map((path) => status(target(), path)),
    );
    if (readyz === 200 && namespace === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await child.stop('KILL');
  throw new Error(`kube-apiserver did not become ready:\n${child.output()}`);
}

function status({ port, token, ca }: Target, path: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const headers = { authorization: `Bearer ${token}` };
  const outgoing = request(
    { host: '127.0.0.1', port, path, headers, ca, agent: false, timeout: 5000 },
    (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    },
  );
  outgoing.on('timeout', () => outgoing.destroy());
  outgoing.on('error', () => resolve(0));
  outgoing.end();
  return promise;
}

function kubeconfig(server: string, ca: Buffer, user: string, token: string): string {
  const name = 'test';
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': ca.toString('base64') } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name, context: { cluster: name, user, namespace: 'default' } }],
    'current-context': name,
  });
}
