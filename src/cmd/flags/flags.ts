import { nearestWord } from '../../core/text/nearest.ts';
import { quoted } from '../../core/text/quote.ts';
import { parseBool } from '../../core/text/suggestions.ts';

/** A flag of a command. */
export type Flag = BooleanFlag | StringFlag;

interface BooleanFlag {
  readonly type: 'boolean';
  readonly short?: string;
  /** A value accepted besides true and false. */
  readonly also?: string;
}

interface StringFlag {
  readonly type: 'string';
  readonly short?: string;
  /** The kind of value, with its article: "a file". Without it, any value is accepted and ignored. */
  readonly wants?: string;
  /** `--flag=` means that the flag is not set: templates produce this for an unset value. */
  readonly mayBeEmpty?: boolean;
}

export interface ParsedFlags {
  /** The last value of each flag that is set; that of a boolean flag is "true" or "false". */
  readonly values: ReadonlyMap<string, string>;
  /** All values of each flag that is set, in order. */
  readonly all: ReadonlyMap<string, readonly string[]>;
  /** Arguments that are not flags, in order, including `-`. */
  readonly words: readonly string[];
}

/** One flag as typed on the command line. */
interface TypedFlag {
  readonly name: string;
  /** With hyphens, without the value. */
  readonly rawName: string;
  /** The value, if it is in the same argument. */
  readonly inline: string | undefined;
}

type UsageError = { readonly message: string };

/**
 * Parses flags like Go's pflag, or returns an error for the first invalid one. Accepts `--flag value`, `--flag=value`,
 * booleans only as `--flag` or `--flag=false`, `-v2`, `-v=2`, `-v 2`, and flags after other arguments; `--` ends the flags.
 * Also accepts `-flag`, like Go's flag package, and `_` for `-`, because the Go version named its log flags that way
 * for years (`--log_dir`).
 */
export function parseFlags(
  argv: readonly string[],
  flags: Readonly<Record<string, Flag>>,
): ParsedFlags | UsageError {
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
          flag.type === 'boolean' ? booleanValue(flag, typed) : stringValue(flag, typed, rest, known);
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

/** Nearly always one; `-hv2` is `-h -v 2`. The caller detects unknown names. */
function flagsIn(word: string, known: ReadonlyMap<string, Flag>): TypedFlag[] {
  const equals = word.indexOf('=');
  const rawName = equals === -1 ? word : word.slice(0, equals);
  const inline = equals === -1 ? undefined : word.slice(equals + 1);
  const name = rawName.replace(/^--?/, '').replaceAll('_', '-');
  const whole = { name, rawName, inline };
  if (word.startsWith('--') || (name.length > 1 && known.has(name))) return [whole];
  const typed: TypedFlag[] = [];
  for (let at = 1; at < word.length; at += 1) {
    const letter = word.charAt(at);
    const [longName, flag] = [...known].find(([, { short }]) => short === letter) ?? [];
    if (longName === undefined || flag === undefined) return [whole];
    const tail = word.slice(at + 1);
    const takesRest = tail !== '' && (flag.type === 'string' || tail.startsWith('='));
    const value = takesRest ? tail.replace(/^=/, '') : undefined;
    typed.push({ name: longName, rawName: `-${letter}`, inline: value });
    if (takesRest) break;
  }
  return typed;
}

function booleanValue({ also }: BooleanFlag, { rawName, inline }: TypedFlag): string | UsageError {
  if (inline === undefined) return 'true';
  const parsed = parseBool(inline);
  if (parsed !== undefined) return String(parsed);
  if (inline === also) return inline;
  const values = also === undefined ? 'true or false' : `true, false, or ${also}`;
  return {
    message: `${rawName} must be ${values}, not ${quoted(inline)}. Use ${rawName}=true or ${rawName}=false.`,
  };
}

/** The value after `=`, otherwise the next argument, even one with a hyphen: `--kube-api-qps -1`. */
function stringValue(
  { wants, mayBeEmpty }: StringFlag,
  { rawName, inline }: TypedFlag,
  rest: string[],
  known: ReadonlyMap<string, Flag>,
): string | UsageError {
  const value = inline ?? rest[0];
  const isEmpty = value === '' && mayBeEmpty !== true;
  const isNextFlag = inline === undefined && value !== undefined && isFlag(value, known);
  if (value === undefined || (wants !== undefined && (isEmpty || isNextFlag))) {
    const what = wants ?? 'a value';
    return { message: `${rawName} requires ${what}. Use ${rawName} ${placeholder(what)}.` };
  }
  if (inline === undefined) rest.shift();
  return value;
}

function isFlag(word: string, known: ReadonlyMap<string, Flag>): boolean {
  return word.length > 1 && word.startsWith('-') && flagsIn(word, known).every(({ name }) => known.has(name));
}

/** The name of a value in a usage text: "a file" becomes FILE. */
export function placeholder(wants: string): string {
  return wants.toUpperCase().replace(/^AN? /, '');
}

function unknownFlag({ name, rawName }: TypedFlag, known: readonly string[]): UsageError {
  const near = name.length < 2 ? undefined : nearestWord(name, known);
  const suggestion = near === undefined ? '' : ` Did you mean --${near}?`;
  return { message: `Unknown flag ${quoted(rawName)}.${suggestion}` };
}
