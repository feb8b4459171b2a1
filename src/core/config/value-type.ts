import type { ConfigProblem, InvalidValue, ProblemCode } from './config-problem.ts';

/** What the value of a key can be. */
export type ValueType<T> = ScalarType<T> | ListType<T>;

/** A value to read, and what reading it depends on. */
export interface Reading {
  readonly key: string;
  readonly text: string;
  /** Whether the ends of blocks are excluded. */
  readonly trimmed: boolean;
  /** Where problems are reported. */
  readonly problems: ConfigProblem[];
}

interface Described {
  /** What users write, in Markdown, for docs/reference.md. */
  readonly description: string;
  /** Values without a problem. Tests try each of them with each key of this type. */
  readonly valid: readonly string[];
  /** Values with a problem, for each problem that a value of this type can have. Tests try these, too. */
  readonly invalid: Readonly<Partial<Record<ProblemCode, readonly string[]>>>;
}

/** A short value, which is valid as a whole or not at all. */
export interface ScalarType<T> extends Described {
  /** Returns undefined if the value is invalid. */
  readonly parse: (text: string) => T | undefined;
  /** What an invalid value is reported as. */
  readonly code: InvalidValue['code'];
  readonly admission: Admission;
}

/** A list: each entry is valid or not. */
export interface ListType<T> extends Described {
  /** Reads the list in steps of microseconds, without its invalid entries. */
  readonly read: (reading: Reading) => Generator<void, T>;
  /** `entries`: blocks, ranges, and addresses, which variables in deploy/admission/pools.yaml check. */
  readonly admission: Admission | 'entries';
}

/** How the admission policy checks a value: a CEL expression that is true if `value` is invalid, and the message after the value. */
export interface Admission {
  readonly isInvalid: string;
  readonly message: string;
}

type ScalarParts<T> = Omit<ScalarType<T>, 'invalid'> & { readonly invalid: readonly string[] };

export function scalar<T>({ invalid, ...type }: ScalarParts<T>): ScalarType<T> {
  return { ...type, invalid: { [type.code]: invalid } };
}
