import { defaultConcurrency } from '../../controller/replica.ts';
import { defaultMaxFormerHolders } from '../../core/model/options.ts';
import { defaultController } from './environment.ts';
import type { Flag } from './flags.ts';

/** A flag with its help text. */
export type ControllerFlag = Flag & {
  readonly help: string;
  /** As typed on the command line. */
  readonly default?: string;
};

export interface FlagGroup {
  readonly title: string;
  readonly flags: Readonly<Record<string, ControllerFlag>>;
}

/** The flags that have an effect, grouped as in the help. */
export const flagGroups: readonly FlagGroup[] = [
  {
    title: 'General',
    flags: {
      kubeconfig: {
        type: 'string',
        wants: 'a file',
        mayBeEmpty: true,
        help: 'Run outside a cluster, with this kubeconfig file.',
      },
      OutSideCluster: { type: 'boolean', help: 'Run outside a cluster, with $KUBECONFIG or ~/.kube/config.' },
      version: { type: 'boolean', also: 'raw', help: 'Print the version.' },
      help: { type: 'boolean', short: 'h', help: 'Print this help.' },
    },
  },
  {
    title: 'Leader election',
    flags: {
      'leader-elect': {
        type: 'boolean',
        default: 'true',
        help: 'Enable leader election: only the replica that holds the Lease is active. If false, run a single replica.',
      },
      'leader-elect-resource-name': {
        type: 'string',
        wants: 'a name',
        default: defaultController,
        help: 'Name of the Lease, and of this controller in allocation records. Each controller in a cluster needs its own.',
      },
      'leader-elect-resource-namespace': {
        type: 'string',
        wants: 'a namespace',
        default: 'kube-system',
        help: 'Namespace of the Lease.',
      },
      'leader-elect-resource-lock': {
        type: 'string',
        wants: 'a kind',
        default: 'leases',
        help: 'Type of the lock. Only leases is supported.',
      },
      'leader-elect-lease-duration': {
        type: 'string',
        wants: 'a duration',
        default: '15s',
        help: 'How long a Lease stays valid without renewal, in whole seconds.',
      },
      'leader-elect-renew-deadline': {
        type: 'string',
        wants: 'a duration',
        default: '10s',
        help: 'How long the leader tries to renew the Lease before it stops leading. Must be less than the lease duration.',
      },
      'leader-elect-retry-period': {
        type: 'string',
        wants: 'a duration',
        default: '2s',
        help: 'Time between two renewals, or between two checks of a Lease that another replica holds.',
      },
    },
  },
  {
    title: 'Addresses',
    flags: {
      claims: {
        type: 'boolean',
        default: 'false',
        help: 'Claim each address with an IPAddress object before assigning it. The API server accepts only one object per address. Requires Kubernetes 1.33 or later.',
      },
      'max-remembered-addresses': {
        type: 'string',
        wants: 'a number',
        default: String(defaultMaxFormerHolders),
        help: 'How many freed addresses to remember for sticky, cool-down, and the search order least-recently-used. With claims, an IPAddress object stays for each of them.',
      },
      'publish-status': {
        type: 'boolean',
        default: 'false',
        help: 'Keep the state of each pool in a ConfigMap beside the one with the pools, with the suffix -status: size, used and free addresses, pending Services, and problems.',
      },
    },
  },
  {
    title: 'API server',
    flags: {
      master: {
        type: 'string',
        wants: 'a URL',
        mayBeEmpty: true,
        help: 'API server to use instead of the one in the kubeconfig. Without a kubeconfig, connect without credentials.',
      },
      'concurrent-service-syncs': {
        type: 'string',
        wants: 'a number',
        default: String(defaultConcurrency),
        help: 'Maximum number of Services to write concurrently.',
      },
      'kube-api-qps': {
        type: 'string',
        wants: 'a number',
        default: '0',
        help: 'Maximum requests per second to the API server. 0 means no limit.',
      },
      'kube-api-burst': {
        type: 'string',
        wants: 'a number',
        default: '30',
        help: 'Maximum burst of requests after a pause, if requests are limited.',
      },
    },
  },
  {
    title: 'Health checks and metrics',
    flags: {
      'bind-address': {
        type: 'string',
        wants: 'an IP',
        mayBeEmpty: true,
        default: '127.0.0.1',
        help: 'Address on which to serve /healthz, /livez, /readyz, and /metrics. For kubelet probes, use 0.0.0.0 or ::.',
      },
      'secure-port': {
        type: 'string',
        wants: 'a port',
        default: '10258',
        help: 'Port for these endpoints. 0 disables them.',
      },
      'tls-cert-file': {
        type: 'string',
        wants: 'a file',
        mayBeEmpty: true,
        help: 'Certificate (PEM) for HTTPS. Requires the private key. Without both, serve HTTP.',
      },
      'tls-private-key-file': {
        type: 'string',
        wants: 'a file',
        mayBeEmpty: true,
        help: 'Private key (PEM) of the certificate.',
      },
    },
  },
  {
    title: 'Web page',
    flags: {
      'web-port': {
        type: 'string',
        wants: 'a port',
        default: '8089',
        help: 'Port on which to serve a page that shows all addresses. It listens only on 127.0.0.1, for kubectl port-forward. 0 disables it.',
      },
    },
  },
  {
    title: 'Logging',
    flags: {
      v: {
        type: 'string',
        short: 'v',
        wants: 'a number',
        default: '0',
        help: 'Log level. At 6 or higher, log each request to the API server.',
      },
      'log-format': {
        type: 'string',
        wants: 'a format',
        default: 'json',
        help: 'Log format: json (one object per line, for programs) or text (for people, with colors on a terminal).',
      },
    },
  },
];

export interface IgnoredGroup {
  /** Why the flags have no effect: the clause after "because". */
  readonly reason: string;
  readonly booleans: readonly string[];
  /** Flags with a value, which is ignored. */
  readonly others: readonly string[];
}

/**
 * The other flags of the Go version, v0.0.1 (Kubernetes 1.19) to v0.0.12 (1.32), including deprecated and removed ones:
 * manifests that set them must continue to work.
 */
export const ignoredFlags: readonly IgnoredGroup[] = [
  {
    reason: 'there is no cloud provider, and Nodes are not managed',
    booleans: ['allocate-node-cidrs', 'allow-untagged-cloud', 'configure-cloud-routes'],
    others: [
      ...['azure-container-registry-config', 'cidr-allocator-type', 'cloud-config', 'cloud-provider'],
      ...['cloud-provider-gce-l7lb-src-cidrs', 'cloud-provider-gce-lb-src-cidrs', 'cluster-cidr'],
      ...['cluster-name', 'concurrent-node-syncs', 'external-cloud-volume-plugin', 'node-monitor-period'],
      ...['node-status-update-frequency', 'node-sync-period', 'route-reconciliation-period'],
    ],
  },
  {
    reason: 'there is only one controller, and all its functions are always on',
    booleans: ['enable-leader-migration'],
    others: ['controller-start-interval', 'controllers', 'feature-gates', 'leader-migration-config'],
  },
  {
    reason: 'requests use JSON and one account, and there is no periodic resync',
    booleans: ['use-service-account-credentials'],
    others: ['kube-api-content-type', 'min-resync-period'],
  },
  {
    reason: 'there are no webhooks',
    booleans: [],
    others: [
      ...['webhook-bind-address', 'webhook-cert-dir', 'webhook-secure-port', 'webhook-tls-cert-file'],
      ...['webhook-tls-private-key-file', 'webhooks'],
    ],
  },
  {
    reason: 'only health checks and metrics are served, without authentication',
    booleans: [
      ...['authentication-skip-lookup', 'authentication-tolerate-lookup-failure', 'contention-profiling'],
      ...['disable-http2-serving', 'permit-address-sharing', 'permit-port-sharing', 'profiling'],
    ],
    others: [
      ...['address', 'authentication-kubeconfig', 'authentication-token-webhook-cache-ttl'],
      ...['authorization-always-allow-paths', 'authorization-kubeconfig'],
      ...['authorization-webhook-cache-authorized-ttl', 'authorization-webhook-cache-unauthorized-ttl'],
      ...['cert-dir', 'client-ca-file', 'http2-max-streams-per-connection', 'port'],
      ...[
        'requestheader-allowed-names',
        'requestheader-client-ca-file',
        'requestheader-extra-headers-prefix',
      ],
      ...['requestheader-group-headers', 'requestheader-uid-headers', 'requestheader-username-headers'],
      ...['tls-cipher-suites', 'tls-min-version', 'tls-sni-cert-key'],
    ],
  },
  {
    reason: 'the log is written to standard error only',
    booleans: [
      ...['add-dir-header', 'alsologtostderr', 'log-text-split-stream', 'logtostderr', 'one-output'],
      ...['skip-headers', 'skip-log-headers'],
    ],
    others: [
      ...['log-backtrace-at', 'log-dir', 'log-file', 'log-file-max-size', 'log-flush-frequency'],
      ...['log-text-info-buffer-size', 'logging-format', 'stderrthreshold', 'vmodule'],
    ],
  },
];

function ignoredFlagsOf({ booleans, others }: IgnoredGroup): [string, Flag][] {
  return [
    ...booleans.map((name): [string, Flag] => [name, { type: 'boolean' }]),
    ...others.map((name): [string, Flag] => [name, { type: 'string' }]),
  ];
}

/** All flags that the controller accepts. */
export const controllerFlags: Readonly<Record<string, Flag>> = Object.fromEntries([
  ...flagGroups.flatMap(({ flags }): [string, Flag][] => Object.entries(flags)),
  ...ignoredFlags.flatMap(ignoredFlagsOf),
]);

const defaults = new Map(
  flagGroups.flatMap(({ flags }) => Object.entries(flags).map(([name, flag]) => [name, flag.default])),
);

/** The value of a flag that is not set. */
export function defaultOf(name: string): string | undefined {
  return defaults.get(name);
}

/** A warning about flags in `names` that have no effect, if there are any. */
export function ignoredFlagsWarning(names: readonly string[]): string[] {
  const groups = ignoredFlags.flatMap(({ reason, booleans, others }) => {
    const ignored = names.filter((name) => booleans.includes(name) || others.includes(name));
    return ignored.length === 0 ? [] : [`${ignored.map((name) => `--${name}`).join(', ')} (${reason})`];
  });
  return groups.length === 0 ? [] : [`Flags accepted without effect: ${groups.join('; ')}`];
}
