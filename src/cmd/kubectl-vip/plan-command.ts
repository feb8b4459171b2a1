import type { Pools } from '../../core/config/config.ts';
import { type Plan, type PoolChange, planOf, type ServiceChange } from '../../core/queries/plan.ts';
import type { PoolRow } from '../../core/queries/report.ts';
import { printable } from '../../core/text/quote.ts';
import { bullets, shortCount } from '../../terminal/table.ts';
import { wrapWords } from '../../terminal/wrap.ts';
import type { Answer, View } from './answer.ts';
import type { Facts } from './facts.ts';
import { footnotes, sourceOf } from './footnotes.ts';

/** In a pipeline: a held address would fall outside of its pool. */
const fallsOutside = 2;

/** `plan -f FILE` */
export function plan(facts: Facts, pools: Pools, name: string): Answer {
  const changes = planOf(facts.snapshot, pools, facts.options);
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
function planLines(changes: Plan, name: string, facts: Facts, view: View): string[] {
  const { ink, width } = view;
  const { namespace, name: configMap } = facts.options.configMap;
  const lines = [
    ink.bold(`--- ConfigMap ${namespace}/${configMap} as it is`),
    ink.bold(printable(`+++ ${name}`)),
  ];
  if (changes.pools.length > 0)
    lines.push(ink.bold('@@ pools @@'), ...changes.pools.flatMap((change) => poolLines(change, view)));
  if (changes.services.length > 0)
    lines.push(
      ink.bold('@@ Services @@'),
      ...changes.services.flatMap((change) => serviceLines(change, view)),
    );
  const { appear, vanish, stay } = changes.problems;
  if (appear.length + vanish.length > 0)
    lines.push(
      ink.bold('@@ problems @@'),
      ...vanish.flatMap((sentence) => marked('-', sentence, ink.green, view)),
      ...appear.flatMap((sentence) => marked('+', sentence, ink.red, view)),
    );
  lines.push('', ...wrapWords(summary(changes), width));
  const left = bullets('Problems that stay', stay, view, ink.yellow, ink);
  return left.length === 0 ? lines : [...lines, '', ...left];
}

function poolLines({ key, before, after }: PoolChange, view: View): string[] {
  const { ink } = view;
  return [
    ...(before === undefined ? [] : marked('-', `${key}  ${room(before)}`, ink.red, view)),
    ...(after === undefined ? [] : marked('+', `${key}  ${room(after)}`, ink.green, view)),
  ];
}

function room({ ranges, size, used, note }: PoolRow): string {
  const more = note === '' ? '' : ` (${note})`;
  return `${ranges === '' ? 'no address' : ranges}: ${shortCount(used)} of ${shortCount(size)} used${more}`;
}

function serviceLines({ service, kind, before, after, from, note }: ServiceChange, view: View): string[] {
  const { ink } = view;
  switch (kind) {
    case 'served':
      return marked(
        '+',
        `${service}  ${after} (from ${from}); without the change it waits: ${note}`,
        ink.green,
        view,
      );
    case 'changed':
      return [
        ...marked('-', `${service}  ${before}`, ink.red, view),
        ...marked('+', `${service}  ${after} (from ${from})`, ink.green, view),
      ];
    case 'outside':
      return marked('!', `${service}  ${note}`, ink.red, view);
    case 'inside':
      return marked('+', `${service}  ${after} is in its pool again`, ink.green, view);
    case 'waits':
      return marked('-', `${service}  ${before}; with the change it waits: ${note}`, ink.red, view);
    case 'reason':
      return marked(' ', `${service}  waits still: ${note}`, (text) => text, view);
  }
}

function marked(mark: string, text: string, paint: (text: string) => string, { width }: View): string[] {
  return wrapWords(printable(text), Math.max(width - 4, 8)).map((line, i) =>
    paint(i === 0 ? `${mark} ${line}` : `    ${line.trimStart()}`),
  );
}

function summary({ services, fallingOutside, pools, problems }: Plan): string {
  const count = (kind: ServiceChange['kind']): number => services.filter((one) => one.kind === kind).length;
  if (services.length + pools.length + problems.appear.length + problems.vanish.length === 0)
    return 'Nothing would change.';
  const served = count('served');
  const parts = [
    `${served === 1 ? '1 waiting Service' : `${served} waiting Services`} would get an address`,
    ...(count('changed') > 0 ? [`${count('changed')} would have another one`] : []),
    ...(count('waits') > 0 ? [`${count('waits')} would wait`] : []),
    fallingOutside === 0
      ? 'no held address would fall outside of its pool'
      : `${fallingOutside} would keep an address outside of its pool`,
  ];
  return `${parts.join(', ')}.`;
}
