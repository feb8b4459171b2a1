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
  /** Where this server's objects are in etcd; each server of a test run has its own. */
  prefix: string;
  /** Users besides the administrator; each gets a token. With RBAC they may do nothing until a test grants it. */
  users?: readonly User[];
  flags?: readonly string[];
}

export interface ApiServer {
  url: string;
  /** PEM of the authority of the server's own certificate. */
  ca: string;
  /** Of an administrator (system:masters). */
  token: string;
  tokens: Record<string, string>;
  /** A file for kubectl and for `--kubeconfig`, with the administrator's token unless a user, or a token, is given. */
  kubeconfig(user?: string, token?: string): string;
  /** KILL is a crash: no watch is closed cleanly. STOP and CONT hold the process still and let it go on. */
  signal(signal: 'TERM' | 'KILL' | 'STOP' | 'CONT'): Promise<void>;
  /** The same server again, after a signal ended it: same port, certificate, tokens and objects. */
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
  // It signs the tokens of ServiceAccounts; kube-apiserver does not start without one.
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
      // It makes itself a certificate there, with its own authority, if there is none yet.
      `--cert-dir=${folder.path}`,
      ...['--service-cluster-ip-range=10.96.0.0/12,fd00:96::/108', '--endpoint-reconciler-type=none'],
      `--token-auth-file=${at('tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-signing-key-file=${at('service-account.key')}`,
      `--service-account-key-file=${at('service-account.key')}`,
      // No controller-manager runs that would make the ServiceAccounts this plugin asks for.
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
      // Somebody may be reading it.
      if (readIfThere(file) !== text) writeFileSync(file, text, { mode: 0o600 });
      return file;
    },
    signal: (signal) => child.stop(signal),
    restart: launch,
    async stop() {
      // One that a test left stopped could not hear TERM.
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

/** `/readyz` is true before the system's namespaces exist, and tests write into kube-system. */
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
  const asked = request(
    { host: '127.0.0.1', port, path, headers, ca, agent: false, timeout: 5000 },
    (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    },
  );
  asked.on('timeout', () => asked.destroy());
  asked.on('error', () => resolve(0));
  asked.end();
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
