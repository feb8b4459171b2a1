import { type Api, createApi } from '../../client/api.ts';
import type { Connection } from '../../client/cluster-connection.ts';
import { createNodeTransport } from '../../client/http/node-transport.ts';
import type { Transport } from '../../client/transport.ts';
import { readOnly } from '../../controller/observer.ts';
import type { IOStreams } from './io-streams.ts';
import type { Invocation } from './plugin-arguments.ts';

/** A cluster that can be read and nothing else. */
export interface ReadConnection {
  readonly connection: Connection;
  readonly transport: Transport;
  readonly api: Api;
  readonly close: () => void;
}

type Where = Pick<Invocation, 'context' | 'kubeconfig'>;

/** With the user's kubeconfig and rights, as kubectl (exec plugins and OIDC as well). */
export async function connect(where: Where, streams: IOStreams): Promise<ReadConnection> {
  const connection = await connectionOf(where, streams);
  if (connection.insecure === true)
    streams.say('The API server is not verified: the kubeconfig says insecure-skip-tls-verify.');
  const { clock, version } = streams;
  const whole = createNodeTransport(connection);
  const transport = readOnly(whole);
  const userAgent = `kubectl-vip/${version}`;
  const api = createApi(transport, { userAgent, fieldManager: 'kubectl-vip', clock });
  return { connection, transport, api, close: () => whole.close() };
}

async function connectionOf({ context, kubeconfig }: Where, streams: IOStreams): Promise<Connection> {
  // Only here: what reads a kubeconfig is most of this program, and a dump needs none of it.
  const { kubeconfigConnection } = await import('../../client/kubeconfig.ts');
  return kubeconfigConnection({
    ...(kubeconfig === undefined ? {} : { file: kubeconfig }),
    ...(context === undefined ? {} : { context }),
    env: streams.env,
    home: streams.home(),
    clock: streams.clock,
  });
}
