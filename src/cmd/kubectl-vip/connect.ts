import { type Api, createApi } from '../../client/api.ts';
import type { Connection } from '../../client/cluster-connection.ts';
import { createNodeTransport } from '../../client/http/node-transport.ts';
import type { Transport } from '../../client/transport.ts';
import { readOnly } from '../../controller/observer.ts';
import type { IOStreams } from './io-streams.ts';
import type { Invocation } from './plugin-arguments.ts';

/** A connection that can only read. */
export interface ReadConnection {
  readonly connection: Connection;
  readonly transport: Transport;
  readonly api: Api;
  readonly close: () => void;
}

type ConnectionTarget = Pick<Invocation, 'context' | 'kubeconfig'>;

/** Connects with the user's kubeconfig and permissions, as kubectl does (including exec plugins and OIDC). */
export async function connect(target: ConnectionTarget, streams: IOStreams): Promise<ReadConnection> {
  const connection = await connectionOf(target, streams);
  if (connection.insecure === true)
    streams.writeStderr(
      'Warning: the identity of the API server is not verified, because the kubeconfig sets insecure-skip-tls-verify.',
    );
  const { clock, version } = streams;
  const readWrite = createNodeTransport(connection);
  const transport = readOnly(readWrite);
  const userAgent = `kubectl-vip/${version}`;
  const api = createApi(transport, { userAgent, fieldManager: 'kubectl-vip', clock });
  return { connection, transport, api, close: () => readWrite.close() };
}

async function connectionOf(
  { context, kubeconfig }: ConnectionTarget,
  streams: IOStreams,
): Promise<Connection> {
  // Loaded on demand: the kubeconfig reader is most of this program, and a dump does not need it.
  const { kubeconfigConnection } = await import('../../client/kubeconfig.ts');
  return kubeconfigConnection({
    ...(kubeconfig === undefined ? {} : { file: kubeconfig }),
    ...(context === undefined ? {} : { context }),
    env: streams.env,
    home: streams.home(),
    clock: streams.clock,
  });
}
