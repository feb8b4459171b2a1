import { poolFor } from '../../core/config/config.ts';
import type { Allocator } from '../../core/decide/allocator.ts';
import { conflictingAddresses, isConflictCondition } from '../../core/decide/decision.ts';
import { explainProblem } from '../../core/explain/explain-config.ts';
import { explainCondition, explainConflict } from '../../core/explain/explain-decision.ts';
import { formatAddress } from '../../core/ip/address.ts';
import type { Options } from '../../core/model/options.ts';
import { isReportedHere } from '../../core/queries/audit.ts';
import { outsideEveryPool, overlapsIn, type PoolRow, poolRows } from '../../core/queries/report.ts';
import { layOut } from '../../terminal/layout.ts';
import { bar, bullets, isLeased, shortCount } from '../../terminal/table.ts';
import { type ClusterFacts, presentOf } from './cluster-facts.ts';
import type { Answer, OutputOptions } from './command-result.ts';
import { footnotes, sourceOf } from './footnotes.ts';
import type { NamespaceScope } from './namespace-scope.ts';

/** How full the pools are, and what is wrong with them, at one moment. */
export interface PoolsReport {
  readonly rows: readonly (PoolRow & { readonly overlaps: readonly string[] })[];
  /** Why there are no rows; empty where there are. */
  readonly nothing: string;
  readonly problems: readonly string[];
  readonly outside: readonly { readonly service: string; readonly address: string }[];
  readonly conflicts: readonly {
    readonly service: string;
    readonly address: string;
    readonly sentence: string;
  }[];
}

/** O(Services) decisions. With a named namespace only the pool that serves it. */
export function poolsReport(allocator: Allocator, options: Options, scope: NamespaceScope): PoolsReport {
  const { config } = allocator;
  const own = scope.isNamed && !scope.isAll ? poolFor(config, scope.namespace) : undefined;
  const isWhole = !scope.isNamed || scope.isAll;
  const overlaps = overlapsIn([...config.pools.values()]);
  const rows = poolRows(allocator)
    .filter(({ key }) => isWhole || key === own?.key)
    .map((row) => ({ ...row, overlaps: overlaps.get(row.key) ?? [] }));
  const { namespace, name } = options.configMap;
  return {
    rows,
    nothing:
      rows.length > 0
        ? ''
        : !config.exists
          ? `There are no pools: the ConfigMap ${namespace}/${name} does not exist.`
          : isWhole
            ? `There are no pools in the ConfigMap ${namespace}/${name}.`
            : `No pool serves the namespace ${scope.namespace}.`,
    problems: config.problems.filter(({ key }) => isWhole || key === own?.key).map(explainProblem),
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
  const found: { service: string; address: string; sentence: string }[] = [];
  for (const { key } of allocator.ledger.all()) {
    const decision = allocator.explain(key)?.decision;
    if (decision === undefined || conflictingAddresses(decision).length === 0) continue;
    if (decision.kind === 'conflict' && decision.conflict.code === 'address-in-use')
      found.push({
        service: key,
        address: formatAddress(decision.conflict.address),
        sentence: explainConflict(decision.conflict),
      });
    for (const note of 'conditions' in decision ? decision.conditions : [])
      if (isConflictCondition(note) && (note.code !== 'contested' || isReportedHere(note, allocator)))
        found.push({
          service: key,
          address: formatAddress(note.address),
          sentence: explainCondition(note, options),
        });
  }
  return found.sort((a, b) => (a.service < b.service ? -1 : 1));
}

/** `pools` */
export function pools(facts: ClusterFacts, scope: NamespaceScope): Answer {
  const report = poolsReport(presentOf(facts), facts.options, scope);
  return {
    value: {
      kind: 'PoolList',
      items: report.rows.map(({ key, ranges, families, size, used, free, next, overlaps, remark }) => ({
        key,
        ranges,
        families,
        size,
        used,
        free,
        next,
        overlaps,
        note: remark,
      })),
      problems: report.problems,
      outside: report.outside,
      conflicts: report.conflicts,
      source: sourceOf(facts),
    },
    lines: (view) => [...poolLines(report, view), '', ...footnotes(facts, view)],
    exitCode: 0,
  };
}

/** The report for a person. */
export function poolLines(report: PoolsReport, view: OutputOptions): string[] {
  const { ansi } = view;
  const parts = [
    report.nothing === '' ? tableOf(report, view) : [report.nothing],
    bullets('Problems', report.problems, view, ansi.yellow, ansi),
    bullets(
      'Conflicts',
      report.conflicts.map(({ service, sentence }) => `${service}: ${sentence}`),
      view,
      ansi.red,
      ansi,
    ),
    bullets(
      'Held outside of every pool',
      report.outside.map(({ service, address }) => `${address} by ${service}`),
      view,
      (text) => text,
      ansi,
    ),
  ].filter((part) => part.length > 0);
  return parts.flatMap((part, index) => (index === 0 ? part : ['', ...part]));
}

function tableOf({ rows }: PoolsReport, { ansi, width, isWide }: OutputOptions): string[] {
  const notes = rows.map(({ remark, overlaps }) =>
    [remark, ...(overlaps.length === 0 ? [] : [`overlaps ${overlaps.join(', ')}`])]
      .filter((text) => text !== '')
      .join('; '),
  );
  const hasNotes = notes.some((note) => note !== '');
  const heads = [
    { title: 'POOL' },
    { title: 'FAMILIES' },
    ...(isWide ? [{ title: 'ADDRESSES', least: 24 }] : []),
    { title: 'SIZE', right: true },
    { title: 'USED', right: true },
    { title: 'FREE', right: true },
    { title: '' },
    { title: 'NEXT' },
    ...(hasNotes ? [{ title: 'NOTE', least: 40, below: true }] : []),
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
      { text: row.next.length > 0 ? row.next.join(',') : isLease ? 'by DHCP' : '-' },
      ...(hasNotes ? [{ text: notes[i] ?? '' }] : []),
    ];
  });
  return layOut(heads, cells, width, ansi.bold);
}
