import { bufferFromFileOrString } from '@kubernetes/client-node/dist/config.js';
import type { Cluster } from '@kubernetes/client-node/dist/config_types.js';
import type { KubeconfigUser } from './kubeconfig-files.ts';

/**
 * Adds what client-go passes to an exec plugin and the library does not: the version of the protocol, and the cluster with
 * `provideClusterInfo`. Reads the file of the authority. Some plugins fail without it (client.authentication.k8s.io, ExecCredential).
 */
export function withExecInfo(user: KubeconfigUser, cluster: Cluster): KubeconfigUser {
  const { exec } = user;
  if (!exec) return user;
  const info = {
    kind: 'ExecCredential',
    apiVersion: exec.apiVersion,
    spec: {
      // The plugin's standard input is not a terminal.
      interactive: false,
      ...(exec.provideClusterInfo === true ? { cluster: clusterInfo(cluster) } : {}),
    },
  };
  const variable = { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) };
  return { ...user, exec: { ...exec, env: [...(exec.env ?? []), variable] } };
}

function clusterInfo({ server, tlsServerName, skipTLSVerify, caFile, caData, proxyUrl }: Cluster): object {
  return {
    server,
    'tls-server-name': tlsServerName,
    'insecure-skip-tls-verify': skipTLSVerify || undefined,
    'certificate-authority-data': bufferFromFileOrString(caFile, caData)?.toString('base64'),
    'proxy-url': proxyUrl,
  };
}
