import { nearestWord } from '../../core/text/nearest.ts';
import { quoted } from '../../core/text/quote.ts';
import { parseBool } from '../../core/text/suggestions.ts';

/** A flag that a command knows. */
export type Flag = SwitchFlag | ValueFlag;

interface SwitchFlag {
  readonly type: 'boolean';
  readonly short?: string;
  /** A value besides true and false. */
  readonly also?: string;
}

interface ValueFlag {
  readonly type: 'string';
  readonly short?: string;
  /** What it wants, for "needs ...": "a file". Without it, any value is taken, and none is looked at. */
  readonly wants?: string;
  /** `--flag=` is as if it was not given: what a template leaves when its value is unset. */
  readonly mayBeEmpty?: boolean;
}

export interface ParsedFlags {
  /** The last value of each flag that was given; a boolean one as "true" or "false". */
  readonly values: ReadonlyMap<string, string>;
  /** Every value of those that were given, in their order. */
  readonly all: ReadonlyMap<string, readonly string[]>;
  /** What is no flag, in its order; `-` among them. */
  readonly words: readonly string[];
}

/** One flag on the command line, as it was typed. */
interface Typed {
  readonly name: string;
  /** With its hyphens, without its value. */
  readonly rawName: string;
  /** Its value, if it stands in the same word. */
  readonly inline: string | undefined;
}

type Wrong = { readonly message: string };

/**
 * Reads flags as Go's pflag does, or says what is wrong with the first bad one: `--flag value` and `--flag=value`, a
 * boolean only as `--flag` or `--flag=false`, `-v2`, `-v=2` and `-v 2`, flags behind words, and nothing behind `--`.
 * Two things more: `-flag`, as programs on Go's own flag package have it, and `_` for `-`, as the Go version named its
 * log flags for years (`--log_dir`).
 */
export function parseFlags(
  argv: readonly string[],
  flags: Readonly<Record<string, Flag>>,
): ParsedFlags | Wrong {
  const known: ReadonlyMap<string, Flag> = new Map(Object.entries(flags));
  const values = new Map<string, string>();
  const all = new Map<string, string[]>();
  const words: string[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') return { values, all, words: [...words, ...rest] };
    if (word === '-' || !word.startsWith('-')) words.push(word);
    else {
      for (const typed of flagsIn(word, known)) {
        const flag = known.get(typed.name);
        if (flag === undefined) return unknownFlag(typed, [...known.keys()]);
        const value =
          flag.type === 'boolean' ? switchValue(flag, typed) : textValue(flag, typed, rest, known);
        if (typeof value !== 'string') return value;
        if (value === '' && flag.type === 'string' && flag.mayBeEmpty === true) values.delete(typed.name);
        else {
          values.set(typed.name, value);
          all.set(typed.name, [...(all.get(typed.name) ?? []), value]);
        }
      }
    }
  }
  return { values, all, words };
}

/** Nearly always one; `-hv2` is `-h -v 2`. A name that is not known is left for the caller to find. */
function flagsIn(word: string, known: ReadonlyMap<string, Flag>): Typed[] {
  const equals = word.indexOf('=');
  const rawName = equals === -1 ? word : word.slice(0, equals);
  const inline = equals === -1 ? undefined : word.slice(equals + 1);
  const name = rawName.replace(/^--?/, '').replaceAll('_', '-');
  const whole = { name, rawName, inline };
  if (word.startsWith('--') || (name.length > 1 && known.has(name))) return [whole];
  const typed: Typed[] = [];
  for (let at = 1; at < word.length; at += 1) {
    const letter = word.charAt(at);
    const [longName, flag] = [...known].find(([, { short }]) => short === letter) ?? [];
    if (longName === undefined || flag === undefined) return [whole];
    const behind = word.slice(at + 1);
    const takesRest = behind !== '' && (flag.type === 'string' || behind.startsWith('='));
    const value = takesRest ? behind.replace(/^=/, '') : undefined;
    typed.push({ name: longName, rawName: `-${letter}`, inline: value });
    if (takesRest) break;
  }
  return typed;
}

function switchValue({ also }: SwitchFlag, { rawName, inline }: Typed): string | Wrong {
  if (inline === undefined) return 'true';
  const parsed = parseBool(inline);
  if (parsed !== undefined) return String(parsed);
  if (inline === also) return inline;
  const values = also === undefined ? 'true or false' : `true, false or ${also}`;
  return {
    message: `${rawName} is ${values}, not ${quoted(inline)}. Write ${rawName}=true or ${rawName}=false.`,
  };
}

/** The value behind `=`, or else the next word, even one with a hyphen: `--kube-api-qps -1`. */
function textValue(
  { wants, mayBeEmpty }: ValueFlag,
  { rawName, inline }: Typed,
  rest: string[],
  known: ReadonlyMap<string, Flag>,
): string | Wrong {
  const value = inline ?? rest[0];
  const isEmpty = value === '' && mayBeEmpty !== true;
  const isNextFlag = inline === undefined && value !== undefined && isFlag(value, known);
  if (value === undefined || (wants !== undefined && (isEmpty || isNextFlag))) {
    const what = wants ?? 'a value';
    return { message: `${rawName} needs ${what}: write ${rawName} ${placeholder(what)}.` };
  }
  if (inline === undefined) rest.shift();
  return value;
}

function isFlag(word: string, known: ReadonlyMap<string, Flag>): boolean {
  return word.length > 1 && word.startsWith('-') && flagsIn(word, known).every(({ name }) => known.has(name));
}

/** "a file" is FILE in an example. */
export function placeholder(wants: string): string {
  return wants.toUpperCase().replace(/^AN? /, '');
}

function unknownFlag({ name, rawName }: Typed, known: readonly string[]): Wrong {
  const near = name.length < 2 ? undefined : nearestWord(name, known);
  const advice = near === undefined ? 'Write --help for the flags there are.' : `Do you mean --${near}?`;
  return { message: `there is no flag ${quoted(rawName)}. ${advice}` };
}
