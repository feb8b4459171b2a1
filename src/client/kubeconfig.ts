import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { delimiter, dirname, join } from 'node:path';
// The whole package costs 30 MB of memory, this file a tenth of that. Import *this* module dynamically, so
// that a controller in a cluster loads none of it.
import { bufferFromFileOrString, KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Cluster } from '@kubernetes/client-node/dist/config_types.js';
import type { Connection, TlsCredentials } from './cluster-connection.ts';
import { errorText } from './errors.ts';
import type { Clock } from './transport.ts';

export interface KubeconfigOptions {
  /**
   * `--kubeconfig FILE`. Defaults to KUBECONFIG, which may list several files, then to `.kube/config` in the
   * home directory.
   */
  file?: string;
  /** `--context NAME`; overrides current-context. */
  context?: string;
  env: Record<string, string | undefined>;
  home: string;
  clock: Clock;
}

/** Interval at which credentials are read again (exec plugins and OIDC track their own expiry). */
const HEADERS_AGE_MS = 10_000;

/** The connection that kubectl would use with the same files and context. */
export async function kubeconfigConnection(options: KubeconfigOptions): Promise<Connection> {
  let config = await load(options);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('unreachable: load checks it');
  if (cluster.proxyUrl !== undefined) {
    throw new Error(`kubeconfig: the cluster "${cluster.name}" sets proxy-url, which is not supported`);
  }
  if (/^(?:[^/]*\/\/)?[^/]*@/.test(cluster.server)) {
    throw new Error(
      `kubeconfig: the server URL of the cluster "${cluster.name}" contains a user or a password. Define them under users instead`,
    );
  }
  const connection: Connection = { server: cluster.server };
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  if (namespace !== undefined) connection.namespace = namespace;
  // Like kubectl, send credentials over TLS only; plain HTTP is for servers such as `kubectl proxy`.
  if (!cluster.server.startsWith('https:')) return connection;

  const first = await credentials(config);
  let tls = tlsOf(cluster, first);
  Object.assign(connection, tls);
  connection.readTls = async () => {
    try {
      tls = tlsOf(config.getCurrentCluster() ?? cluster, await credentials(config));
    } catch {
      // While another program replaces the files, older ones are better than none.
    }
    return tls;
  };
  if (cluster.tlsServerName !== undefined) connection.servername = cluster.tlsServerName;
  if (cluster.skipTLSVerify) connection.insecure = true;

  let headers = readHeaders(first);
  let readAt = options.clock.now();
  let isRejected = false;
  connection.unauthorized = () => {
    isRejected = true;
  };
  connection.headers = async () => {
    if (!isRejected && options.clock.now() - readAt < HEADERS_AGE_MS) return headers;
    // After a 401, read the files again, which also drops the cached result of an exec plugin.
    if (isRejected) config = await load(options);
    headers = readHeaders(await credentials(config));
    isRejected = false;
    readAt = options.clock.now();
    return headers;
  };
  return connection;
}

/** Merges all files, and checks that the current context exists and is complete. */
async function load(options: KubeconfigOptions): Promise<KubeConfig> {
  const merged = new KubeConfig();
  const { files, optional, origin } = namedFiles(options);
  let found = 0;
  for (const file of files) {
    const text = await readConfig(file, optional);
    if (text === undefined) continue;
    found += 1;
    merge(merged, parse(file, text));
  }
  if (found === 0) throw new Error(`no kubeconfig found: ${files.join(', ')} (${origin}) does not exist`);
  if (options.context !== undefined) merged.setCurrentContext(options.context);
  const context = merged.getCurrentContext();
  if (typeof context !== 'string' || context === '') {
    throw new Error(
      `kubeconfig ${files.join(', ')} has no current-context. To choose one, run: kubectl config use-context NAME`,
    );
  }
  const entry = merged.getContextObject(context);
  if (entry === null) {
    const which = options.context === undefined ? 'current-context' : 'context';
    throw new Error(
      `kubeconfig: the ${which} "${context}" does not exist. To list the contexts, run: kubectl config get-contexts`,
    );
  }
  if (merged.getCurrentCluster() === null) {
    throw new Error(
      `kubeconfig: the context "${context}" refers to the cluster "${entry.cluster}", which does not exist`,
    );
  }
  if (entry.user && merged.getCurrentUser() === null) {
    throw new Error(
      `kubeconfig: the context "${context}" refers to the user "${entry.user}", which does not exist`,
    );
  }
  return merged;
}

function namedFiles(options: KubeconfigOptions): { files: string[]; optional: boolean; origin: string } {
  if (options.file !== undefined) return { files: [options.file], optional: false, origin: '--kubeconfig' };
  const listed = (options.env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  // kubectl ignores files in this list that do not exist.
  if (listed.length > 0) return { files: listed, optional: true, origin: 'KUBECONFIG' };
  return {
    files: [join(options.home, '.kube', 'config')],
    optional: true,
    origin: 'neither --kubeconfig nor KUBECONFIG is set',
  };
}

async function readConfig(file: string, optional: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing && optional) return undefined;
    if (isMissing) throw new Error(`kubeconfig ${file} does not exist`);
    throw new Error(`cannot read kubeconfig ${file}: ${errorText(error)}`);
  }
}

function parse(file: string, text: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromString(text);
    config.makePathsAbsolute(dirname(file));
  } catch (error) {
    throw new Error(`kubeconfig ${file} cannot be parsed: ${parseErrorOf(error)}`);
  }
  return config;
}

/**
 * js-yaml's message quotes the lines around the error, which may contain a token: keep only its first line.
 */
function parseErrorOf(error: unknown): string {
  // The loader throws a TypeError for an empty file and for one that is not a mapping.
  if (error instanceof TypeError) return 'it is empty or not a mapping';
  return errorText(error).split('\n', 1)[0] ?? '';
}

/**
 * As with kubectl, the first file that defines a name wins; client-node's own merge rejects duplicate names.
 */
function merge(into: KubeConfig, from: KubeConfig): void {
  into.loadFromOptions({
    clusters: firstByName([...into.clusters, ...from.clusters]),
    users: firstByName([...into.users, ...from.users]),
    contexts: firstByName([...into.contexts, ...from.contexts]),
    currentContext: into.currentContext || from.currentContext,
  });
}

function firstByName<T extends { name: string }>(entries: T[]): T[] {
  return entries.filter((entry, index) => entries.findIndex((other) => other.name === entry.name) === index);
}

async function credentials(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    // JSON.parse quotes its input, which may contain the token of an exec plugin.
    const reason =
      error instanceof SyntaxError ? 'the output of its exec plugin is not JSON' : errorText(error);
    throw new Error(
      `kubeconfig: cannot get credentials for the context "${config.getCurrentContext()}": ${reason}`,
    );
  }
  return options;
}

function readHeaders(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === 'string') headers[name.toLowerCase()] = value.trim();
  }
  if (typeof options.auth === 'string' && headers.authorization === undefined) {
    headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return headers;
}

/** The certificates, from their files as they are now. */
function tlsOf({ caFile, caData }: Cluster, { cert, key }: RequestOptions): TlsCredentials {
  // Read from the cluster, because client-node omits it if the context has no user.
  const ca = bufferFromFileOrString(caFile, caData);
  return {
    ...(ca === null ? {} : { ca }),
    ...(isPem(cert) ? { cert } : {}),
    ...(isPem(key) ? { key } : {}),
  };
}

function isPem(value: unknown): value is string | Buffer {
  return typeof value === 'string' || Buffer.isBuffer(value);
}
