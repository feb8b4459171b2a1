/**
 * Checks the prose of the repository against prose-rules.ts: documents, comments, and the files that hold messages and help texts.
 * Prints each violation with its place and a replacement; the exit code is 1 if there is one.
 */

import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ProseRule, proseRules } from './prose-rules.ts';

export interface Violation {
  /** Counts from 1. */
  readonly line: number;
  readonly found: string;
  readonly rule: ProseRule;
}

/** The text with everything that `pattern` matches replaced by blanks, so that lines and columns stay. */
function blanked(text: string, pattern: RegExp): string {
  return text.replace(pattern, (match) => match.replace(/[^\n]/g, ' '));
}

/** Markdown without code blocks, inline code, link targets, and HTML comments. */
export function proseOfMarkdown(text: string): string {
  const patterns = [/^```[\s\S]*?^```/gm, /<!--[\s\S]*?-->/g, /`[^`\n]+`/g, /\]\([^)\n]*\)/g];
  return patterns.reduce(blanked, text);
}

/** The comments of a TypeScript file, and with `strings` its texts too, without inline code. */
export function proseOfSource(text: string, strings: boolean): string {
  const kept = /\/\*[\s\S]*?\*\/|(?<=^|[\s;{})\],])\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
  let prose = '';
  let end = 0;
  for (const match of text.matchAll(kept)) {
    const isComment = match[0].startsWith('/');
    prose += text.slice(end, match.index).replace(/[^\n]/g, ' ');
    prose += isComment || strings ? match[0] : match[0].replace(/[^\n]/g, ' ');
    end = match.index + match[0].length;
  }
  prose += text.slice(end).replace(/[^\n]/g, ' ');
  return strings ? prose : blanked(prose, /`[^`\n]+`/g);
}

export function violationsIn(prose: string): Violation[] {
  return proseRules
    .flatMap((rule) =>
      [...prose.matchAll(new RegExp(rule.pattern, `${rule.pattern.flags.replace('g', '')}g`))].map(
        (match) => ({
          line: prose.slice(0, match.index).split('\n').length,
          found: match[0],
          rule,
        }),
      ),
    )
    .sort((a, b) => a.line - b.line);
}

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a person reads, by how its prose is found. */
const documents = [
  'README.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'docs/**/*.md',
  'examples/*.md',
  'charts/*/*.md',
];
const messages = [
  'src/core/explain/*.ts',
  'src/core/queries/*.ts',
  'src/controller/reporter.ts',
  'src/controller/metrics.ts',
  'src/cmd/**/*-help.ts',
  'src/cmd/**/*-flags.ts',
  'src/cmd/kubectl-vip/commands.ts',
];
const sources = ['src/**/*.ts', 'bench/**/*.ts', 'scripts/*.ts'];

/** Every violation in the repository: `path:line: "found": reason Write: instead`. */
export function repositoryViolations(): string[] {
  const withMessages = new Set(globSync(messages, { cwd: root }));
  const lines: string[] = [];
  const check = (file: string, prose: string): void => {
    for (const { line, found, rule } of violationsIn(prose))
      lines.push(`${file}:${line}: "${found}". ${rule.reason} Write: ${rule.instead}`);
  };
  for (const file of globSync(documents, { cwd: root }).sort())
    check(file, proseOfMarkdown(readFileSync(`${root}${file}`, 'utf8')));
  for (const file of globSync(sources, { cwd: root }).sort()) {
    if (file === 'scripts/prose-rules.ts') continue;
    check(file, proseOfSource(readFileSync(`${root}${file}`, 'utf8'), withMessages.has(file)));
  }
  return lines;
}

if (import.meta.main) {
  const lines = repositoryViolations();
  for (const line of lines) process.stderr.write(`${line}\n`);
  if (lines.length > 0) process.stderr.write(`${lines.length} places to reword.\n`);
  process.exitCode = lines.length > 0 ? 1 : 0;
}
