import type { Config } from '../../core/config/config.ts';
import { staticSource } from '../../core/model/allocation-record.ts';
import type { Service } from '../../core/model/objects.ts';
import {
  type Plan,
  type PoolChange,
  planOf,
  type QuotaChange,
  type ServiceChange,
} from '../../core/queries/plan.ts';
import type { QuotaRow } from '../../core/queries/quotas.ts';
import { type PoolRow, poolNotes } from '../../core/queries/report.ts';
import { printable } from '../../core/text/quote.ts';
import { bullets, shortCount } from '../../terminal/table.ts';
import { wrapWords } from '../../terminal/wrap.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import type { CommandResult, OutputOptions } from './command-result.ts';
import { footnotes, sourceOf } from './footnotes.ts';

/** An assigned address would fall outside its pool, or outside all pools: stops a pipeline. */
const exitCodeOutside = 2;

/** The content of FILE. */
export interface PlannedFile {
  readonly name: string;
  /** Undefined if the file contains only Services. */
  readonly config: Config | undefined;
  readonly services: readonly Service[];
}

/** `plan -f FILE` */
export function plan(facts: ClusterFacts, file: PlannedFile): CommandResult {
  const { services, config = facts.snapshot.config } = file;
  const changes = planOf(facts.snapshot, { config, services }, facts.options);
  return {
    value: {
      kind: 'Plan',
      file: file.name,
      configMap: file.config === undefined ? null : file.name,
      pools: changes.pools.map(({ key, before, after }) => ({
        key,
        before: before === undefined ? null : sizes(before),
        after: after === undefined ? null : sizes(after),
      })),
      quotas: changes.quotas.map(({ namespace, before, after }) => ({
        namespace,
        before: before ?? null,
        after: after ?? null,
      })),
      services: changes.services,
      problems: changes.problems,
      fallingOutside: changes.fallingOutside,
      stranded: changes.stranded,
      source: sourceOf(facts),
    },
    lines: (output) => [...planLines(changes, file, facts, output), '', ...footnotes(facts, output)],
    exitCode: changes.fallingOutside + changes.stranded > 0 ? exitCodeOutside : 0,
  };
}

function sizes({ ranges, size, used, reserved, free, excluded, users }: PoolRow): object {
  const { namespaces, others } = users;
  return { ranges, size, used, reserved, free, excluded, namespaces, servesOthers: others };
}

/** Formatted as a diff: `-` is removed, `+` is added, `!` causes exit code 2. */
function planLines(changes: Plan, file: PlannedFile, facts: ClusterFacts, output: OutputOptions): string[] {
  const { ansi, width } = output;
  const { namespace, name: configMap } = facts.options.configMap;
  const parts = [
    ...(file.config === undefined ? [] : [`ConfigMap ${namespace}/${configMap}`]),
    ...(file.services.length === 0 ? [] : ['Services']),
  ];
  const lines = [ansi.bold(`--- ${parts.join(' and ')} (current)`), ansi.bold(printable(`+++ ${file.name}`))];
  if (changes.pools.length > 0)
    lines.push(ansi.bold('@@ pools @@'), ...changes.pools.flatMap((change) => poolLines(change, output)));
  if (changes.quotas.length > 0)
    lines.push(ansi.bold('@@ quotas @@'), ...changes.quotas.flatMap((change) => quotaLines(change, output)));
  if (changes.services.length > 0)
    lines.push(
      ansi.bold('@@ Services @@'),
      ...changes.services.flatMap((change) => serviceLines(change, output)),
    );
  const { appear, vanish, stay } = changes.problems;
  if (appear.length + vanish.length > 0)
    lines.push(
      ansi.bold('@@ problems @@'),
      ...vanish.flatMap((sentence) => marked('-', sentence, ansi.green, output)),
      ...appear.flatMap((sentence) => marked('+', sentence, ansi.red, output)),
    );
  lines.push('', ...wrapWords(summary(changes), width));
  const remaining = bullets('Remaining problems', stay, output, ansi.yellow, ansi);
  return remaining.length === 0 ? lines : [...lines, '', ...remaining];
}

function poolLines({ key, before, after }: PoolChange, output: OutputOptions): string[] {
  const { ansi } = output;
  return [
    ...(before === undefined ? [] : marked('-', `${key}  ${usageOf(before)}`, ansi.red, output)),
    ...(after === undefined ? [] : marked('+', `${key}  ${usageOf(after)}`, ansi.green, output)),
  ];
}

function quotaLines({ namespace, before, after }: QuotaChange, output: OutputOptions): string[] {
  const { ansi } = output;
  return [
    ...(before === undefined ? [] : marked('-', `${namespace}  ${quotaText(before)}`, ansi.red, output)),
    ...(after === undefined ? [] : marked('+', `${namespace}  ${quotaText(after)}`, ansi.green, output)),
  ];
}

/** `3 of 2 addresses (quota-shop), 1 over: its Services keep them, and others wait` */
function quotaText({ key, limit, used, left }: QuotaRow): string {
  const over = left < 0 ? `, ${-left} over: its Services keep them, and others wait` : '';
  return `${used} of ${limit} addresses (${key})${over}`;
}

function usageOf(row: PoolRow): string {
  const { ranges, size, used } = row;
  const notes = poolNotes(row);
  const suffix = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
  return `${ranges === '' ? 'no addresses' : ranges}: ${shortCount(used)} of ${shortCount(size)} used${suffix}`;
}

function serviceLines(
  { service, kind, before, after, from, isHeld, explanation }: ServiceChange,
  output: OutputOptions,
): string[] {
  const { ansi } = output;
  switch (kind) {
    case 'assigned':
      return marked(
        '+',
        `${service}  ${after} (${sourceText(from)}). Pending without the change: ${explanation}`,
        ansi.green,
        output,
      );
    case 'changed':
      if (!isHeld)
        return marked(
          '+',
          `${service}  ${after} (${sourceText(from)}). Not assigned yet; without the change: ${before}`,
          ansi.green,
          output,
        );
      return [
        ...marked('-', `${service}  ${before}`, ansi.red, output),
        ...marked('+', `${service}  ${after} (${sourceText(from)})`, ansi.green, output),
      ];
    case 'outside':
    case 'stranded':
      return marked('!', `${service}  ${explanation}`, ansi.red, output);
    case 'reserved':
    case 'excluded':
      return marked(' ', `${service}  ${explanation}`, (text) => text, output);
    case 'inside':
      return marked('+', `${service}  ${after} is in its pool again`, ansi.green, output);
    case 'pending':
      return marked(
        '-',
        `${service}  ${before}${isHeld ? '' : ' (not assigned yet)'}. Pending with the change: ${explanation}`,
        ansi.red,
        output,
      );
    case 'created':
      return after === ''
        ? marked('+', `${service}  new, without an address: ${explanation}`, ansi.yellow, output)
        : marked(
            '+',
            `${service}  ${after} (${sourceText(from)}), new${noted(explanation)}`,
            ansi.green,
            output,
          );
    case 'unchanged':
      return after === ''
        ? marked(' ', `${service}  still without an address: ${explanation}`, (text) => text, output)
        : marked(
            ' ',
            `${service}  ${isHeld ? 'keeps' : 'gets'} ${after}${noted(explanation)}`,
            (text) => text,
            output,
          );
    case 'released':
      return marked(
        '-',
        `${service}  ${before === '' ? 'n' : `${before}: n`}o longer of type LoadBalancer`,
        ansi.red,
        output,
      );
    case 'reason':
      return marked(' ', `${service}  still pending: ${explanation}`, (text) => text, output);
  }
}

function sourceText(from: string): string {
  return from === '' ? 'managed elsewhere' : from === staticSource ? from : `from ${from}`;
}

function noted(explanation: string): string {
  return explanation === '' ? '' : `. ${explanation}`;
}

function marked(
  mark: string,
  text: string,
  paint: (text: string) => string,
  { width }: OutputOptions,
): string[] {
  return wrapWords(printable(text), Math.max(width - 4, 8)).map((line, i) =>
    paint(i === 0 ? `${mark} ${line}` : `    ${line.trimStart()}`),
  );
}

function summary({ services, fallingOutside, stranded, pools, quotas, problems }: Plan): string {
  const count = (isCounted: (change: ServiceChange) => boolean): number => services.filter(isCounted).length;
  const unchanged = count(({ kind }) => kind === 'unchanged');
  const found = pools.length + quotas.length + problems.appear.length + problems.vanish.length;
  if (services.length - unchanged + found === 0) return 'Nothing would change.';
  const created = count(({ kind, after }) => kind === 'created' && after !== '');
  const waiting = count(({ kind, after }) => kind === 'created' && after === '');
  const released = count(({ kind }) => kind === 'released');
  const assigned = count(({ kind }) => kind === 'assigned');
  const changed = count(({ kind, isHeld }) => kind === 'changed' && isHeld);
  const unassigned = count(({ kind, isHeld }) => kind === 'changed' && !isHeld);
  const pending = count(({ kind }) => kind === 'pending');
  const reserved = count(({ kind }) => kind === 'reserved');
  const excluded = count(({ kind }) => kind === 'excluded');
  const over = quotas.filter(({ after }) => after !== undefined && after.left < 0).length;
  const parts = [
    ...(created > 0
      ? [`${created === 1 ? '1 new Service' : `${created} new Services`} would get an address`]
      : []),
    ...(waiting > 0 ? [`${waiting === 1 ? '1 new Service' : `${waiting} new Services`} would get none`] : []),
    ...(released > 0 ? [`${released} would no longer be of type LoadBalancer`] : []),
    ...(assigned > 0 || created + waiting + released + reserved + excluded + over === 0
      ? [`${assigned === 1 ? '1 pending Service' : `${assigned} pending Services`} would get an address`]
      : []),
    ...(unassigned > 0
      ? [`${unassigned} without an address would get a different one than without the change`]
      : []),
    ...(changed > 0 ? [`${changed} would get a different address`] : []),
    ...(pending > 0 ? [`${pending} would become pending`] : []),
    ...(reserved > 0 ? [`${reserved} would be affected by a reservation`] : []),
    ...(excluded > 0 ? [`${excluded} would keep an excluded address`] : []),
    ...(over > 0 ? [`${over === 1 ? '1 namespace' : `${over} namespaces`} would be over quota`] : []),
    ...(fallingOutside > 0 ? [`${fallingOutside} would keep an address outside its pool`] : []),
    ...(stranded > 0 ? [`${stranded} would keep an address that no pool contains any more`] : []),
    ...(fallingOutside + stranded === 0 ? ['no assigned address would fall outside its pool'] : []),
  ];
  return `${parts.join(', ')}.`;
}
