import type { AllocationPolicy } from '../../core/config/policy.ts';
import type { ServiceDecision } from '../../core/decide/allocator.ts';
import { decide } from '../../core/decide/decide.ts';
import type { AddressConflict } from '../../core/decide/decision.ts';
import { isReportable, remediesForAnnouncement } from '../../core/explain/explain-announcement.ts';
import { explainDecision, explainWrite, sourcesOf } from '../../core/explain/explain-decision.ts';
import { announcementCheck, explainTrace, type Finding } from '../../core/explain/explain-trace.ts';
import type { Remedy } from '../../core/explain/remedy.ts';
import { remediesFor } from '../../core/explain/service-remedies.ts';
import { formatAddress } from '../../core/ip/address.ts';
import { stateOf } from '../../core/ledger/service-state.ts';
import { formatAddressList } from '../../core/model/address-list.ts';
import { staticSource, unknownSource } from '../../core/model/allocation-record.ts';
import { keyOf, type ServiceKey } from '../../core/model/service-view.ts';
import { type ServiceRow, serviceRow } from '../../core/queries/report.ts';
import { nearestWord } from '../../core/text/nearest.ts';
import { never, printable, quoted } from '../../core/text/quote.ts';
import { layOut } from '../../terminal/layout.ts';
import { short } from '../../terminal/table.ts';
import { wrapWords } from '../../terminal/wrap.ts';
import { announcementOf } from './announcements.ts';
import {
  type ClusterFacts,
  decisionFor,
  type SimulatedCluster,
  simulatedClusterOf,
} from './cluster-facts.ts';
import type { CommandResult, OutputOptions } from './command-result.ts';
import { footnotes, sourceOf } from './footnotes.ts';
import { type HeldSince, heldSince } from './held-since.ts';
import type { NamespaceScope } from './namespace-scope.ts';
import { lastWarning, type ServiceEvent } from './service-events.ts';

interface ExplainedRow {
  readonly row: ServiceRow;
  /** A write is due: the addresses in the row are those after it. */
  readonly isDue: boolean;
}

/** The state of one Service, and the reasons. */
interface ServiceExplanation extends ExplainedRow {
  readonly since: HeldSince | undefined;
  /** What the controller reported last, if it still applies and is not shown otherwise. */
  readonly warning: ServiceEvent | undefined;
  readonly checks: readonly Finding[];
  readonly remedies: readonly Remedy[];
  readonly summary: string;
}

/** `explain service/NAME`, or all Services of a namespace. */
export function explain(
  facts: ClusterFacts,
  scope: NamespaceScope,
  positionals: readonly string[],
): CommandResult {
  const cluster = simulatedClusterOf(facts);
  if (positionals.length === 0) return explainAll(facts, cluster, scope);
  const explanations = servicesIn(positionals, scope).map((key) => explainOne(key, facts, cluster));
  const items = explanations.map(itemOf);
  const source = sourceOf(facts);
  return {
    value:
      items.length === 1 && items[0] !== undefined
        ? { kind: 'ServiceExplanation', ...items[0], source }
        : { kind: 'ServiceExplanationList', items, source },
    lines: (output) => [
      ...explanations.flatMap((explanation) => [...explanationLines(explanation, output), '']),
      ...footnotes(facts, output),
    ],
    exitCode: 0,
  };
}

const serviceKind = /^(?:services?|svc)$/i;

/** The Services that the arguments name. */
export function servicesIn(positionals: readonly string[], scope: NamespaceScope): ServiceKey[] {
  return withoutKind(positionals).map((name) => serviceKeyOf(name, scope));
}

/** `service web`, which kubectl accepts as well as `service/web`. */
function withoutKind(positionals: readonly string[]): readonly string[] {
  const [first = '', ...rest] = positionals;
  return rest.length > 0 && serviceKind.test(first) ? rest : positionals;
}

/** Reads `service/web`, `svc/web`, `web`, and `shop/web` as in messages, with or without the kind. */
function serviceKeyOf(text: string, { namespace }: NamespaceScope): ServiceKey {
  const [first = '', ...rest] = text.split('/');
  const name = rest.length > 0 && serviceKind.test(first) ? rest.join('/') : text;
  return name.includes('/') ? name : `${namespace}/${name}`;
}

function explainOne(key: ServiceKey, facts: ClusterFacts, cluster: SimulatedCluster): ServiceExplanation {
  const decided = decisionFor(key, cluster) ?? decisionForOtherType(key, facts, cluster);
  if (decided === undefined) throw new Error(notFound(key, cluster));
  const { options, configMap } = facts;
  const { decision } = decided;
  const isDue = decision.kind === 'write';
  const announcement = announcementOf(decided, facts);
  const found = announcement?.found;
  return {
    row: serviceRow(decided, options, facts.snapshot.nodes),
    isDue,
    since: decision.kind === 'keep' ? heldSince(facts.managedFields.get(key) ?? []) : undefined,
    warning: lastWarning(facts.events?.get(key) ?? [], isDue, explainDecision(decision, options)),
    checks: [
      ...explainTrace(decided, options),
      ...(announcement === undefined ? [] : [announcementCheck(found)]),
    ],
    remedies: [
      ...(isDue ? [remedyForDueWrite(facts)] : []),
      ...remediesFor(decided, { allocator: cluster.outcome.allocator, options, configMap }),
      ...(found === undefined || !isReportable(found.problem, found.evidence)
        ? []
        : remediesForAnnouncement(decided.state.view, found.problem, found.evidence)),
    ],
    summary: summaryOf(decided, facts),
  };
}

/** The ledger contains only Services of type LoadBalancer. */
function decisionForOtherType(
  key: ServiceKey,
  { otherServices, options }: ClusterFacts,
  { allocator }: SimulatedCluster,
): ServiceDecision | undefined {
  const view = otherServices.find((one) => keyOf(one) === key);
  if (view === undefined) return undefined;
  const state = stateOf(view, options);
  return { state, ...decide(state, allocator.facts, options.controller) };
}

function notFound(key: ServiceKey, { allocator }: SimulatedCluster): string {
  const keys = [...allocator.ledger.all()].map((state) => state.key);
  const [namespace, name] = key.split('/');
  const sameName = keys.find((one) => one.endsWith(`/${name}`));
  const nearest = sameName ?? nearestWord(key, keys);
  const advice =
    nearest === undefined
      ? 'To list all Services, run:\nkubectl vip explain -A'
      : `Did you mean ${nearest.split('/')[1]} in namespace ${nearest.split('/')[0]}?`;
  return `Service ${quoted(name ?? '')} not found in namespace ${quoted(namespace ?? '')}. ${advice}`;
}

function remedyForDueWrite({ leadership }: ClusterFacts): Remedy {
  if (leadership?.isLed === true)
    return {
      advice: 'Wait a moment and run this command again: a controller is running.',
      command: undefined,
    };
  const reason = leadership === undefined ? '' : ` ${leadership.sentence}`;
  return { advice: `Start the controller, which then writes this.${reason}`, command: undefined };
}

function summaryOf({ state, decision, trace }: ServiceDecision, { options }: ClusterFacts): string {
  const { key } = state;
  switch (decision.kind) {
    case 'keep':
      return `${key} has ${decision.addresses.text}, ${originText(decision, trace.policy)}.`;
    case 'write':
      return `A write is due for ${key}: ${explainWrite(decision, trace.policy)}.`;
    case 'pending':
      return `${key} is pending. ${explainDecision(decision, options)}`;
    case 'conflict':
      return `${key} requests ${conflictText(decision.conflict)}.`;
    case 'ignore':
    case 'release':
      // A Service of ours that is being deleted keeps its address, which stays in use.
      if (state.ignoreReason === undefined && state.view.deleting)
        return state.requestedIPs.length === 0
          ? `${key} is being deleted and has no address.`
          : `${key} is being deleted and keeps ${formatAddressList(state.requestedIPs)} until it is gone.`;
      return `${key} is ignored by this controller. ${explainDecision(decision, options)}`;
  }
}

function conflictText(conflict: AddressConflict): string {
  switch (conflict.code) {
    case 'address-in-use':
      return `${formatAddress(conflict.address)}, which ${heldBy(conflict)}`;
    case 'quota-reached':
      return `an address that ${conflict.key} does not allow: ${conflict.held} of ${conflict.limit} are held`;
    case 'invalid-address':
      return 'an invalid address';
    default:
      return never(conflict);
  }
}

function heldBy({ address, holder, why }: AddressConflict & { code: 'address-in-use' }): string {
  if (why.code === 'reserved') return `is reserved for ${holder}`;
  if (why.code !== 'claimed') return `is held by ${holder}`;
  return holder.trim() === ''
    ? `is claimed by the IPAddress object ${formatAddress(address)}`
    : `is claimed for ${holder}`;
}

function originText(
  decision: ServiceDecision['decision'] & { kind: 'keep' },
  policy: AllocationPolicy,
): string {
  const { addresses, source } = decision;
  if (source === staticSource) return addresses.entries.length > 1 ? 'static addresses' : 'a static address';
  return source === unknownSource ? 'of unknown origin' : `from ${sourcesOf(decision, policy).join(' and ')}`;
}

/** The state of a Service, for programs. */
function rowOf({ row, isDue }: ExplainedRow) {
  return {
    service: `${row.namespace}/${row.name}`,
    state: isDue ? ('Assigning' as const) : row.state,
    addresses: row.addresses,
    from: row.from,
    condition: row.condition,
  };
}

function itemOf({ since, warning, checks, remedies, summary, ...explained }: ServiceExplanation): object {
  const { condition, ...row } = rowOf(explained);
  return {
    ...row,
    ...(since === undefined ? {} : { since: since.time, writtenBy: since.manager }),
    summary,
    ...(warning === undefined ? {} : { lastWarning: warning }),
    condition,
    checks,
    remedies: remedies.map(({ advice, command }) =>
      command === undefined ? { advice } : { advice, command },
    ),
  };
}

const outcomeMarks = { passed: 'ok', failed: 'fail', noted: '-' } as const;

function explanationLines(
  { summary, since, warning, checks, remedies }: ServiceExplanation,
  { ansi, width }: OutputOptions,
): string[] {
  const paints = { passed: ansi.green, failed: ansi.red, noted: ansi.yellow };
  const rows = checks.map(({ name, outcome, finding }) => [
    { text: outcomeMarks[outcome], paint: paints[outcome] },
    { text: name },
    { text: finding },
  ]);
  const heads = [{ title: '' }, { title: 'CHECK' }, { title: 'RESULT', least: 40 }];
  const lines = [...wrapWords(printable(summary), width).map(ansi.bold)];
  if (since !== undefined)
    lines.push(
      ...wrapWords(
        printable(`Held since ${since.time} or earlier; last written by ${since.manager}.`),
        width,
      ),
    );
  if (warning !== undefined)
    lines.push(
      ...wrapWords(
        printable(`Last warning, at ${warning.time} (${warning.reason}): ${warning.message}`),
        width,
      ).map(ansi.yellow),
    );
  lines.push('', ...layOut(heads, rows, width, ansi.bold));
  if (remedies.length > 0) lines.push('', ansi.bold('Remedies'));
  remedies.forEach(({ advice, command }, i) => {
    const [first = '', ...rest] = wrapWords(printable(advice), Math.max(width - 3, 8));
    lines.push(`${i + 1}. ${first}`, ...rest.map((line) => `   ${line.trimStart()}`));
    // A command is never wrapped, so that it can be copied.
    if (command !== undefined) lines.push(`   ${printable(command)}`);
  });
  return lines;
}

/** One row for each Service of the namespace. */
function explainAll(
  facts: ClusterFacts,
  cluster: SimulatedCluster,
  { namespace, isAll }: NamespaceScope,
): CommandResult {
  const rows: ExplainedRow[] = [];
  for (const { key, view } of cluster.allocator.ledger.all()) {
    if (!isAll && view.namespace !== namespace) continue;
    const decided = decisionFor(key, cluster);
    if (decided !== undefined)
      rows.push({
        row: serviceRow(decided, facts.options, facts.snapshot.nodes),
        isDue: decided.decision.kind === 'write',
      });
  }
  rows.sort(({ row: a }, { row: b }) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
  return {
    value: {
      kind: 'ServiceList',
      items: rows.map(rowOf),
      source: sourceOf(facts),
    },
    lines: (output) => [
      ...noLeaderLines(facts, output),
      ...tableOf(rows, output, isAll ? '' : namespace),
      ...footnotes(facts.leadership?.isLed === false ? { origin: facts.origin } : facts, output),
    ],
    exitCode: 0,
  };
}

/** The footnote about the leader comes first if there is none: nothing that the table announces happens then. */
function noLeaderLines({ leadership }: ClusterFacts, { ansi, width }: OutputOptions): string[] {
  if (leadership === undefined || leadership.isLed) return [];
  return [...wrapWords(printable(leadership.sentence), width).map(ansi.yellow), ''];
}

function tableOf(rows: readonly ExplainedRow[], { ansi, width }: OutputOptions, namespace: string): string[] {
  if (rows.length === 0)
    return [
      namespace === ''
        ? 'No Services of type LoadBalancer found.'
        : `No Services of type LoadBalancer found in namespace ${namespace}. Use -A for all namespaces.`,
      '',
    ];
  const paints = {
    Assigned: ansi.green,
    Assigning: ansi.yellow,
    Pending: ansi.yellow,
    Conflict: ansi.red,
    Ignored: ansi.dim,
  };
  const heads = [
    { title: 'SERVICE' },
    { title: 'STATE' },
    { title: 'ADDRESS' },
    { title: 'FROM' },
    { title: 'CONDITION', least: 40, below: true },
  ];
  const cells = rows.map(({ row, isDue }) => {
    const { service, state } = rowOf({ row, isDue });
    return [
      { text: service },
      { text: state, paint: paints[state] },
      { text: row.addresses.length === 0 ? '-' : short(row.addresses.join(',')) },
      { text: row.from === '' ? '-' : row.from },
      { text: row.condition },
    ];
  });
  return [...layOut(heads, cells, width, ansi.bold), ''];
}
