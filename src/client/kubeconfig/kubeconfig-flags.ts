import type { Cluster } from '@kubernetes/client-node/dist/config_types.js';
import type { KubeconfigUser, LoadedKubeconfig } from './kubeconfig-files.ts';

/** What a command line sets instead of the kubeconfig. Each flag means what it means for kubectl. */
export interface ConnectionFlags {
  readonly context?: string | undefined;
  readonly cluster?: string | undefined;
  readonly user?: string | undefined;
  readonly server?: string | undefined;
  readonly tlsServerName?: string | undefined;
  /** Path, as the next two. */
  readonly certificateAuthority?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  /** `--insecure-skip-tls-verify`; only true has an effect. */
  readonly insecure?: boolean | undefined;
  readonly token?: string | undefined;
  readonly as?: string | undefined;
  readonly asGroups?: readonly string[] | undefined;
}

/** What a connection is made from. */
export interface SelectedEntries {
  readonly cluster: Cluster;
  readonly user: KubeconfigUser;
  /** Of the context. */
  readonly namespace: string | undefined;
  /** Of the context; empty if there is none. */
  readonly context: string;
}

/** Chooses the entries as kubectl does (clientcmd's DirectClientConfig). Throws an error that says what is missing. */
export function selectEntries(kubeconfig: LoadedKubeconfig, flags: ConnectionFlags): SelectedEntries {
  const name = flags.context ?? kubeconfig.currentContext;
  const context = kubeconfig.contexts.find((one) => one.name === name);
  if (context === undefined && name !== '') {
    const which = flags.context === undefined ? 'current-context' : 'context';
    throw new Error(
      `kubeconfig: the ${which} "${name}" does not exist. To list the contexts, run: kubectl config get-contexts`,
    );
  }
  const missing = (kind: 'cluster' | 'user', entry: string | undefined): Error =>
    new Error(
      flags[kind] === undefined
        ? `kubeconfig: the context "${name}" refers to the ${kind} "${entry}", which does not exist`
        : `kubeconfig: the ${kind} "${entry}" of --${kind} does not exist`,
    );
  const clusterName = flags.cluster ?? context?.cluster;
  const cluster = kubeconfig.clusters.find((one) => one.name === clusterName);
  if (cluster === undefined && (flags.cluster !== undefined || flags.server === undefined)) {
    if (flags.cluster !== undefined || context !== undefined) throw missing('cluster', clusterName);
    throw new Error(
      `kubeconfig ${kubeconfig.files.join(', ')} has no current-context. To choose one, run: kubectl config use-context NAME`,
    );
  }
  const userName = flags.user ?? context?.user;
  const user = kubeconfig.users.find((one) => one.name === userName);
  if (user === undefined && userName) throw missing('user', userName);
  return {
    cluster: withClusterFlags(cluster ?? { name: 'flags', server: '', skipTLSVerify: false }, flags),
    user: withUserFlags(user ?? { name: 'flags' }, flags),
    namespace: context?.namespace,
    context: name,
  };
}

function withClusterFlags(cluster: Cluster, flags: ConnectionFlags): Cluster {
  const { server, tlsServerName, certificateAuthority, insecure = false } = flags;
  const { caData, caFile, tlsServerName: nameInFile, ...rest } = cluster;
  // An authority and --insecure-skip-tls-verify replace each other, and another server has another name.
  const replacesTrust = insecure || certificateAuthority !== undefined;
  const serverName = tlsServerName ?? (server === undefined ? nameInFile : undefined);
  return {
    ...rest,
    ...(server === undefined ? {} : { server }),
    ...(serverName === undefined ? {} : { tlsServerName: serverName }),
    ...(replacesTrust ? { skipTLSVerify: insecure } : {}),
    ...(certificateAuthority === undefined ? {} : { caFile: certificateAuthority }),
    ...(replacesTrust || caData === undefined ? {} : { caData }),
    ...(replacesTrust || caFile === undefined ? {} : { caFile }),
  };
}

function withUserFlags(user: KubeconfigUser, flags: ConnectionFlags): KubeconfigUser {
  const { clientCertificate, clientKey, token, as, asGroups } = flags;
  const { certData, certFile, keyData, keyFile, ...rest } = user;
  const certificate =
    clientCertificate === undefined ? { certData, certFile } : { certFile: clientCertificate };
  const key = clientKey === undefined ? { keyData, keyFile } : { keyFile: clientKey };
  return Object.fromEntries(
    Object.entries({
      ...rest,
      ...certificate,
      ...key,
      ...(as === undefined ? {} : { impersonateUser: as }),
      ...(asGroups === undefined ? {} : { impersonateGroups: asGroups }),
      // Another token makes the credentials of the file unnecessary, so no program runs to get them.
      ...(token === undefined
        ? {}
        : { token, exec: undefined, authProvider: undefined, oidcFile: undefined, username: undefined }),
    }).filter(([, value]) => value !== undefined),
  ) as unknown as KubeconfigUser;
}
