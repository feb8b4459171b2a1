import { parseArgs } from 'node:util';
import { quoted } from '../core/quote.ts';
import { parseBool } from '../core/spelling.ts';
import { nearest } from './nearest.ts';

/** A flag that a command knows. */
export interface Flag {
  type: 'boolean' | 'string';
  short?: string;
  /** What a text flag wants, for "needs ...": "a file". */
  wants?: string;
}

export interface ParsedFlags {
  /** The last value of each flag that was given; a boolean one as "true" or "false". */
  values: ReadonlyMap<string, string>;
  /** What is no flag, in its order; `-` among them. */
  words: string[];
}

/** Reads flags as Go's programs take them (`-flag`, `--flag=false`), or says what is wrong with the first bad one. */
export function parseFlags(
  argv: readonly string[],
  flags: Readonly<Record<string, Flag>>,
): ParsedFlags | { message: string } {
  const known = new Map(Object.entries(flags));
  const options = Object.fromEntries(
    [...known].map(([name, { type, short }]) => [name, short === undefined ? { type } : { type, short }]),
  );
  const args = goStyle(argv, known);
  const { tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  const values = new Map<string, string>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = known.get(token.name);
    if (flag === undefined) return { message: unknownFlag(token.rawName, token.name, [...known.keys()]) };
    const value = flag.type === 'boolean' ? booleanValue(token.rawName, token.value) : textValue(token, flag);
    if (typeof value !== 'string') return value;
    values.set(token.name, value);
  }
  return { values, words };
}

/** `-OutSideCluster` is one flag to Go, and fourteen short ones to everybody else; `-v=4` is `-v 4`. */
function goStyle(argv: readonly string[], known: ReadonlyMap<string, Flag>): string[] {
  const end = argv.indexOf('--');
  const shorts = new Set([...known.values()].map(({ short }) => short));
  return argv.map((arg, index) => {
    if (end !== -1 && index >= end) return arg;
    const [, name, value] = /^-([^-=][^=]*)(=[\s\S]*)?$/.exec(arg) ?? [];
    if (name === undefined) return arg;
    if (name.length > 1) return known.has(name) ? `-${arg}` : arg;
    return shorts.has(name) && value !== undefined ? `-${name}${value.slice(1)}` : arg;
  });
}

function booleanValue(rawName: string, value: string | undefined): string | { message: string } {
  if (value === undefined) return 'true';
  const parsed = parseBool(value);
  if (parsed !== undefined) return String(parsed);
  return {
    message: `${rawName} is true or false, not ${quoted(value)}. Write ${rawName}=true or ${rawName}=false.`,
  };
}

function textValue(
  token: { rawName: string; value: string | undefined; inlineValue: boolean | undefined },
  flag: Flag,
): string | { message: string } {
  const wants = flag.wants ?? 'a value';
  const isNextFlag = token.inlineValue !== true && (token.value ?? '').startsWith('-');
  if (token.value === undefined || token.value === '' || isNextFlag) {
    return {
      message: `${token.rawName} needs ${wants}: write ${token.rawName} ${wants.toUpperCase().replace(/^AN? /, '')}.`,
    };
  }
  return token.value;
}

function unknownFlag(rawName: string, name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const advice =
    near === undefined || name.length === 1
      ? 'Write --help for the flags there are.'
      : `Do you mean --${near}?`;
  return `there is no flag ${quoted(rawName)}. ${advice}`;
}
