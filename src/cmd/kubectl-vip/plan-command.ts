import type { Config } from '../../core/config/config.ts';
import { type Plan, type PoolChange, planOf, type ServiceChange } from '../../core/queries/plan.ts';
import type { PoolRow } from '../../core/queries/report.ts';
import { printable } from '../../core/text/quote.ts';
import { bullets, shortCount } from '../../terminal/table.ts';
import { wrapWords } from '../../terminal/wrap.ts';
import type { ClusterFacts } from './cluster-facts.ts';
import type { Answer, OutputOptions } from './command-result.ts';
import { footnotes, sourceOf } from './footnotes.ts';

/** In a pipeline: a held address would fall outside of its pool. */
const fallsOutside = 2;

/** `plan -f FILE` */
export function plan(facts: ClusterFacts, config: Config, name: string): Answer {
  const changes = planOf(facts.snapshot, config, facts.options);
  return {
    value: {
      kind: 'Plan',
      configMap: name,
      pools: changes.pools.map(({ key, before, after }) => ({
        key,
        before: before === undefined ? null : sizes(before),
        after: after === undefined ? null : sizes(after),
      })),
      services: changes.services,
      problems: changes.problems,
      fallingOutside: changes.fallingOutside,
      source: sourceOf(facts),
    },
    lines: (view) => [...planLines(changes, name, facts, view), '', ...footnotes(facts, view)],
    exitCode: changes.fallingOutside > 0 ? fallsOutside : 0,
  };
}

function sizes({ ranges, size, used, free }: PoolRow): object {
  return { ranges, size, used, free };
}

/** As a diff: `-` goes, `+` comes, `!` is what a pipeline stops at. */
function planLines(changes: Plan, name: string, facts: ClusterFacts, view: OutputOptions): string[] {
  const { ansi, width } = view;
  const { namespace, name: configMap } = facts.options.configMap;
  const lines = [
    ansi.bold(`--- ConfigMap ${namespace}/${configMap} as it is`),
    ansi.bold(printable(`+++ ${name}`)),
  ];
  if (changes.pools.length > 0)
    lines.push(ansi.bold('@@ pools @@'), ...changes.pools.flatMap((change) => poolLines(change, view)));
  if (changes.services.length > 0)
    lines.push(
      ansi.bold('@@ Services @@'),
      ...changes.services.flatMap((change) => serviceLines(change, view)),
    );
  const { appear, vanish, stay } = changes.problems;
  if (appear.length + vanish.length > 0)
    lines.push(
      ansi.bold('@@ problems @@'),
      ...vanish.flatMap((sentence) => marked('-', sentence, ansi.green, view)),
      ...appear.flatMap((sentence) => marked('+', sentence, ansi.red, view)),
    );
  lines.push('', ...wrapWords(summary(changes), width));
  const left = bullets('Problems that stay', stay, view, ansi.yellow, ansi);
  return left.length === 0 ? lines : [...lines, '', ...left];
}

function poolLines({ key, before, after }: PoolChange, view: OutputOptions): string[] {
  const { ansi } = view;
  return [
    ...(before === undefined ? [] : marked('-', `${key}  ${room(before)}`, ansi.red, view)),
    ...(after === undefined ? [] : marked('+', `${key}  ${room(after)}`, ansi.green, view)),
  ];
}

function room({ ranges, size, used, remark }: PoolRow): string {
  const more = remark === '' ? '' : ` (${remark})`;
  return `${ranges === '' ? 'no address' : ranges}: ${shortCount(used)} of ${shortCount(size)} used${more}`;
}

function serviceLines(
  { service, kind, before, after, from, explanation }: ServiceChange,
  view: OutputOptions,
): string[] {
  const { ansi } = view;
  switch (kind) {
    case 'assigned':
      return marked(
        '+',
        `${service}  ${after} (from ${from}); without the change it waits: ${explanation}`,
        ansi.green,
        view,
      );
    case 'changed':
      return [
        ...marked('-', `${service}  ${before}`, ansi.red, view),
        ...marked('+', `${service}  ${after} (from ${from})`, ansi.green, view),
      ];
    case 'outside':
      return marked('!', `${service}  ${explanation}`, ansi.red, view);
    case 'inside':
      return marked('+', `${service}  ${after} is in its pool again`, ansi.green, view);
    case 'pending':
      return marked('-', `${service}  ${before}; with the change it waits: ${explanation}`, ansi.red, view);
    case 'reason':
      return marked(' ', `${service}  waits still: ${explanation}`, (text) => text, view);
  }
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

function summary({ services, fallingOutside, pools, problems }: Plan): string {
  const count = (kind: ServiceChange['kind']): number => services.filter((one) => one.kind === kind).length;
  if (services.length + pools.length + problems.appear.length + problems.vanish.length === 0)
    return 'Nothing would change.';
  const served = count('assigned');
  const parts = [
    `${served === 1 ? '1 waiting Service' : `${served} waiting Services`} would get an address`,
    ...(count('changed') > 0 ? [`${count('changed')} would have another one`] : []),
    ...(count('pending') > 0 ? [`${count('pending')} would wait`] : []),
    fallingOutside === 0
      ? 'no held address would fall outside of its pool'
      : `${fallingOutside} would keep an address outside of its pool`,
  ];
  return `${parts.join(', ')}.`;
}
