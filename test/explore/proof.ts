import { join, resolve } from 'node:path';
import { type Mutant, mutants } from '../simulator/mutants.ts';
import type { Story } from './hunt.ts';
import { notFound } from './not-found.ts';

export const proof = join(resolve(import.meta.dirname, '..', '..'), 'docs', 'PROOF.md');

/** A longer violation quotes decisions as JSON. */
const maxViolation = 200;
const maxLine = 118;

/** What docs/PROOF.md says about mutants, with the stories by what a mutant does. */
export function proofText(stories: ReadonlyMap<string, Story>): string {
  const promises = [...new Set(mutants.map(({ promise }) => promise))];
  const found = mutants.filter(({ what }) => stories.has(what));
  return [
    `\n${found.length} of ${mutants.length} are found.\n`,
    ...promises.flatMap((promise) => {
      const own = found.filter((mutant) => mutant.promise === promise);
      return own.length === 0 ? [] : [`### ${promise}\n`, ...own.map((mutant) => storyText(mutant, stories))];
    }),
    '### Not found\n',
    '| promise | mutant | why it cannot be found | found by |',
    '| --- | --- | --- | --- |',
    ...mutants.filter(({ what }) => what in notFound).map(missingText),
    '',
  ].join('\n');
}

function storyText({ what }: Mutant, stories: ReadonlyMap<string, Story>): string {
  const story = stories.get(what);
  if (story === undefined) return '';
  const { scope, steps, list, violation } = story;
  const short = violation.length > maxViolation ? `${violation.slice(0, maxViolation)} …` : violation;
  const lines = [...list, `broken: ${short}`].map(wrapped);
  return `**${what}** (${steps} ${steps === 1 ? 'step' : 'steps'}; scope: ${scope})\n\n\`\`\`text\n${lines.join('\n')}\n\`\`\`\n`;
}

function missingText({ promise, what }: Mutant): string {
  const { why, foundBy } = notFound[what] ?? { why: '', foundBy: '' };
  return `| ${promise} | ${what} | ${why} | \`${foundBy}\` and the [simulator](simulator.md) |`;
}

/** The stories in docs/PROOF.md. */
export function storiesIn(text: string): Map<string, Story> {
  const blocks = text.matchAll(/^\*\*(.+)\*\* \((\d+) steps?; scope: (.+)\)\n\n```text\n([\s\S]*?)\n```$/gm);
  const entries = [...blocks].map(([, what = '', steps, scope = '', block = '']): [string, Story] => {
    const lines = block.replaceAll('\n   ', ' ').split('\n');
    const violation = lines.at(-1)?.replace('broken: ', '') ?? '';
    return [what, { scope, violation, steps: Number(steps), list: lines.slice(0, -1) }];
  });
  return new Map(entries);
}

/** A line of a list, in several lines if it is long. */
function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= maxLine)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(lines.length === 0 ? word : `   ${word}`);
  }
  return lines.join('\n');
}
