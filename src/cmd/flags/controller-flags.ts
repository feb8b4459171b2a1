import { defaultConcurrency } from '../../controller/replica.ts';
import { defaultController } from './environment.ts';
import type { Flag } from './flags.ts';

/** A flag with what --help says about it. */
export type ControllerFlag = Flag & {
  readonly help: string;
  /** As it would be written. */
  readonly default?: string;
};

export interface FlagGroup {
  readonly title: string;
  readonly flags: Readonly<Record<string, ControllerFlag>>;
}

/** The flags that do something, as --help groups them. */
export const flagGroups: readonly FlagGroup[] = [
  {
    title: 'What you may need',
    flags: {
      kubeconfig: {
        type: 'string',
        wants: 'a file',
        mayBeEmpty: true,
        help: 'run outside a cluster, with the access that FILE gives',
      },
      OutSideCluster: { type: 'boolean', help: 'the same with $KUBECONFIG, else ~/.kube/config' },
      version: { type: 'boolean', also: 'raw', help: 'print the version' },
      help: { type: 'boolean', short: 'h', help: 'print this text' },
    },
  },
  {
    title: 'Leader election',
    flags: {
      'leader-elect': {
        type: 'boolean',
        default: 'true',
        help: 'of several replicas, only the one that holds the Lease works; with =false each works: run one only',
      },
      'leader-elect-resource-name': {
        type: 'string',
        wants: 'a name',
        default: defaultController,
        help: "the Lease's name, and this controller's name in its records: one each when several run in a cluster",
      },
      'leader-elect-resource-namespace': {
        type: 'string',
        wants: 'a namespace',
        default: 'kube-system',
        help: "the Lease's namespace",
      },
      'leader-elect-resource-lock': {
        type: 'string',
        wants: 'a kind',
        default: 'leases',
        help: 'nothing but leases',
      },
      'leader-elect-lease-duration': {
        type: 'string',
        wants: 'a duration',
        default: '15s',
        help: 'a Lease that was not renewed for so long is free; whole seconds',
      },
      'leader-elect-renew-deadline': {
        type: 'string',
        wants: 'a duration',
        default: '10s',
        help: 'the holder stops when it could not renew for so long; less than the lease duration',
      },
      'leader-elect-retry-period': {
        type: 'string',
        wants: 'a duration',
        default: '2s',
        help: 'between two renewals, or two looks at the Lease of another',
      },
    },
  },
  {
    title: 'Addresses',
    flags: {
      claims: {
        type: 'boolean',
        default: 'false',
        help: 'claim each address by an IPAddress object before it is given, which the API server allows only once; Kubernetes 1.33 or later',
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
        help: "the API server, in place of the kubeconfig's; without a kubeconfig, access without credentials",
      },
      'concurrent-service-syncs': {
        type: 'string',
        wants: 'a number',
        default: String(defaultConcurrency),
        help: 'Services that are written at once',
      },
      'kube-api-qps': {
        type: 'string',
        wants: 'a number',
        default: '0',
        help: 'requests a second at most; 0: as many as the API server takes',
      },
      'kube-api-burst': {
        type: 'string',
        wants: 'a number',
        default: '30',
        help: 'how many of them may come at once after a pause',
      },
    },
  },
  {
    title: 'Health',
    flags: {
      'bind-address': {
        type: 'string',
        wants: 'an IP',
        mayBeEmpty: true,
        default: '127.0.0.1',
        help: 'where /healthz, /livez, /readyz and /metrics are served; for probes of the kubelet 0.0.0.0 or ::',
      },
      'secure-port': {
        type: 'string',
        wants: 'a port',
        default: '10258',
        help: 'their port; 0: they are not served',
      },
      'tls-cert-file': {
        type: 'string',
        wants: 'a file',
        mayBeEmpty: true,
        help: 'with the next one: HTTPS with this certificate (PEM); without both: HTTP',
      },
      'tls-private-key-file': {
        type: 'string',
        wants: 'a file',
        mayBeEmpty: true,
        help: 'its private key (PEM)',
      },
    },
  },
  {
    title: 'Page',
    flags: {
      'web-port': {
        type: 'string',
        wants: 'a port',
        default: '8089',
        help: 'where a page shows all addresses, on 127.0.0.1 alone, for kubectl port-forward; 0: it is not served',
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
        help: '6 or more: each request to the API server is logged',
      },
      'log-format': {
        type: 'string',
        wants: 'a format',
        default: 'json',
        help: 'json: one object a line, for programs; text: lines for people, on a terminal with colours',
      },
    },
  },
];

export interface IgnoredGroup {
  /** Why they mean nothing here. */
  readonly why: string;
  readonly booleans: readonly string[];
  /** Flags with a value. It is not looked at. */
  readonly others: readonly string[];
}

/**
 * What the Go version takes besides, v0.0.1 (Kubernetes 1.19) to v0.0.12 (1.32), deprecated and removed ones too: a
 * manifest that has them must go on working.
 */
export const ignoredFlags: readonly IgnoredGroup[] = [
  {
    why: 'there is no cloud here, and no Node is read',
    booleans: ['allocate-node-cidrs', 'allow-untagged-cloud', 'configure-cloud-routes'],
    others: [
      ...['azure-container-registry-config', 'cidr-allocator-type', 'cloud-config', 'cloud-provider'],
      ...['cloud-provider-gce-l7lb-src-cidrs', 'cloud-provider-gce-lb-src-cidrs', 'cluster-cidr'],
      ...['cluster-name', 'concurrent-node-syncs', 'external-cloud-volume-plugin', 'node-monitor-period'],
      ...['node-status-update-frequency', 'node-sync-period', 'route-reconciliation-period'],
    ],
  },
  {
    why: 'there is one controller, and all of it is always on',
    booleans: ['enable-leader-migration'],
    others: ['controller-start-interval', 'controllers', 'feature-gates', 'leader-migration-config'],
  },
  {
    why: 'requests are JSON, by one account, and nothing is read again on a timer',
    booleans: ['use-service-account-credentials'],
    others: ['kube-api-content-type', 'min-resync-period'],
  },
  {
    why: 'there are no webhooks',
    booleans: [],
    others: [
      ...['webhook-bind-address', 'webhook-cert-dir', 'webhook-secure-port', 'webhook-tls-cert-file'],
      ...['webhook-tls-private-key-file', 'webhooks'],
    ],
  },
  {
    why: 'only health is served, to whoever asks',
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
    why: 'the log is lines on standard error',
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

function ignoredOf({ booleans, others }: IgnoredGroup): [string, Flag][] {
  return [
    ...booleans.map((name): [string, Flag] => [name, { type: 'boolean' }]),
    ...others.map((name): [string, Flag] => [name, { type: 'string' }]),
  ];
}

/** Every flag that the controller takes. */
export const controllerFlags: Readonly<Record<string, Flag>> = Object.fromEntries([
  ...flagGroups.flatMap(({ flags }): [string, Flag][] => Object.entries(flags)),
  ...ignoredFlags.flatMap(ignoredOf),
]);

const defaults = new Map(
  flagGroups.flatMap(({ flags }) => Object.entries(flags).map(([name, flag]) => [name, flag.default])),
);

/** What stands in for a flag that was not given. */
export function defaultOf(name: string): string | undefined {
  return defaults.get(name);
}

/** One line about the given flags that do nothing, or none. */
export function ignoredNote(given: readonly string[]): string[] {
  const reasons = ignoredFlags.flatMap(({ why, booleans, others }) => {
    const names = given.filter((name) => booleans.includes(name) || others.includes(name));
    return names.length === 0 ? [] : [`${names.map((name) => `--${name}`).join(', ')} (${why})`];
  });
  return reasons.length === 0 ? [] : [`accepted without effect: ${reasons.join('; ')}`];
}
