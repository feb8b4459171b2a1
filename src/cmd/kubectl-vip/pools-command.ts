import { policyFor } from '../../core/config/policy.ts';
import type { Allocator } from '../../core/decide/allocator.ts';
import { conflictingAddresses, isConflictCondition } from '../../core/decide/decision.ts';
import { explainProblems } from '../../core/explain/explain-config.ts';
import { explainCondition, explainConflict } from '../../core/explain/explain-decision.ts';
import { formatAddress } from '../../core/ip/address.ts';
import type { Options } from '../../core/model/options.ts';
import { isReportedHere } from '../../core/queries/audit.ts';
import {
  explainOverlap,
  type Overlap,
  outsideEveryPool,
  overlapsIn,
  type PoolRow,
  poolRows,
} from '../../core/queries/report.ts';
import { layOut } from '../../terminal/layout.ts';
import { bar, bullets, isLeased, shortCount } from '../../terminal/table.ts';
import { type ClusterFacts, currentAllocator } from './cluster-facts.ts';
import type { CommandResult, OutputOptions } from './command-result.ts';
import { footnotes, sourceOf } from './footnotes.ts';
import type { NamespaceScope } from './namespace-scope.ts';

/** Pool usage and problems at one moment. */
export interface PoolsReport {
  readonly rows: readonly (PoolRow & { readonly overlap: Overlap | undefined })[];
  /** Why there are no rows; empty if there are some. */
  readonly emptyReason: string;
  readonly problems: readonly string[];
  readonly outside: readonly { readonly service: string; readonly address: string }[];
  readonly conflicts: readonly {
    readonly service: string;
    readonly address: string;
    readonly message: string;
  }[];
}

/** O(Services) decisions. With `-n`, only the pool that applies to the namespace. */
export function poolsReport(allocator: Allocator, options: Options, scope: NamespaceScope): PoolsReport {
  const { config } = allocator;
  const own = scope.isNamed && !scope.isAll ? policyFor(config, scope).pools[0] : undefined;
  const isWhole = !scope.isNamed || scope.isAll;
  const overlaps = overlapsIn([...config.pools.values()]);
  const rows = poolRows(allocator)
    .filter(({ key }) => isWhole || key === own?.key)
    .map((row) => ({ ...row, overlap: overlaps.get(row.key) }));
  const { namespace, name } = options.configMap;
  return {
    rows,
    emptyReason:
      rows.length > 0
        ? ''
        : !config.exists
          ? `There are no pools, because the ConfigMap ${namespace}/${name} does not exist.`
          : isWhole
            ? `The ConfigMap ${namespace}/${name} contains no pools.`
            : `No pool applies to namespace ${scope.namespace}.`,
    problems: explainProblems(config.problems.filter(({ key }) => isWhole || key === own?.key)),
    outside: isWhole
      ? outsideEveryPool(allocator).map(({ address, state }) => ({
          service: state.key,
          address: formatAddress(address),
        }))
      : [],
    conflicts: isWhole ? conflictsIn(allocator, options) : [],
  };
}

function conflictsIn(allocator: Allocator, options: Options): PoolsReport['conflicts'] {
  const conflicts: { service: string; address: string; message: string }[] = [];
  for (const { key } of allocator.ledger.all()) {
    const decision = allocator.explain(key)?.decision;
    if (decision === undefined || conflictingAddresses(decision).length === 0) continue;
    if (decision.kind === 'conflict' && decision.conflict.code === 'address-in-use')
      conflicts.push({
        service: key,
        address: formatAddress(decision.conflict.address),
        message: explainConflict(decision.conflict),
      });
    for (const condition of 'conditions' in decision ? decision.conditions : [])
      if (
        isConflictCondition(condition) &&
        (condition.code !== 'contested' || isReportedHere(condition, allocator))
      )
        conflicts.push({
          service: key,
          address: formatAddress(condition.address),
          message: explainCondition(condition, options),
        });
  }
  return conflicts.sort((a, b) => (a.service < b.service ? -1 : 1));
}

/** `pools` */
export function pools(facts: ClusterFacts, scope: NamespaceScope): CommandResult {
  const report = poolsReport(currentAllocator(facts), facts.options, scope);
  return {
    value: {
      kind: 'PoolList',
      items: report.rows.map(({ key, ranges, families, size, used, free, next, overlap, remark }) => ({
        key,
        ranges,
        families,
        size,
        used,
        free,
        next,
        overlaps: overlap?.keys ?? [],
        ...(overlap?.hasMore ? { hasMoreOverlaps: true } : {}),
        remark,
      })),
      problems: report.problems,
      outside: report.outside,
      conflicts: report.conflicts,
      source: sourceOf(facts),
    },
    lines: (output) => [...poolLines(report, output), '', ...footnotes(facts, output)],
    exitCode: 0,
  };
}

/** The report as lines for people. */
export function poolLines(report: PoolsReport, output: OutputOptions): string[] {
  const { ansi } = output;
  const parts = [
    report.emptyReason === '' ? tableOf(report, output) : [report.emptyReason],
    bullets('Problems', report.problems, output, ansi.yellow, ansi),
    bullets(
      'Conflicts',
      report.conflicts.map(({ service, message }) => `${service}: ${message}`),
      output,
      ansi.red,
      ansi,
    ),
    bullets(
      'Assigned outside every pool',
      report.outside.map(({ service, address }) => `${address}: ${service}`),
      output,
      (text) => text,
      ansi,
    ),
  ].filter((part) => part.length > 0);
  return parts.flatMap((part, index) => (index === 0 ? part : ['', ...part]));
}

function tableOf({ rows }: PoolsReport, { ansi, width, isWide }: OutputOptions): string[] {
  const remarks = rows.map(({ remark, overlap }) =>
    [remark, ...(overlap === undefined ? [] : [`overlaps ${explainOverlap(overlap)}`])]
      .filter((text) => text !== '')
      .join('; '),
  );
  const hasRemarks = remarks.some((remark) => remark !== '');
  const heads = [
    { title: 'POOL' },
    { title: 'FAMILIES' },
    ...(isWide ? [{ title: 'ADDRESSES', least: 24 }] : []),
    { title: 'SIZE', right: true },
    { title: 'USED', right: true },
    { title: 'FREE', right: true },
    { title: '' },
    { title: 'NEXT' },
    ...(hasRemarks ? [{ title: 'REMARK', least: 40, below: true }] : []),
  ];
  const cells = rows.map((row, i) => {
    const isLease = isLeased(row);
    const count = (of: bigint): string => (isLease ? '-' : shortCount(of));
    const paint = row.free === 0n && !isLease ? ansi.yellow : ansi.green;
    return [
      { text: row.key },
      { text: row.families.length === 0 ? '-' : row.families.join(',') },
      ...(isWide ? [{ text: row.ranges === '' ? '-' : row.ranges }] : []),
      { text: count(row.size) },
      { text: count(row.used) },
      { text: count(row.free) },
      { text: bar(row), paint },
      { text: row.next.length > 0 ? row.next.join(',') : isLease ? 'DHCP' : '-' },
      ...(hasRemarks ? [{ text: remarks[i] ?? '' }] : []),
    ];
  });
  return layOut(heads, cells, width, ansi.bold);
}
