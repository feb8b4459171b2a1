import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { delimiter, dirname, join } from 'node:path';
// The whole package costs 30 MB of memory, this one file of it a tenth. Whoever needs it imports *this* module
// dynamically, so that a controller in a cluster carries none of it.
import { bufferFromFileOrString, KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Connection } from './cluster-connection.ts';
import { errorText } from './errors.ts';
import type { Clock } from './transport.ts';

export interface KubeconfigOptions {
  /** `--kubeconfig FILE`; else KUBECONFIG, which may name several files, else `.kube/config` at home. */
  file?: string;
  /** `--context NAME`, in place of the current one. */
  context?: string;
  env: Record<string, string | undefined>;
  home: string;
  clock: Clock;
}

/** Between two looks into the credentials (exec plugins and OIDC watch over their own expiry). */
const HEADERS_AGE_MS = 10_000;

/** The connection that kubectl would make with the same files, by their current-context unless another one is named. */
export async function kubeconfigConnection(options: KubeconfigOptions): Promise<Connection> {
  let config = await load(options);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('unreachable: load has looked for it');
  if (cluster.proxyUrl !== undefined) {
    throw new Error(`kubeconfig: the cluster "${cluster.name}" sets proxy-url, which is not supported`);
  }
  if (/^(?:[^/]*\/\/)?[^/]*@/.test(cluster.server)) {
    throw new Error(
      `kubeconfig: the server of the cluster "${cluster.name}" has a user or a password in its address: they belong under users`,
    );
  }
  const connection: Connection = { server: cluster.server };
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  if (namespace !== undefined) connection.namespace = namespace;
  // As kubectl: credentials are for TLS only, plain HTTP is for the likes of `kubectl proxy`.
  if (!cluster.server.startsWith('https:')) return connection;

  const first = await credentials(config);
  // From the cluster, since client-node leaves it out where the context names no user.
  const ca = bufferFromFileOrString(cluster.caFile, cluster.caData);
  if (ca !== null) connection.ca = ca;
  if (isPem(first.cert)) connection.cert = first.cert;
  if (isPem(first.key)) connection.key = first.key;
  if (cluster.tlsServerName !== undefined) connection.servername = cluster.tlsServerName;
  if (cluster.skipTLSVerify) connection.insecure = true;

  let headers = readHeaders(first);
  let readAt = options.clock.now();
  let refused = false;
  connection.unauthorized = () => {
    refused = true;
  };
  connection.headers = async () => {
    if (!refused && options.clock.now() - readAt < HEADERS_AGE_MS) return headers;
    // After a 401 from the files anew, which also drops what an exec plugin said before.
    if (refused) config = await load(options);
    headers = readHeaders(await credentials(config));
    refused = false;
    readAt = options.clock.now();
    return headers;
  };
  return connection;
}

/** All files as one configuration whose context exists, is whole, and is the current one. */
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
  if (found === 0) throw new Error(`no kubeconfig: ${files.join(', ')} (${origin}) does not exist`);
  if (options.context !== undefined) merged.setCurrentContext(options.context);
  const context = merged.getCurrentContext();
  if (typeof context !== 'string' || context === '') {
    throw new Error(
      `kubeconfig ${files.join(', ')} has no current-context: choose one with kubectl config use-context NAME`,
    );
  }
  const entry = merged.getContextObject(context);
  if (entry === null) {
    const which = options.context === undefined ? 'current-context' : 'context';
    throw new Error(
      `kubeconfig: the ${which} "${context}" is not among its contexts (kubectl config get-contexts lists them)`,
    );
  }
  if (merged.getCurrentCluster() === null) {
    throw new Error(
      `kubeconfig: the context "${context}" names the cluster "${entry.cluster}", which is missing`,
    );
  }
  if (entry.user && merged.getCurrentUser() === null) {
    throw new Error(`kubeconfig: the context "${context}" names the user "${entry.user}", which is missing`);
  }
  return merged;
}

function namedFiles(options: KubeconfigOptions): { files: string[]; optional: boolean; origin: string } {
  if (options.file !== undefined) return { files: [options.file], optional: false, origin: '--kubeconfig' };
  const listed = (options.env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  // kubectl passes over files of this list that do not exist.
  if (listed.length > 0) return { files: listed, optional: true, origin: 'KUBECONFIG' };
  return {
    files: [join(options.home, '.kube', 'config')],
    optional: true,
    origin: 'neither --kubeconfig FILE nor KUBECONFIG is given',
  };
}

async function readConfig(file: string, optional: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (missing && optional) return undefined;
    if (missing) throw new Error(`kubeconfig ${file} does not exist`);
    throw new Error(`cannot read kubeconfig ${file}: ${errorText(error)}`);
  }
}

function parse(file: string, text: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromString(text);
    config.makePathsAbsolute(dirname(file));
  } catch (error) {
    throw new Error(`kubeconfig ${file} cannot be understood: ${faultOf(error)}`);
  }
  return config;
}

/** js-yaml's message shows the lines around the place, and what stands there may be a token: only its first line counts. */
function faultOf(error: unknown): string {
  // An empty file, or one that is no mapping, shows as a TypeError of the loader.
  if (error instanceof TypeError) return 'it is empty or not a mapping';
  return errorText(error).split('\n', 1)[0] ?? '';
}

/** The first file that names a thing decides, as with kubectl; client-node's own merge refuses names that repeat. */
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
    // JSON.parse quotes what it cannot read, which is where an exec plugin's token would be.
    const reason =
      error instanceof SyntaxError ? 'what its exec plugin prints is not JSON' : errorText(error);
    throw new Error(`kubeconfig: no credentials from the context "${config.getCurrentContext()}": ${reason}`);
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

function isPem(value: unknown): value is string | Buffer {
  return typeof value === 'string' || Buffer.isBuffer(value);
}
