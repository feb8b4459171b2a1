import type { Verdict } from '../../core/decide/allocator.ts';
import { type Check, checksOf } from '../../core/explain/checks.ts';
import { explainDecision, explainWrite } from '../../core/explain/explain-decision.ts';
import type { Cure } from '../../core/explain/remedy.ts';
import { curesFor } from '../../core/explain/service-remedies.ts';
import { standingOf } from '../../core/ledger/service-state.ts';
import { formatList } from '../../core/model/address-list.ts';
import { keyOf, type ServiceKey } from '../../core/model/service-view.ts';
import { type ServiceRow, serviceRow } from '../../core/queries/report.ts';
import { nearest } from '../../core/text/nearest.ts';
import { printable, quoted } from '../../core/text/quote.ts';
import { layOut } from '../../terminal/layout.ts';
import { short } from '../../terminal/table.ts';
import { wrapWords } from '../../terminal/wrap.ts';
import type { Answer, View } from './answer.ts';
import { type Facts, verdictOn, type World, worldOf } from './facts.ts';
import { footnotes, sourceOf } from './footnotes.ts';
import type { Scope } from './scope.ts';
import { type Since, sinceIn } from './since.ts';

interface Row {
  readonly row: ServiceRow;
  /** It is to be written still: what it has is not what it will have. */
  readonly isDue: boolean;
}

/** How one Service stands, and why. */
interface Explanation extends Row {
  readonly since: Since | undefined;
  readonly checks: readonly Check[];
  readonly cures: readonly Cure[];
  readonly summary: string;
}

/** `explain service/NAME`, or all of a namespace. */
export function explain(facts: Facts, scope: Scope, words: readonly string[]): Answer {
  const world = worldOf(facts);
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
export function servicesIn(words: readonly string[], scope: Scope): ServiceKey[] {
  return namesIn(words).map((word) => serviceIn(word, scope));
}

/** `service web`, as kubectl takes it as well as `service/web`. */
function namesIn(words: readonly string[]): readonly string[] {
  const [first = '', ...more] = words;
  return more.length > 0 && kind.test(first) ? more : words;
}

/** `service/web`, `svc/web`, `web`, and `shop/web` as messages name it, with or without its kind. */
function serviceIn(word: string, { namespace }: Scope): string {
  const [first = '', ...more] = word.split('/');
  const name = more.length > 0 && kind.test(first) ? more.join('/') : word;
  return name.includes('/') ? name : `${namespace}/${name}`;
}

function explainOne(key: string, facts: Facts, world: World): Explanation {
  const verdict = verdictOn(key, world) ?? ofOtherType(key, facts);
  if (verdict === undefined) throw new Error(missing(key, world));
  const { options, configMap } = facts;
  const { decision } = verdict;
  const isDue = decision.kind === 'write';
  return {
    row: serviceRow(verdict, options),
    isDue,
    since: decision.kind === 'keep' ? sinceIn(facts.managedFields.get(key) ?? []) : undefined,
    checks: checksOf(verdict, facts.snapshot.pools, options),
    cures: [
      ...(isDue ? notActing(facts) : []),
      ...curesFor(verdict, { allocator: world.outcome.allocator, options, configMap }),
    ],
    summary: summaryOf(verdict, facts),
  };
}

/** One that is no LoadBalancer is unknown to the controller. */
function ofOtherType(key: string, { others, options }: Facts): Verdict | undefined {
  const view = others.find((one) => keyOf(one) === key);
  return (
    view && { standing: standingOf(view, options), decision: { kind: 'ignore', why: 'not-a-load-balancer' } }
  );
}

function missing(key: string, { allocator }: World): string {
  const keys = [...allocator.ledger.all()].map((standing) => standing.key);
  const [namespace, name] = key.split('/');
  const elsewhere = keys.find((one) => one.endsWith(`/${name}`));
  const near = elsewhere ?? nearest(key, keys);
  const advice =
    near === undefined
      ? 'kubectl vip explain -A lists those that there are.'
      : `Do you mean ${near.split('/')[1]} in the namespace ${near.split('/')[0]}?`;
  return `there is no Service ${quoted(name ?? '')} in the namespace ${quoted(namespace ?? '')}. ${advice}`;
}

/** What is due is done in a moment, or nobody does it. */
function notActing({ leadership }: Facts): Cure[] {
  if (leadership?.isLed === true)
    return [{ advice: 'Wait a moment and look again: a controller is at work.', command: undefined }];
  return [
    {
      advice: `Let the controller run: it does the rest${leadership === undefined ? '' : ` (${leadership.sentence})`}.`,
      command: undefined,
    },
  ];
}

function summaryOf({ standing, decision }: Verdict, { options }: Facts): string {
  const { key } = standing;
  switch (decision.kind) {
    case 'keep':
      return `${key} has ${decision.addresses}, from ${decision.source}.`;
    case 'write':
      return `${key} is due to be written: ${explainWrite(decision)}.`;
    case 'wait':
      return `${key} waits: ${explainDecision(decision, options)}`;
    case 'refuse':
      return decision.refusal.code === 'taken'
        ? `${key} asks for an address of another Service.`
        : `${key} shows something that is no address.`;
    case 'ignore':
    case 'release':
      // It is ours, and what it has is in use.
      if (standing.notOurs === undefined && standing.view.deleting)
        return `${key} is being deleted, and keeps ${standing.asks.length === 0 ? 'nothing' : formatList(standing.asks)} until it is gone.`;
      return `${key} is not served here: ${explainDecision(decision, options)}`;
  }
}

/** How a Service stands, for a program. */
function rowOf({ row, isDue }: Row) {
  return {
    service: `${row.namespace}/${row.name}`,
    state: isDue ? ('due' as const) : row.state,
    addresses: row.addresses === '' ? [] : row.addresses.split(','),
    from: row.from,
    note: row.note,
  };
}

function itemOf({ since, checks, cures, summary, ...row }: Explanation): object {
  const { note, ...stands } = rowOf(row);
  return {
    ...stands,
    ...(since === undefined ? {} : { since: since.time, writtenBy: since.manager }),
    summary,
    note,
    checks,
    cures: cures.map(({ advice, command }) => (command === undefined ? { advice } : { advice, command })),
  };
}

const marks = { passed: 'ok', failed: 'no', noted: '-' } as const;

function linesOf({ summary, since, checks, cures }: Explanation, view: View): string[] {
  const { ink, width } = view;
  const paints = { passed: ink.green, failed: ink.red, noted: ink.yellow };
  const rows = checks.map(({ name, outcome, finding }) => [
    { text: marks[outcome], paint: paints[outcome] },
    { text: name },
    { text: finding },
  ]);
  const heads = [{ title: '' }, { title: 'CHECK' }, { title: 'FOUND', least: 40 }];
  const lines = [...wrapWords(printable(summary), width).map(ink.bold)];
  if (since !== undefined)
    lines.push(
      ...wrapWords(printable(`Since ${since.time} at the latest, written by ${since.manager}.`), width),
    );
  lines.push('', ...layOut(heads, rows, width, ink.bold));
  if (cures.length > 0) lines.push('', ink.bold('What helps'));
  cures.forEach(({ advice, command }, i) => {
    const [first = '', ...more] = wrapWords(printable(advice), Math.max(width - 3, 8));
    lines.push(`${i + 1}. ${first}`, ...more.map((line) => `   ${line.trimStart()}`));
    // Never broken: it is there to be copied.
    if (command !== undefined) lines.push(`   ${printable(command)}`);
  });
  return lines;
}

/** A line for each Service of the namespace. */
function explainAll(facts: Facts, world: World, { namespace, isAll }: Scope): Answer {
  const rows: Row[] = [];
  for (const { key, view } of world.allocator.ledger.all()) {
    if (!isAll && view.namespace !== namespace) continue;
    const verdict = verdictOn(key, world);
    if (verdict !== undefined)
      rows.push({ row: serviceRow(verdict, facts.options), isDue: verdict.decision.kind === 'write' });
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

function tableOf(rows: readonly Row[], { ink, width }: View, namespace: string): string[] {
  if (rows.length === 0) {
    const where = namespace === '' ? '' : ` in the namespace ${namespace}: -A looks in all`;
    return [`There is no Service of type LoadBalancer${where}.`, ''];
  }
  const paints = {
    served: ink.green,
    due: ink.yellow,
    waiting: ink.yellow,
    refused: ink.red,
    'not ours': ink.dim,
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
      { text: row.note },
    ];
  });
  return [...layOut(heads, cells, width, ink.bold), ''];
}
