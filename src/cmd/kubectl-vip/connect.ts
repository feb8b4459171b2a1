import { type Api, createApi } from '../../client/api.ts';
import { type Connection, serverUrl } from '../../client/cluster-connection.ts';
import type { Transport } from '../../client/transport.ts';
import { readOnly } from '../../controller/observer.ts';
import type { ConnectionTarget } from './connection-target.ts';
import type { IOStreams } from './io-streams.ts';

/** A connection that can only read, unless it was opened to write. */
export interface ClusterConnection {
  readonly connection: Connection;
  readonly transport: Transport;
  readonly api: Api;
  readonly close: () => void;
}

/** Connects with the user's kubeconfig, proxy, and permissions, as kubectl does (including exec plugins and OIDC). */
export async function connect(
  target: ConnectionTarget,
  streams: IOStreams,
  access: 'read' | 'write' = 'read',
): Promise<ClusterConnection> {
  const { kubeconfig, flags, requestTimeoutMs: ms } = target;
  const { clock, env, version } = streams;
  // Loaded on demand: the kubeconfig reader is most of this program, and a dump does not need it.
  const [{ kubeconfigConnection }, { createHttpsTransport }, { proxyFromEnvironment }] = await Promise.all([
    import('../../client/kubeconfig/kubeconfig.ts'),
    import('../../client/kubeconfig/https-transport.ts'),
    import('../../client/kubeconfig/proxy-from-environment.ts'),
  ]);
  const file = kubeconfig === undefined ? {} : { file: kubeconfig };
  const connection = await kubeconfigConnection({ ...file, flags, env, home: streams.home(), clock });
  if (connection.insecure === true)
    streams.writeStderr(
      'Warning: the identity of the API server is not verified, because insecure-skip-tls-verify is set.',
    );
  const proxyUrl = connection.proxyUrl ?? proxyFromEnvironment(serverUrl(connection.server), env);
  const proxy = proxyUrl === undefined ? {} : { proxyUrl };
  const readWrite = createHttpsTransport({ ...connection, ...proxy }, clock);
  const transport = access === 'write' ? readWrite : readOnly(readWrite);
  const timeouts = ms === undefined ? {} : { requestTimeoutMs: ms, listTimeoutMs: ms };
  const api = createApi(transport, {
    userAgent: `kubectl-vip/${version}`,
    fieldManager: 'kubectl-vip',
    clock,
    ...timeouts,
  });
  return { connection, transport, api, close: () => readWrite.close() };
}
