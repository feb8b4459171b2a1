import type { ServiceDecision } from '../../core/decide/allocator.ts';
import { type Check, checksOf } from '../../core/explain/checks.ts';
import { explainDecision, explainWrite } from '../../core/explain/explain-decision.ts';
import type { Remedy } from '../../core/explain/remedy.ts';
import { remediesFor } from '../../core/explain/service-remedies.ts';
import { stateOf } from '../../core/ledger/service-state.ts';
import { formatAddressList } from '../../core/model/address-list.ts';
import { keyOf, type ServiceKey } from '../../core/model/service-view.ts';
import { type ServiceRow, serviceRow } from '../../core/queries/report.ts';
import { nearestWord } from '../../core/text/nearest.ts';
import { printable, quoted } from '../../core/text/quote.ts';
import { layOut } from '../../terminal/layout.ts';
import { short } from '../../terminal/table.ts';
import { wrapWords } from '../../terminal/wrap.ts';
import {
  type ClusterFacts,
  decisionFor,
  type SimulatedCluster,
  simulatedClusterOf,
} from './cluster-facts.ts';
import type { Answer, OutputOptions } from './command-result.ts';
import { footnotes, sourceOf } from './footnotes.ts';
import { type Since, sinceIn } from './held-since.ts';
import type { NamespaceScope } from './namespace-scope.ts';

interface Row {
  readonly row: ServiceRow;
  /** It is to be written still: what it has is not what it will have. */
  readonly isDue: boolean;
}

/** How one Service stands, and why. */
interface Explanation extends Row {
  readonly since: Since | undefined;
  readonly checks: readonly Check[];
  readonly remedies: readonly Remedy[];
  readonly summary: string;
}

/** `explain service/NAME`, or all of a namespace. */
export function explain(facts: ClusterFacts, scope: NamespaceScope, words: readonly string[]): Answer {
  const world = simulatedClusterOf(facts);
  if (words.length === 0) return explainAll(facts, world, scope);
  const explanations = servicesIn(words, scope).map((key) => explainOne(key, facts, world));
  const items = explanations.map(itemOf);
  const source = sourceOf(facts);
  return {
    value:
      items.length === 1 && items[0] !== undefined
        ? { kind: 'ServiceExplanation', ...items[0], source }
        : { kind: 'ServiceExplanationList', items, source },
    lines: (view) => [
      ...explanations.flatMap((one) => [...linesOf(one, view), '']),
      ...footnotes(facts, view),
    ],
    exitCode: 0,
  };
}

const kind = /^(?:services?|svc)$/i;

/** The Services that the words name. */
export function servicesIn(words: readonly string[], scope: NamespaceScope): ServiceKey[] {
  return namesIn(words).map((word) => serviceIn(word, scope));
}

/** `service web`, as kubectl takes it as well as `service/web`. */
function namesIn(words: readonly string[]): readonly string[] {
  const [first = '', ...more] = words;
  return more.length > 0 && kind.test(first) ? more : words;
}

/** `service/web`, `svc/web`, `web`, and `shop/web` as messages name it, with or without its kind. */
function serviceIn(word: string, { namespace }: NamespaceScope): string {
  const [first = '', ...more] = word.split('/');
  const name = more.length > 0 && kind.test(first) ? more.join('/') : word;
  return name.includes('/') ? name : `${namespace}/${name}`;
}

function explainOne(key: string, facts: ClusterFacts, world: SimulatedCluster): Explanation {
  const decided = decisionFor(key, world) ?? ofOtherType(key, facts);
  if (decided === undefined) throw new Error(missing(key, world));
  const { options, configMap } = facts;
  const { decision } = decided;
  const isDue = decision.kind === 'write';
  return {
    row: serviceRow(decided, options),
    isDue,
    since: decision.kind === 'keep' ? sinceIn(facts.managedFields.get(key) ?? []) : undefined,
    checks: checksOf(decided, facts.snapshot.config, options),
    remedies: [
      ...(isDue ? notActing(facts) : []),
      ...remediesFor(decided, { allocator: world.outcome.allocator, options, configMap }),
    ],
    summary: summaryOf(decided, facts),
  };
}

/** One that is no LoadBalancer is unknown to the controller. */
function ofOtherType(key: string, { others, options }: ClusterFacts): ServiceDecision | undefined {
  const view = others.find((one) => keyOf(one) === key);
  return view && { state: stateOf(view, options), decision: { kind: 'ignore', why: 'not-a-load-balancer' } };
}

function missing(key: string, { allocator }: SimulatedCluster): string {
  const keys = [...allocator.ledger.all()].map((state) => state.key);
  const [namespace, name] = key.split('/');
  const elsewhere = keys.find((one) => one.endsWith(`/${name}`));
  const near = elsewhere ?? nearestWord(key, keys);
  const advice =
    near === undefined
      ? 'kubectl vip explain -A lists those that there are.'
      : `Do you mean ${near.split('/')[1]} in the namespace ${near.split('/')[0]}?`;
  return `there is no Service ${quoted(name ?? '')} in the namespace ${quoted(namespace ?? '')}. ${advice}`;
}

/** What is due is done in a moment, or nobody does it. */
function notActing({ leadership }: ClusterFacts): Remedy[] {
  if (leadership?.isLed === true)
    return [{ advice: 'Wait a moment and look again: a controller is at work.', command: undefined }];
  return [
    {
      advice: `Let the controller run: it does the rest${leadership === undefined ? '' : ` (${leadership.sentence})`}.`,
      command: undefined,
    },
  ];
}

function summaryOf({ state, decision }: ServiceDecision, { options }: ClusterFacts): string {
  const { key } = state;
  switch (decision.kind) {
    case 'keep':
      return `${key} has ${decision.addresses}, from ${decision.source}.`;
    case 'write':
      return `${key} is due to be written: ${explainWrite(decision)}.`;
    case 'pending':
      return `${key} waits: ${explainDecision(decision, options)}`;
    case 'conflict':
      return decision.conflict.code === 'address-in-use'
        ? `${key} asks for an address of another Service.`
        : `${key} shows something that is no address.`;
    case 'ignore':
    case 'release':
      // It is ours, and what it has is in use.
      if (state.ignoreReason === undefined && state.view.deleting)
        return `${key} is being deleted, and keeps ${state.requestedIPs.length === 0 ? 'nothing' : formatAddressList(state.requestedIPs)} until it is gone.`;
      return `${key} is not served here: ${explainDecision(decision, options)}`;
  }
}

/** How a Service stands, for a program. */
function rowOf({ row, isDue }: Row) {
  return {
    service: `${row.namespace}/${row.name}`,
    state: isDue ? ('Assigning' as const) : row.state,
    addresses: row.addresses === '' ? [] : row.addresses.split(','),
    from: row.from,
    note: row.condition,
  };
}

function itemOf({ since, checks, remedies, summary, ...row }: Explanation): object {
  const { note, ...stands } = rowOf(row);
  return {
    ...stands,
    ...(since === undefined ? {} : { since: since.time, writtenBy: since.manager }),
    summary,
    note,
    checks,
    remedies: remedies.map(({ advice, command }) =>
      command === undefined ? { advice } : { advice, command },
    ),
  };
}

const marks = { passed: 'ok', failed: 'no', noted: '-' } as const;

function linesOf({ summary, since, checks, remedies }: Explanation, view: OutputOptions): string[] {
  const { ansi, width } = view;
  const paints = { passed: ansi.green, failed: ansi.red, noted: ansi.yellow };
  const rows = checks.map(({ name, outcome, finding }) => [
    { text: marks[outcome], paint: paints[outcome] },
    { text: name },
    { text: finding },
  ]);
  const heads = [{ title: '' }, { title: 'CHECK' }, { title: 'FOUND', least: 40 }];
  const lines = [...wrapWords(printable(summary), width).map(ansi.bold)];
  if (since !== undefined)
    lines.push(
      ...wrapWords(printable(`Since ${since.time} at the latest, written by ${since.manager}.`), width),
    );
  lines.push('', ...layOut(heads, rows, width, ansi.bold));
  if (remedies.length > 0) lines.push('', ansi.bold('What helps'));
  remedies.forEach(({ advice, command }, i) => {
    const [first = '', ...more] = wrapWords(printable(advice), Math.max(width - 3, 8));
    lines.push(`${i + 1}. ${first}`, ...more.map((line) => `   ${line.trimStart()}`));
    // Never broken: it is there to be copied.
    if (command !== undefined) lines.push(`   ${printable(command)}`);
  });
  return lines;
}

/** A line for each Service of the namespace. */
function explainAll(
  facts: ClusterFacts,
  world: SimulatedCluster,
  { namespace, isAll }: NamespaceScope,
): Answer {
  const rows: Row[] = [];
  for (const { key, view } of world.allocator.ledger.all()) {
    if (!isAll && view.namespace !== namespace) continue;
    const decided = decisionFor(key, world);
    if (decided !== undefined)
      rows.push({ row: serviceRow(decided, facts.options), isDue: decided.decision.kind === 'write' });
  }
  rows.sort(({ row: a }, { row: b }) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
  return {
    value: {
      kind: 'ServiceList',
      items: rows.map(rowOf),
      source: sourceOf(facts),
    },
    lines: (view) => [...tableOf(rows, view, isAll ? '' : namespace), ...footnotes(facts, view)],
    exitCode: 0,
  };
}

function tableOf(rows: readonly Row[], { ansi, width }: OutputOptions, namespace: string): string[] {
  if (rows.length === 0) {
    const where = namespace === '' ? '' : ` in the namespace ${namespace}: -A looks in all`;
    return [`There is no Service of type LoadBalancer${where}.`, ''];
  }
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
    { title: 'NOTE', least: 40, below: true },
  ];
  const cells = rows.map(({ row, isDue }) => {
    const { service, state } = rowOf({ row, isDue });
    return [
      { text: service },
      { text: state, paint: paints[state] },
      { text: row.addresses === '' ? '-' : short(row.addresses) },
      { text: row.from === '' ? '-' : row.from },
      { text: row.condition },
    ];
  });
  return [...layOut(heads, cells, width, ansi.bold), ''];
}
