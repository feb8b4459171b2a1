import { Document, Scalar, visit } from 'yaml';
import type { Ansi } from '../../terminal/ansi.ts';
import { escapedJson, escapedYaml, needsEscape } from '../../terminal/escape.ts';

/** What lines are made for. */
export interface OutputOptions {
  /** Columns of the terminal; Infinity where there is none, so that a row is a line for grep. */
  readonly width: number;
  readonly ansi: Ansi;
  /** `-o wide`: more columns. */
  readonly isWide: boolean;
}

/** The answer to a question, for programs and for people. */
export interface Answer {
  /** Plain data, with a `kind`. Whole numbers may be bigints: they are printed as numbers, however long. */
  readonly value: object;
  readonly lines: (view: OutputOptions) => string[];
  readonly exitCode: number;
}

/** As `kubectl -o json` and `-o yaml` print: keys in their order, 4 and 2 spaces. */
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

/** TypeScript does not know it yet. */
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };

/** JSON's numbers have no limit; only JavaScript's do. */
function exact(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJSON(String(value)) : value;
}
