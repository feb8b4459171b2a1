import type { Config, ConfigProblem } from '../../core/config/config.ts';
import {
  explainOtherPools,
  explainProblem,
  explainSpecial,
  formatRange,
} from '../../core/explain/explain-config.ts';
import { externalIPOf } from '../../core/explain/explain-decision.ts';
import { formatAddress, readAddress } from '../../core/ip/address.ts';
import { rangesContain, rangesMeet } from '../../core/ip/range.ts';
import { specialPurposesIn } from '../../core/ip/special-purpose.ts';
import type { ExternalIPs } from '../../core/ledger/external-ips.ts';
import { usablePools } from '../../core/queries/occupancy.ts';
import { overlapsIn } from '../../core/queries/report.ts';
import { printable } from '../../core/text/quote.ts';
import type { PoolPosition } from '../../manifest/pool-position.ts';
import { wrapWords } from '../../terminal/wrap.ts';
import type { ClusterNetworks } from './cluster-facts.ts';
import type { CommandResult, OutputOptions } from './command-result.ts';

interface CheckFinding {
  readonly severity: 'error' | 'warning';
  readonly code:
    | ConfigProblem['code']
    | 'overlap'
    | 'node-address'
    | 'external-ip'
    | 'cluster-ips'
    | 'api-server'
    | 'special-address'
    | 'unknown-namespace'
    | 'no-pools'
    | 'other-pools'
    | 'kubernetes-version'
    | 'rejected'
    | 'remark';
  readonly key: string;
  readonly message: string;
  readonly position: PoolPosition | undefined;
}

export interface CheckContext {
  readonly config: Config;
  /** The position of a key or an entry, if it was read from a file. */
  readonly positionOf: (key: string, entry?: string) => PoolPosition | undefined;
  /** The cluster's networks, if a cluster was read. */
  readonly networks: ClusterNetworks | undefined;
  /** The ConfigMap that the controller reads. */
  readonly configMap: { readonly namespace: string; readonly name: string };
  /** `NAMESPACE/NAME` of other ConfigMaps with pools. */
  readonly otherPoolConfigMaps: readonly string[];
  /** The external IPs of Services, if a cluster was read. */
  readonly externalIPs?: readonly ExternalIPs[];
  readonly lacksIPAddresses?: boolean;
  /** `configmap.yaml`, or the namespace and name of the cluster's ConfigMap. */
  readonly name: string;
  /** Messages about the text of the file, which start with their position. */
  readonly remarks: readonly string[];
  /** Those of them after which Kubernetes rejects an object. */
  readonly rejections: readonly string[];
}

/** Problems after which the key still works, though maybe not as intended. */
const warnings: ReadonlySet<ConfigProblem['code']> = new Set([
  'host-bits',
  'shadowed',
  'dhcp-beside-addresses',
]);

/** `check` */
export function check(context: CheckContext): CommandResult {
  const findings = [
    ...context.remarks.map((remark) => textFinding(remark, context)),
    ...context.config.problems.map((problem) => problemFinding(problem, context)),
    ...versionFindings(context),
    ...poolFindings(context),
    ...overlapFindings(context),
    ...specialFindings(context),
    ...namespaceFindings(context),
    ...networkFindings(context),
    ...externalIPFindings(context),
  ];
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  return {
    value: {
      kind: 'ConfigMapCheck',
      configMap: context.name,
      isValid: errors === 0,
      findings: findings.map(({ severity, code, key, message, position }) => ({
        severity,
        code,
        key,
        message,
        ...(position === undefined ? {} : { where: position.where }),
      })),
      remarks: context.remarks,
    },
    lines: (output) => [
      ...findings.flatMap((finding) => findingLines(finding, output)),
      summary(context, findings),
    ],
    exitCode: errors === 0 ? 0 : 1,
  };
}

/** What the reader of the file found. */
function textFinding(message: string, { rejections }: CheckContext): CheckFinding {
  const isRejection = rejections.includes(message);
  return {
    severity: isRejection ? 'error' : 'warning',
    code: isRejection ? 'rejected' : 'remark',
    key: '',
    message,
    position: undefined,
  };
}

function problemFinding(problem: ConfigProblem, { positionOf }: CheckContext): CheckFinding {
  return {
    severity: warnings.has(problem.code) ? 'warning' : 'error',
    code: problem.code,
    key: problem.key,
    message: explainProblem(problem),
    position: positionOf(problem.key, 'entry' in problem ? problem.entry : undefined),
  };
}

function versionFindings({ lacksIPAddresses }: CheckContext): CheckFinding[] {
  if (lacksIPAddresses !== true) return [];
  const message =
    'The controller runs with --claims, which needs Kubernetes 1.33, so it assigns no address. Upgrade the cluster, or remove the flag.';
  return [{ severity: 'error', code: 'kubernetes-version', key: '', message, position: undefined }];
}

/** No pools, or pools in a ConfigMap that the controller does not read. */
function poolFindings({ config, configMap, otherPoolConfigMaps }: CheckContext): CheckFinding[] {
  const isEmpty = config.pools.size === 0;
  const severity = isEmpty && otherPoolConfigMaps.length > 0 ? 'error' : 'warning';
  const position = undefined;
  const own = `${configMap.namespace}/${configMap.name}`;
  const none = `ConfigMap ${own} contains no pools, so Services can only get static addresses. Add a key such as cidr-global.`;
  return [
    ...(isEmpty ? [{ severity, code: 'no-pools', key: '', message: none, position } as const] : []),
    ...otherPoolConfigMaps.map((other): CheckFinding => {
      const message = explainOtherPools(other, configMap);
      return { severity, code: 'other-pools', key: '', message, position };
    }),
  ];
}

/** Addresses that are suspicious in a pool. Those that cannot work are problems of the ConfigMap. */
function specialFindings({ config, positionOf }: CheckContext): CheckFinding[] {
  return usablePools(config).flatMap(({ key, ranges }) => {
    const specials = new Set(ranges.flatMap(specialPurposesIn).filter(({ isUnusable }) => !isUnusable));
    return [...specials].map((special): CheckFinding => {
      const message = `${key} contains ${explainSpecial(special)} Check that clients can reach them.`;
      return { severity: 'warning', code: 'special-address', key, message, position: positionOf(key) };
    });
  });
}

/** Keys of namespaces that do not exist. */
function namespaceFindings({ config, positionOf, networks }: CheckContext): CheckFinding[] {
  const namespaces = networks?.namespaces;
  const keys = [
    ...config.pools.keys(),
    ...[...config.interfaces.keys()].map((scope) => `interface-${scope}`),
    ...[...config.sharing.keys()].map((scope) => `allow-share-${scope}`),
  ];
  return keys.flatMap((key): CheckFinding[] => {
    const scope = key.replace(/^(?:cidr|range|interface|allow-share)-/, '');
    if (scope === 'global' || namespaces?.has(scope)) return [];
    // Without the list of namespaces, only what looks like a global key.
    if (namespaces === undefined && !scope.startsWith('global-')) return [];
    const message =
      namespaces === undefined
        ? `${key} applies to a namespace called ${scope}, not to all namespaces. Only a key that ends in -global does.`
        : `${key} applies to namespace ${scope}, which does not exist. Rename the key, or run: kubectl create namespace ${scope}`;
    return [{ severity: 'warning', code: 'unknown-namespace', key, message, position: positionOf(key) }];
  });
}

/** Each pair once, at the later key. */
function overlapFindings({ config, positionOf }: CheckContext): CheckFinding[] {
  return [...overlapsIn(usablePools(config))].flatMap(([key, others]) =>
    others
      .filter((other) => other < key)
      .map((other): CheckFinding => {
        const message = `${key} overlaps ${other}. Each address in both pools is still assigned only once, to the first Service that needs it.`;
        return { severity: 'warning', code: 'overlap', key, message, position: positionOf(key) };
      }),
  );
}

/** Addresses in pools that belong to nodes or to the cluster IP ranges. */
function networkFindings({ config, positionOf, networks }: CheckContext): CheckFinding[] {
  if (networks === undefined) return [];
  return usablePools(config).flatMap(({ key, ranges }): CheckFinding[] => {
    const position = positionOf(key);
    const nodes = (networks.nodes ?? []).filter(({ address }) => {
      const parsed = readAddress(address);
      return parsed !== undefined && rangesContain(ranges, parsed);
    });
    const apiServers = new Map(
      (networks.apiServers ?? []).flatMap(({ source, address }) => {
        const parsed = readAddress(address);
        if (parsed === undefined || !rangesContain(ranges, parsed)) return [];
        return [[formatAddress(parsed), source] as const];
      }),
    );
    const cidrs = (networks.clusterIPs ?? []).filter(({ range }) =>
      ranges.some((one) => rangesMeet(one, range)),
    );
    return [
      ...nodes.map(({ name, address }): CheckFinding => {
        const parsed = readAddress(address);
        const text = parsed === undefined ? address : formatAddress(parsed);
        const message = `${key} contains ${text}, the address of node ${name}. A Service that gets it takes the node off the network. Remove the address from the pool.`;
        return { severity: 'warning', code: 'node-address', key, message, position };
      }),
      ...[...apiServers].map(([address, source]): CheckFinding => {
        const message = `${key} contains ${address}, the address of the API server (${source}). A Service that gets it cuts off the control plane. Remove the address from the pool.`;
        return { severity: 'warning', code: 'api-server', key, message, position };
      }),
      ...cidrs.map(({ name, range }): CheckFinding => {
        const message = `${key} overlaps ${formatRange(range)}, the cluster IP range of ServiceCIDR ${name}. Remove these addresses from the pool, or run the controller with --claims.`;
        return { severity: 'warning', code: 'cluster-ips', key, message, position };
      }),
    ];
  });
}

/** Addresses in pools that Services have as external IPs: they are never allocated. */
function externalIPFindings({ config, positionOf, externalIPs = [] }: CheckContext): CheckFinding[] {
  return usablePools(config).flatMap(({ key, ranges }) =>
    externalIPs.flatMap((service) =>
      service.addresses
        .filter((address) => rangesContain(ranges, address))
        .map((address): CheckFinding => {
          const message = `${key} contains ${formatAddress(address)}, ${externalIPOf([service.key])}. The controller never allocates it while it is.`;
          return { severity: 'warning', code: 'external-ip', key, message, position: positionOf(key) };
        }),
    ),
  );
}

/** In the format of compilers: position, severity, message, and the line of the file. */
function findingLines(
  { severity, message, position }: CheckFinding,
  { ansi, width }: OutputOptions,
): string[] {
  const paint = severity === 'error' ? ansi.red : ansi.yellow;
  const prefix = position === undefined ? '' : `${position.where}: `;
  const [first = '', ...rest] = wrapWords(printable(`${prefix}${severity}: ${message}`), width);
  const head = first.startsWith(`${prefix}${severity}`)
    ? `${prefix}${paint(severity)}${first.slice(prefix.length + severity.length)}`
    : first;
  return [head, ...rest, ...(position?.excerpt.split('\n') ?? []), ''];
}

const list = new Intl.ListFormat('en', { type: 'conjunction' });

function summary({ config, name, networks }: CheckContext, findings: readonly CheckFinding[]): string {
  const count = (severity: CheckFinding['severity']): number =>
    findings.filter((finding) => finding.severity === severity).length;
  const counted = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
  const { nodes, clusterIPs, apiServers } = networks ?? {};
  const references = [
    ...(nodes ? ['nodes'] : []),
    ...(clusterIPs ? ['cluster IP ranges'] : []),
    ...(apiServers ? ['the API server'] : []),
  ];
  const compared = references.length === 0 ? '' : `, compared with ${list.format(references)}`;
  const result =
    findings.length === 0
      ? 'no problems found'
      : `${counted(count('error'), 'error')}, ${counted(count('warning'), 'warning')}`;
  return printable(`${name}: ${counted(config.pools.size, 'pool')}${compared}: ${result}.`);
}
