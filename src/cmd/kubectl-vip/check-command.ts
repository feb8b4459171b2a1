import type { Config } from '../../core/config/config.ts';
import { type ConfigProblem, countOf } from '../../core/config/config-problem.ts';
import { parseKey, poolNameOf } from '../../core/config/keys.ts';
import { isInPool, type PolicyPool, policyFor } from '../../core/config/policy.ts';
import { settingsIn } from '../../core/config/settings.ts';
import {
  explainOtherPools,
  explainProblem,
  explainSpecial,
  formatRange,
  maxExplained,
} from '../../core/explain/explain-config.ts';
import { externalIPOf } from '../../core/explain/explain-decision.ts';
import { type Address, formatAddress, readAddress } from '../../core/ip/address.ts';
import { mergeRanges, ordinalsOf, type Range, rangesContain } from '../../core/ip/range.ts';
import { specialPurposesIn } from '../../core/ip/special-purpose.ts';
import type { ExternalIPs } from '../../core/ledger/external-ips.ts';
import { keyOf, type ServiceView } from '../../core/model/service-view.ts';
import { annotations } from '../../core/model/well-known-names.ts';
import { servingPools, usablePools } from '../../core/queries/pool-users.ts';
import { overlapsIn } from '../../core/queries/report.ts';
import { nearestWord } from '../../core/text/nearest.ts';
import { printable, suggestionOf } from '../../core/text/quote.ts';
import type { PoolPosition } from '../../manifest/pool-position.ts';
import { wrapWords } from '../../terminal/wrap.ts';
import type { ClusterNetworks } from './cluster-facts.ts';
import type { CommandResult, OutputOptions } from './command-result.ts';

interface CheckFinding {
  readonly severity: 'error' | 'warning';
  readonly code: FindingCode;
  readonly key: string;
  readonly entry?: string;
  /** Of what is not in the ConfigMap. */
  readonly position?: PoolPosition | undefined;
  /** How many findings it stands for: 1 if undefined. */
  readonly count?: number;
  /** Called for those that are listed: it can search for a correction. */
  readonly explain: () => string;
}

type FindingCode =
  | ConfigProblem['code']
  | 'overlap'
  | 'node-address'
  | 'external-ip'
  | 'pool-not-listed'
  | 'cluster-ips'
  | 'api-server'
  | 'special-address'
  | 'unknown-namespace'
  | 'no-pools'
  | 'other-pools'
  | 'kubernetes-version'
  | 'rejected'
  | 'remark';

/** A finding that is listed. */
interface ListedFinding extends Pick<CheckFinding, 'severity' | 'code' | 'key'> {
  readonly message: string;
  readonly position: PoolPosition | undefined;
}

/** A file can have as many findings as lines: so many of each code are listed, and the others are counted. */
const maxListed = maxExplained;

/** A Service in the file with the ConfigMap. */
export interface CheckedService {
  readonly view: ServiceView;
  /** Of the annotation that names its pool. */
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
  readonly services?: readonly CheckedService[];
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
  'listed-twice',
  'unlisted-pool',
  'reserved-and-excluded',
]);

/** `check` */
export function check(context: CheckContext): CommandResult {
  const findings = [
    ...textFindings(context),
    ...context.config.problems.map((problem) => problemFinding(problem, context.config)),
    ...versionFindings(context),
    ...poolFindings(context),
    ...overlapFindings(context),
    ...specialFindings(context),
    ...namespaceFindings(context),
    ...networkFindings(context),
    ...externalIPFindings(context),
    ...serviceFindings(context),
  ];
  const { listed, omitted } = listedOf(findings, context);
  const errors = countIn(findings, 'error');
  return {
    value: {
      kind: 'ConfigMapCheck',
      configMap: context.name,
      isValid: errors === 0,
      findings: listed.map(({ severity, code, key, message, position }) => ({
        severity,
        code,
        key,
        message,
        ...(position === undefined ? {} : { where: position.where }),
      })),
      ...(omitted.size === 0 ? {} : { omitted: Object.fromEntries(omitted) }),
      remarks: context.remarks.slice(0, maxListed),
    },
    lines: (output) => [
      ...listed.flatMap((finding) => findingLines(finding, output)),
      ...omittedLines(omitted),
      summary(context, findings),
    ],
    exitCode: errors === 0 ? 0 : 1,
  };
}

/** The first findings of each code, and the number of the others. */
function listedOf(
  findings: readonly CheckFinding[],
  { positionOf }: CheckContext,
): { listed: ListedFinding[]; omitted: Map<FindingCode, number> } {
  const seen = new Map<FindingCode, number>();
  const omitted = new Map<FindingCode, number>();
  const listed = findings.flatMap(
    ({ severity, code, key, entry, position: at, count = 1, explain }): ListedFinding[] => {
      const before = seen.get(code) ?? 0;
      seen.set(code, before + 1);
      if (before < maxListed) {
        const position = at ?? (key === '' ? undefined : positionOf(key, entry));
        return [{ severity, code, key, message: explain(), position }];
      }
      omitted.set(code, (omitted.get(code) ?? 0) + count);
      return [];
    },
  );
  return { listed, omitted };
}

function countIn(findings: readonly CheckFinding[], severity: CheckFinding['severity']): number {
  return findings.reduce(
    (sum, finding) => sum + (finding.severity === severity ? (finding.count ?? 1) : 0),
    0,
  );
}

function omittedLines(omitted: ReadonlyMap<FindingCode, number>): string[] {
  if (omitted.size === 0) return [];
  const counts = [...omitted].map(([code, count]) => `${code} (${count})`);
  return [`Not listed: ${counts.join(', ')}. Fix the findings above, then check again.`, ''];
}

/** What the reader of the file found. */
function textFindings({ remarks, rejections }: CheckContext): CheckFinding[] {
  const rejected = new Set(rejections);
  return remarks.map((remark) => ({
    severity: rejected.has(remark) ? 'error' : 'warning',
    code: rejected.has(remark) ? 'rejected' : 'remark',
    key: '',
    explain: () => remark,
  }));
}

function problemFinding(problem: ConfigProblem, config: Config): CheckFinding {
  const { code, count } = countOf(problem);
  return {
    severity: warnings.has(code) ? 'warning' : 'error',
    code: problem.code,
    key: problem.key,
    ...('entry' in problem ? { entry: problem.entry } : {}),
    ...('reservation' in problem ? { entry: problem.reservation } : {}),
    count,
    explain: () => `${explainProblem(problem)}${meantPool(problem, config)}`,
  };
}

/** ` Did you mean "internal"?`, for a key of a pool that does not exist. */
function meantPool(problem: ConfigProblem, { pools }: Config): string {
  if (problem.code !== 'pool-of-key-missing') return '';
  const names = [...pools.keys()].flatMap((key) => poolNameOf(key) ?? []);
  const near = nearestWord(problem.pool, names);
  return near === undefined ? '' : suggestionOf(near).slice(1);
}

function versionFindings({ lacksIPAddresses }: CheckContext): CheckFinding[] {
  if (lacksIPAddresses !== true) return [];
  const message =
    'The controller runs with --claims, which needs Kubernetes 1.33, so it assigns no address. Upgrade the cluster, or remove the flag.';
  return [{ severity: 'error', code: 'kubernetes-version', key: '', explain: () => message }];
}

/** No pools, or pools in a ConfigMap that the controller does not read. */
function poolFindings({ config, configMap, otherPoolConfigMaps }: CheckContext): CheckFinding[] {
  const isEmpty = config.pools.size === 0;
  const severity = isEmpty && otherPoolConfigMaps.length > 0 ? 'error' : 'warning';
  const own = `${configMap.namespace}/${configMap.name}`;
  const none = `ConfigMap ${own} contains no pools, so Services can only get static addresses. Add a key such as cidr-global.`;
  return [
    ...(isEmpty ? [{ severity, code: 'no-pools', key: '', explain: () => none } as const] : []),
    ...otherPoolConfigMaps.map((other): CheckFinding => {
      const explain = () => explainOtherPools(other, configMap);
      return { severity, code: 'other-pools', key: '', explain };
    }),
  ];
}

/** Addresses that are suspicious in a pool. Those that cannot work are problems of the ConfigMap. */
function specialFindings({ config }: CheckContext): CheckFinding[] {
  return servingPools(config).flatMap(({ key, ranges }) => {
    const specials = new Set(ranges.flatMap(specialPurposesIn).filter(({ isUnusable }) => !isUnusable));
    return [...specials].map((special) =>
      warning('special-address', key, () => {
        return `${key} contains ${explainSpecial(special)} Check that clients can reach them.`;
      }),
    );
  });
}

function warning(code: FindingCode, key: string, explain: () => string): CheckFinding {
  return { severity: 'warning', code, key, explain };
}

/** Keys of namespaces that do not exist. */
function namespaceFindings({ config, networks }: CheckContext): CheckFinding[] {
  const namespaces = networks?.namespaces;
  const keys = [...config.pools.keys(), ...settingsIn(config.settings, 'namespace')];
  return keys.flatMap((key): CheckFinding[] => {
    const { scope, target = 'global' } = parseKey(key) ?? {};
    if (scope !== 'namespace' || target === 'global' || namespaces?.has(target)) return [];
    // Without the list of namespaces, only what looks like a global key.
    if (namespaces === undefined && !target.startsWith('global-')) return [];
    return [
      warning('unknown-namespace', key, () =>
        namespaces === undefined
          ? `${key} applies to a namespace called ${target}, not to all namespaces. Only a key that ends in -global does.`
          : `${key} applies to namespace ${target}, which does not exist. Rename the key, or run: kubectl create namespace ${target}`,
      ),
    ];
  });
}

/** Each pair once, at the later key. A pool that overlaps very many others has some of them only. */
function overlapFindings({ config }: CheckContext): CheckFinding[] {
  return [...overlapsIn(servingPools(config))].flatMap(([key, { keys }]) =>
    keys
      .filter((other) => other < key)
      .map((other) =>
        warning('overlap', key, () => {
          return `${key} overlaps ${other}. Each address in both pools is still assigned only once, to the first Service that needs it.`;
        }),
      ),
  );
}

/** Addresses in pools that belong to nodes or to the cluster IP ranges. */
function networkFindings({ config, networks }: CheckContext): CheckFinding[] {
  if (networks === undefined) return [];
  const providers = providersIn(config);
  const pooled = mergeRanges(providers.flatMap(({ variants }) => variants.flatMap(({ ranges }) => ranges)));
  const inPools = <T extends { readonly address: string }>(some: readonly T[] = []) =>
    some.flatMap((one) => {
      const parsed = readAddress(one.address);
      return parsed !== undefined && rangesContain(pooled, parsed) ? [{ ...one, parsed }] : [];
    });
  const nodes = inPools(networks.nodes);
  const apiServers = new Map(inPools(networks.apiServers).map((one) => [formatAddress(one.parsed), one]));
  return providers.flatMap(({ key, variants }): CheckFinding[] => {
    const cidrs = (networks.clusterIPs ?? []).filter(({ range }) =>
      variants.some((pool) => meets(pool, range)),
    );
    return [
      ...nodes
        .filter(({ parsed }) => isProvided(parsed, variants))
        .map(({ name, parsed }) =>
          warning('node-address', key, () => {
            return `${key} contains ${formatAddress(parsed)}, the address of node ${name}. A Service that gets it takes the node off the network. Remove the address from the pool, or exclude it.`;
          }),
        ),
      ...[...apiServers]
        .filter(([, { parsed }]) => isProvided(parsed, variants))
        .map(([address, { source }]) =>
          warning('api-server', key, () => {
            return `${key} contains ${address}, the address of the API server (${source}). A Service that gets it cuts off the control plane. Remove the address from the pool, or exclude it.`;
          }),
        ),
      ...cidrs.map(({ name, range }) =>
        warning('cluster-ips', key, () => {
          return `${key} overlaps ${formatRange(range)}, the cluster IP range of ServiceCIDR ${name}. Remove these addresses from the pool, or run the controller with --claims.`;
        }),
      ),
    ];
  });
}

/** A pool as the namespaces use it: what is excluded from it can differ. */
interface Provider {
  readonly key: string;
  readonly variants: readonly PolicyPool[];
}

function providersIn(config: Config): Provider[] {
  return [...Map.groupBy(usablePools(config), ({ key }) => key)].map(([key, variants]) => ({
    key,
    variants,
  }));
}

/** Whether a Service can get the address from the pool: it is not excluded. */
function isProvided(address: Address, variants: readonly PolicyPool[]): boolean {
  return variants.some((pool) => rangesContain(pool.ranges, address) && isInPool(pool, address));
}

function meets({ spans }: PolicyPool, range: Range): boolean {
  const ordinals = ordinalsOf(range);
  return (
    ordinals !== undefined &&
    spans[range.family].some(({ first, last }) => first <= ordinals.last && ordinals.first <= last)
  );
}

/** Addresses in pools that Services have as external IPs: they are never allocated. */
function externalIPFindings({ config, externalIPs = [] }: CheckContext): CheckFinding[] {
  return providersIn(config).flatMap(({ key, variants }) =>
    externalIPs.flatMap((service) =>
      service.addresses
        .filter((address) => isProvided(address, variants))
        .map((address) =>
          warning('external-ip', key, () => {
            return `${key} contains ${formatAddress(address)}, ${externalIPOf([service.key])}. The controller never allocates it while it is.`;
          }),
        ),
    ),
  );
}

/** Services that name a pool that their namespace cannot use. */
function serviceFindings({ config, services = [] }: CheckContext): CheckFinding[] {
  return services.flatMap(({ view, position }): CheckFinding[] => {
    const policy = policyFor(config, view);
    if (policy.choice.by !== 'refused') return [];
    const { pools } = policy.choice;
    const explain = () => {
      const can = policy.listed.map(({ name }) => name);
      const isList = policy.list !== undefined && policy.list !== can[0];
      const where = isList ? ` (${policy.list})` : '';
      const meant = pools.map((name) => nearestWord(name, can));
      const suggestion = suggestionOf(
        meant.every((name) => name !== undefined) ? meant.join(',') : undefined,
      );
      return `Service ${keyOf(view)}: the annotation ${annotations.pool} names ${list.format(pools)}, but namespace ${view.namespace} can use ${can.length === 0 ? 'no pool' : list.format(can)}${where}${suggestion}`;
    };
    return [{ severity: 'error', code: 'pool-not-listed', key: '', position, explain }];
  });
}

/** In the format of compilers: position, severity, message, and the line of the file. */
function findingLines(
  { severity, message, position }: ListedFinding,
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
      : `${counted(countIn(findings, 'error'), 'error')}, ${counted(countIn(findings, 'warning'), 'warning')}`;
  return printable(`${name}: ${counted(config.pools.size, 'pool')}${compared}: ${result}.`);
}
