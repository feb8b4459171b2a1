import type { RequestOptions } from 'node:https';
// The whole package costs 30 MB of memory, this file a tenth of that. Import *this* module dynamically, so
// that a controller in a cluster loads none of it.
import { bufferFromFileOrString, KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Cluster } from '@kubernetes/client-node/dist/config_types.js';
import type { Connection, RequestHeaders, TlsCredentials } from '../cluster-connection.ts';
import { errorText } from '../errors.ts';
import type { Clock } from '../transport.ts';
import { withExecInfo } from './exec-info.ts';
import { type KubeconfigSource, type KubeconfigUser, readKubeconfig } from './kubeconfig-files.ts';
import { type ConnectionFlags, type SelectedEntries, selectEntries } from './kubeconfig-flags.ts';
import { OidcTokens } from './oidc-tokens.ts';

export interface KubeconfigOptions extends KubeconfigSource {
  readonly flags?: ConnectionFlags;
  readonly clock: Clock;
}

/** Interval at which credentials are read again (exec plugins and OIDC track their own expiry). */
const HEADERS_AGE_MS = 10_000;

/** The connection that kubectl would use with the same files and flags. */
export async function kubeconfigConnection(options: KubeconfigOptions): Promise<Connection> {
  let credentials = await load(options);
  const { cluster, namespace } = credentials.entries;
  if (/^(?:[^/]*\/\/)?[^/]*@/.test(cluster.server)) {
    throw new Error(
      `kubeconfig: the server URL of the cluster "${cluster.name}" contains a user or a password. Define them under users instead`,
    );
  }
  const connection: Connection = { server: cluster.server };
  if (namespace !== undefined) connection.namespace = namespace;
  if (cluster.proxyUrl) connection.proxyUrl = cluster.proxyUrl;
  // Like kubectl, send credentials over TLS only; plain HTTP is for servers such as `kubectl proxy`.
  if (!cluster.server.startsWith('https:')) {
    const impersonation = impersonationHeaders(credentials.entries.user);
    if (Object.keys(impersonation).length > 0) connection.headers = async () => impersonation;
    return connection;
  }

  const first = await credentials.read();
  let tls = tlsOf(cluster, first);
  Object.assign(connection, tls);
  connection.readTls = async () => {
    try {
      tls = tlsOf(cluster, await credentials.read());
    } catch {
      // While another program replaces the files, older ones are better than none.
    }
    return tls;
  };
  if (cluster.tlsServerName !== undefined) connection.servername = cluster.tlsServerName;
  if (cluster.skipTLSVerify) connection.insecure = true;

  let headers = headersOf(first, credentials.entries.user);
  let readAt = options.clock.now();
  let isRejected = false;
  connection.unauthorized = () => {
    isRejected = true;
  };
  connection.headers = async () => {
    if (!isRejected && options.clock.now() - readAt < HEADERS_AGE_MS) return headers;
    // After a 401, read the files again, which also drops the cached result of an exec plugin.
    if (isRejected) credentials = await load(options);
    headers = headersOf(await credentials.read(), credentials.entries.user);
    isRejected = false;
    readAt = options.clock.now();
    return headers;
  };
  return connection;
}

/** The credentials of one user of a kubeconfig. */
class Credentials {
  readonly entries: SelectedEntries;
  readonly #oidc: OidcTokens | undefined;
  readonly #config = new KubeConfig();
  #reading: Promise<RequestOptions> | undefined;

  constructor(entries: SelectedEntries, { env, clock }: KubeconfigOptions) {
    this.entries = entries;
    this.#oidc = entries.user.oidcFile === undefined ? undefined : new OidcTokens(entries.user, env, clock);
  }

  /**
   * The credentials as they are now. Runs an exec plugin, or asks an identity provider, if they have expired: only once for
   * requests at the same time, because a provider may accept a refresh token only once.
   */
  read(): Promise<RequestOptions> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<RequestOptions> {
    const { cluster, context, user } = this.entries;
    const request: RequestOptions = {};
    try {
      this.#use(
        this.#oidc === undefined
          ? withExecInfo(user, cluster)
          : { ...user, authProvider: undefined, token: await this.#oidc.idToken() },
      );
      await this.#config.applyToHTTPSOptions(request);
    } catch (error) {
      // JSON.parse quotes its input, which may contain the token of an exec plugin.
      const reason =
        error instanceof SyntaxError ? 'the output of its exec plugin is not JSON' : errorText(error);
      const what = context === '' ? `the user "${user.name}"` : `the context "${context}"`;
      throw new Error(`kubeconfig: cannot get credentials for ${what}: ${reason}`);
    }
    return request;
  }

  #use(user: KubeconfigUser): void {
    const { context: name } = this.entries;
    // The agent that the library prepares here is not used, see https-agent.ts.
    const { proxyUrl: _, ...cluster } = this.entries.cluster;
    this.#config.loadFromOptions({
      clusters: [cluster],
      users: [user],
      contexts: [{ name, cluster: cluster.name, user: user.name }],
      currentContext: name,
    });
  }
}

async function load(options: KubeconfigOptions): Promise<Credentials> {
  const { flags = {} } = options;
  const kubeconfig = await readKubeconfig(options, flags.server !== undefined);
  return new Credentials(selectEntries(kubeconfig, flags), options);
}

function headersOf(options: RequestOptions, user: KubeconfigUser): RequestHeaders {
  const headers: RequestHeaders = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (typeof value === 'string') headers[name.toLowerCase()] = value.trim();
  }
  if (typeof options.auth === 'string' && headers.authorization === undefined) {
    headers.authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  return { ...headers, ...impersonationHeaders(user) };
}

/** The library sets only the first of them (client-go's transport.NewImpersonatingRoundTripper). */
function impersonationHeaders(user: KubeconfigUser): RequestHeaders {
  const { impersonateUser, impersonateGroups, impersonateUid, impersonateExtra = {} } = user;
  const extra = Object.entries(impersonateExtra).map(([key, values]) => [
    `impersonate-extra-${encodeURIComponent(key).toLowerCase()}`,
    values,
  ]);
  const others = impersonateGroups ?? impersonateUid ?? extra[0];
  if (!impersonateUser && others !== undefined)
    throw new Error('kubeconfig: groups are impersonated without a user. Add --as USER, or `as` to the user');
  return {
    ...(impersonateUser ? { 'impersonate-user': impersonateUser } : {}),
    ...(impersonateGroups === undefined ? {} : { 'impersonate-group': impersonateGroups }),
    ...(impersonateUid === undefined ? {} : { 'impersonate-uid': impersonateUid }),
    ...Object.fromEntries(extra),
  };
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
