import type { ConnectionFlags } from '../../client/kubeconfig/kubeconfig-flags.ts';
import { quoted } from '../../core/text/quote.ts';
import { parseDuration } from '../flags/duration.ts';
import { readServerUrl } from '../flags/server-url.ts';
import type { PluginFlag } from './plugin-flag.ts';

/** Which cluster to read, and how. */
export interface ConnectionTarget {
  /** Undefined: KUBECONFIG, or the file in the home directory. */
  readonly kubeconfig: string | undefined;
  readonly flags: ConnectionFlags;
  /** Undefined: the usual limits. */
  readonly requestTimeoutMs: number | undefined;
}

/** Flags of every command, with the names and the meaning that they have for kubectl. */
export const connectionFlags: Readonly<Record<string, PluginFlag>> = {
  kubeconfig: {
    type: 'string',
    wants: 'a file',
    help: 'Use this kubeconfig [$KUBECONFIG, else ~/.kube/config]',
  },
  context: { type: 'string', wants: 'a name', help: 'Use this kubeconfig context [the current one]' },
  cluster: { type: 'string', wants: 'a name', help: "Use this cluster of the kubeconfig [the context's]" },
  user: { type: 'string', wants: 'a name', help: "Use this user of the kubeconfig [the context's]" },
  server: { type: 'string', short: 's', wants: 'a URL', help: 'Connect to this API server' },
  'tls-server-name': {
    type: 'string',
    wants: 'a name',
    help: "Expect this name in the API server's certificate [the host of its URL]",
  },
  'certificate-authority': {
    type: 'string',
    wants: 'a file',
    help: 'Trust these certificate authorities (PEM)',
  },
  'insecure-skip-tls-verify': {
    type: 'boolean',
    help: 'Do not verify the identity of the API server. Insecure',
  },
  'client-certificate': { type: 'string', wants: 'a file', help: 'Authenticate with this certificate (PEM)' },
  'client-key': { type: 'string', wants: 'a file', help: 'Private key (PEM) of the client certificate' },
  token: { type: 'string', wants: 'a token', help: 'Authenticate with this bearer token' },
  as: { type: 'string', wants: 'a user', help: 'Impersonate this user' },
  'as-group': { type: 'string', wants: 'a group', help: 'Impersonate this group; repeatable, needs --as' },
  'request-timeout': {
    type: 'string',
    wants: 'a duration',
    help: 'Give up a request after this time, such as 5s; 0 for the usual limits [30s, lists 75s]',
  },
};

export const fileFlags: ReadonlySet<string> = new Set(
  Object.entries(connectionFlags).flatMap(([name, flag]) =>
    flag.type === 'string' && flag.wants === 'a file' ? [name] : [],
  ),
);

/** Reads the flags above, or returns a message for the first invalid one. */
export function connectionTarget(
  values: ReadonlyMap<string, string>,
  all: ReadonlyMap<string, readonly string[]>,
): ConnectionTarget | { message: string } {
  const server = values.get('server');
  const url = server === undefined ? undefined : readServerUrl('--server', server, 'https');
  if (typeof url === 'object') return url;
  const timeout = values.get('request-timeout');
  const timeoutMs = timeout === undefined ? 0 : readTimeout(timeout);
  if (timeoutMs === undefined)
    return {
      message: `--request-timeout must be a duration such as 5s or 1m30s, not ${quoted(timeout ?? '')}.`,
    };
  return {
    kubeconfig: values.get('kubeconfig'),
    flags: {
      context: values.get('context'),
      cluster: values.get('cluster'),
      user: values.get('user'),
      server: url,
      tlsServerName: values.get('tls-server-name'),
      certificateAuthority: values.get('certificate-authority'),
      clientCertificate: values.get('client-certificate'),
      clientKey: values.get('client-key'),
      insecure: values.get('insecure-skip-tls-verify') === 'true',
      token: values.get('token'),
      as: values.get('as'),
      asGroups: all.get('as-group'),
    },
    requestTimeoutMs: timeoutMs === 0 ? undefined : timeoutMs,
  };
}

/** As in kubectl, a number without a unit is in seconds. */
function readTimeout(text: string): number | undefined {
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  return ms !== undefined && ms >= 0 && ms < 2 ** 31 ? ms : undefined;
}

/** Whether the command line names a cluster. */
export function namesCluster({ kubeconfig, flags }: ConnectionTarget): boolean {
  const { context, cluster, server } = flags;
  return [kubeconfig, context, cluster, server].some((value) => value !== undefined);
}
