import { Document, Scalar, visit } from 'yaml';
import type { Ansi } from '../../terminal/ansi.ts';
import { escapedJson, escapedYaml, needsEscape } from '../../terminal/escape.ts';

/** How lines are formatted. */
export interface OutputOptions {
  /** Columns of the terminal; Infinity without one, so that each row is one line for grep. */
  readonly width: number;
  readonly ansi: Ansi;
  /** `-o wide`: more columns. */
  readonly isWide: boolean;
}

/** What a command prints, for programs and for people. */
export interface CommandResult {
  /** Plain data, with a `kind`. Whole numbers may be bigints, which are printed as exact numbers. */
  readonly value: object;
  readonly lines: (output: OutputOptions) => string[];
  readonly exitCode: number;
}

/** Prints as `kubectl -o json` and `-o yaml` do: keys in their order, indented by 4 and 2 spaces. */
export function printValue(value: object, format: 'json' | 'yaml'): string {
  if (format === 'json') return `${escapedJson(JSON.stringify(value, exact, 4))}\n`;
  const document = new Document(value, { version: '1.1', schema: 'yaml-1.1', aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string' && needsEscape(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return escapedYaml(document.toString({ lineWidth: 0, directives: false }));
}

/** Not yet in TypeScript's library types. */
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };

/** JSON does not limit the size of numbers; JavaScript's number type does. */
function exact(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJSON(String(value)) : value;
}
