import type { Config } from '../../core/config/config.ts';
import { parseKey } from '../../core/config/keys.ts';
import { policyFor } from '../../core/config/policy.ts';
import type { Allocator, ServiceDecision } from '../../core/decide/allocator.ts';
import { conflictingAddresses, isConflictCondition } from '../../core/decide/decision.ts';
import { explainProblems } from '../../core/explain/explain-config.ts';
import { explainCondition, explainConflict } from '../../core/explain/explain-decision.ts';
import { formatAddress } from '../../core/ip/address.ts';
import type { Options } from '../../core/model/options.ts';
import { isReportedHere } from '../../core/queries/audit.ts';
import { pendingCounts, type QuotaRow, quotaRow, quotaRows } from '../../core/queries/quotas.ts';
import {
  explainOverlap,
  namespacePoolRows,
  type Overlap,
  outsideEveryPool,
  overlapsIn,
  type PoolRow,
  poolNotes,
  poolRows,
} from '../../core/queries/report.ts';
import { layOut } from '../../terminal/layout.ts';
import { bar, bullets, isLeased, shortCount } from '../../terminal/table.ts';
import { type ClusterFacts, currentAllocator } from './cluster-facts.ts';
import type { CommandResult, OutputOptions } from './command-result.ts';
import { footnotes, sourceOf } from './footnotes.ts';
import type { NamespaceScope } from './namespace-scope.ts';

interface ReportedPool extends PoolRow {
  readonly overlap: Overlap | undefined;
  /** The Services that wait for an address of it. */
  readonly pending: number;
}

/** Pool usage and problems at one moment. */
export interface PoolsReport {
  readonly rows: readonly ReportedPool[];
  readonly quotas: readonly QuotaRow[];
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

/** O(Services) decisions. With `-n`, only the pools and the quota that apply to the namespace. */
export function poolsReport(allocator: Allocator, options: Options, scope: NamespaceScope): PoolsReport {
  const { config } = allocator;
  const isWhole = !scope.isNamed || scope.isAll;
  const overlaps = overlapsIn([...config.pools.values()]);
  const decisions = [...allocator.ledger.all()].flatMap(({ key }) => allocator.explain(key) ?? []);
  const pending = pendingCounts(decisions);
  const rows = (isWhole ? poolRows(allocator) : namespacePoolRows(scope.namespace, allocator)).map((row) => ({
    ...row,
    overlap: overlaps.get(row.key),
    pending: pending.byPool.get(row.key) ?? 0,
  }));
  const { namespace, name } = options.configMap;
  return {
    rows,
    quotas: isWhole
      ? quotaRows(allocator, pending)
      : [quotaRow(scope.namespace, allocator, pending) ?? []].flat(),
    emptyReason:
      rows.length > 0
        ? ''
        : !config.exists
          ? `There are no pools, because the ConfigMap ${namespace}/${name} does not exist.`
          : isWhole
            ? `The ConfigMap ${namespace}/${name} contains no pools.`
            : `No pool applies to namespace ${scope.namespace}.`,
    problems: explainProblems(
      config.problems.filter(({ key }) => isWhole || concerns(key, scope.namespace, config)),
    ),
    outside: isWhole
      ? outsideEveryPool(allocator).map(({ address, state }) => ({
          service: state.key,
          address: formatAddress(address),
        }))
      : [],
    conflicts: isWhole ? conflictsIn(decisions, allocator, options) : [],
  };
}

/** Whether the key says something about the addresses of the namespace. */
function concerns(key: string, namespace: string, config: Config): boolean {
  const { listed, list, quota } = policyFor(config, { namespace });
  const { scope, target, name } = parseKey(key) ?? {};
  if (scope === 'pool') return listed.some((pool) => pool.name === target);
  const isUsed = key === list || key === quota?.key || (name === 'exclude' && target === 'global');
  return scope === 'namespace' && (isUsed || (target === namespace && namespace !== 'global'));
}

function conflictsIn(
  decisions: readonly ServiceDecision[],
  allocator: Allocator,
  options: Options,
): PoolsReport['conflicts'] {
  const conflicts: { service: string; address: string; message: string }[] = [];
  for (const { state, decision } of decisions) {
    const { key } = state;
    if (conflictingAddresses(decision).length === 0) continue;
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
      items: report.rows.map(itemOf),
      quotas: report.quotas,
      problems: report.problems,
      outside: report.outside,
      conflicts: report.conflicts,
      source: sourceOf(facts),
    },
    lines: (output) => [...poolLines(report, output), '', ...footnotes(facts, output)],
    exitCode: 0,
  };
}

/** A pool, for programs. */
function itemOf({ users, overlap, ...row }: ReportedPool): object {
  const { key, ranges, families, size, used, reserved, free, excluded, pending, next, remark } = row;
  const counts = { size, used, reserved, free, excluded, pending };
  return {
    ...{ key, ranges, families, ...counts, next },
    namespaces: users.namespaces,
    servesOthers: users.others,
    overlaps: overlap?.keys ?? [],
    ...(overlap?.hasMore ? { hasMoreOverlaps: true } : {}),
    remark,
  };
}

/** The report as lines for people. */
export function poolLines(report: PoolsReport, output: OutputOptions): string[] {
  const { ansi } = output;
  const parts = [
    report.emptyReason === '' ? tableOf(report, output) : [report.emptyReason],
    quotaTable(report, output),
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
  const remarks = rows.map(remarkOn);
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
      { text: bar({ used: row.size - row.free, free: row.free }), paint },
      { text: row.next.length > 0 ? row.next.join(',') : isLease ? 'DHCP' : '-' },
      ...(hasRemarks ? [{ text: remarks[i] ?? '' }] : []),
    ];
  });
  return layOut(heads, cells, width, ansi.bold);
}

/** `for shop; 20 excluded; 1 Service pending; overlaps cidr-a` */
function remarkOn(row: ReportedPool): string {
  const { overlap, pending } = row;
  return [
    ...poolNotes(row),
    ...(pending > 0 ? [`${pending} ${pending === 1 ? 'Service' : 'Services'} pending`] : []),
    ...(overlap === undefined ? [] : [`overlaps ${explainOverlap(overlap)}`]),
  ].join('; ');
}

function quotaTable({ quotas }: PoolsReport, { ansi, width }: OutputOptions): string[] {
  if (quotas.length === 0) return [];
  const heads = [
    { title: 'NAMESPACE' },
    { title: 'QUOTA' },
    { title: 'LIMIT', right: true },
    { title: 'USED', right: true },
    { title: 'LEFT', right: true },
    { title: '' },
    { title: 'PENDING', right: true },
  ];
  const cells = quotas.map(({ namespace, key, limit, used, left, pending }) => [
    { text: namespace },
    { text: key },
    { text: String(limit) },
    { text: String(used) },
    { text: left < 0 ? `0 (${-left} over)` : String(left) },
    {
      text: bar({ used: BigInt(used), free: BigInt(Math.max(0, left)) }),
      paint: left > 0 ? ansi.green : ansi.yellow,
    },
    { text: String(pending) },
  ]);
  return layOut(heads, cells, width, ansi.bold);
}
