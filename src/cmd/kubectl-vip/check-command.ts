import type { Config, ConfigProblem } from '../../core/config/config.ts';
import { explainProblem, formatRange } from '../../core/explain/explain-config.ts';
import { formatAddress, readAddress } from '../../core/ip/address.ts';
import { rangesContain, rangesMeet } from '../../core/ip/range.ts';
import { usablePools } from '../../core/queries/occupancy.ts';
import { overlapsIn } from '../../core/queries/report.ts';
import { printable } from '../../core/text/quote.ts';
import type { PoolPosition } from '../../manifest/pool-position.ts';
import { wrapWords } from '../../terminal/wrap.ts';
import type { ClusterNetworks } from './cluster-facts.ts';
import type { Answer, OutputOptions } from './command-result.ts';

/** What is wrong in a ConfigMap, and what is only doubtful. */
interface CheckFinding {
  readonly severity: 'error' | 'warning';
  readonly code: ConfigProblem['code'] | 'overlap' | 'node-address' | 'cluster-ips';
  readonly key: string;
  readonly sentence: string;
  readonly place: PoolPosition | undefined;
}

export interface CheckContext {
  readonly config: Config;
  /** Where a key or an entry stands, if it was read from a file. */
  readonly placeOf: (key: string, entry?: string) => PoolPosition | undefined;
  /** Of a cluster, where there is one. */
  readonly networks: ClusterNetworks | undefined;
  /** `configmap.yaml`, or the ConfigMap of a cluster. */
  readonly name: string;
  /** Sentences about the text that are no errors: what Kubernetes would read in another way. */
  readonly remarks: readonly string[];
}

/** The rest of the value counts, or the key is known: it works, maybe not as it was meant. */
const warnings: ReadonlySet<ConfigProblem['code']> = new Set([
  'host-bits',
  'shadowed',
  'dhcp-beside-addresses',
]);

/** `check` */
export function check(context: CheckContext): Answer {
  const findings = [
    ...context.config.problems.map((problem) => problemFinding(problem, context)),
    ...overlapFindings(context),
    ...surroundingFindings(context),
  ];
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  return {
    value: {
      kind: 'ConfigMapCheck',
      configMap: context.name,
      isRight: errors === 0,
      findings: findings.map(({ severity, code, key, sentence, place }) => ({
        severity,
        code,
        key,
        sentence,
        ...(place === undefined ? {} : { where: place.where }),
      })),
      remarks: context.remarks,
    },
    lines: (view) => [
      ...findings.flatMap((finding) => findingLines(finding, view)),
      summary(context, findings),
    ],
    exitCode: errors === 0 ? 0 : 1,
  };
}

function problemFinding(problem: ConfigProblem, { placeOf }: CheckContext): CheckFinding {
  return {
    severity: warnings.has(problem.code) ? 'warning' : 'error',
    code: problem.code,
    key: problem.key,
    sentence: explainProblem(problem),
    place: placeOf(problem.key, 'entry' in problem ? problem.entry : undefined),
  };
}

/** Each pair once, at the later key. */
function overlapFindings({ config, placeOf }: CheckContext): CheckFinding[] {
  return [...overlapsIn(usablePools(config))].flatMap(([key, others]) =>
    others
      .filter((other) => other < key)
      .map((other): CheckFinding => {
        const sentence = `${key} has addresses in common with ${other}: each of them is given once all the same, to whoever comes first.`;
        return { severity: 'warning', code: 'overlap', key, sentence, place: placeOf(key) };
      }),
  );
}

/** What a pool had better not have: addresses that others answer for. */
function surroundingFindings({ config: pools, placeOf, networks }: CheckContext): CheckFinding[] {
  if (networks === undefined) return [];
  return usablePools(pools).flatMap(({ key, ranges }): CheckFinding[] => {
    const place = placeOf(key);
    const nodes = (networks.nodes ?? []).filter(({ address }) => {
      const read = readAddress(address);
      return read !== undefined && rangesContain(ranges, read);
    });
    const cidrs = (networks.clusterIPs ?? []).filter(({ range }) =>
      ranges.some((one) => rangesMeet(one, range)),
    );
    return [
      ...nodes.map(({ name, address }): CheckFinding => {
        const shown = readAddress(address);
        const sentence = `${key} has ${shown === undefined ? address : formatAddress(shown)}, which is the address of the node ${name}: a Service that is given it takes the node off the network. Leave it out of the pool.`;
        return { severity: 'warning', code: 'node-address', key, sentence, place };
      }),
      ...cidrs.map(({ name, range }): CheckFinding => {
        const sentence = `${key} overlaps ${formatRange(range)}, from which the cluster takes cluster IPs (ServiceCIDR ${name}). Leave them out of the pool, or run the controller with --claims.`;
        return { severity: 'warning', code: 'cluster-ips', key, sentence, place };
      }),
    ];
  });
}

/** As compilers do it: a place, what it is, and the line. */
function findingLines({ severity, sentence, place }: CheckFinding, { ansi, width }: OutputOptions): string[] {
  const paint = severity === 'error' ? ansi.red : ansi.yellow;
  const begin = place === undefined ? '' : `${place.where}: `;
  const [first = '', ...more] = wrapWords(printable(`${begin}${severity}: ${sentence}`), width);
  const head = first.startsWith(`${begin}${severity}`)
    ? `${begin}${paint(severity)}${first.slice(begin.length + severity.length)}`
    : first;
  return [head, ...more, ...(place?.excerpt.split('\n') ?? []), ''];
}

function summary({ config: pools, name, networks }: CheckContext, findings: readonly CheckFinding[]): string {
  const count = (severity: CheckFinding['severity']): number =>
    findings.filter((finding) => finding.severity === severity).length;
  const many = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
  const { nodes, clusterIPs } = networks ?? {};
  const others = [...(nodes ? ['the nodes'] : []), ...(clusterIPs ? ['the cluster IPs'] : [])];
  const compared = others.length === 0 ? '' : `, compared with ${others.join(' and ')}`;
  const found =
    findings.length === 0
      ? 'nothing is wrong'
      : `${many(count('error'), 'error')}, ${many(count('warning'), 'warning')}`;
  return printable(`${name}: ${many(pools.pools.size, 'pool')}${compared}: ${found}.`);
}
