import { type Flag, parseFlags } from '../src/cmd/flags/flags.ts';
import { nearestWord } from '../src/core/text/nearest.ts';
import { quoted } from '../src/core/text/quote.ts';
import { type PartName, partNames, parts } from './parts.ts';

export interface BenchRun {
  readonly names: readonly PartName[];
  readonly quick: boolean;
  /** The file that also receives the figures. */
  readonly json: string | undefined;
}

export type BenchRequest =
  | BenchRun
  | { readonly compare: readonly [string, string] }
  | { readonly help: string }
  | { readonly usage: string };

const flags: Readonly<Record<string, Flag>> = {
  quick: { type: 'boolean' },
  json: { type: 'string', wants: 'a file' },
  compare: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
};

const help = `Prints figures, and compares each aim with a limit from the same run. Asserts nothing.

  npm run bench                        run all parts (50 minutes)
  npm run bench -- --quick             run all parts at a smaller scale (a few minutes)
  npm run bench -- size churn          run these parts
  npm run bench -- --json FILE         also write all figures to FILE
  npm run bench -- --compare A B       compare two such files; measures nothing

Parts:
${partNames.map((name) => `  ${name.padEnd(10)}  ${parts[name].about}\n`).join('')}
All parts except core, growth and page need kube-apiserver and etcd: npm run controlplane
`;

export function benchRequest(argv: readonly string[]): BenchRequest {
  const parsed = parseFlags(argv, flags);
  if ('message' in parsed) return { usage: parsed.message };
  const { values, words } = parsed;
  if (values.get('help') === 'true') return { help };
  if (values.get('compare') === 'true') {
    const [first, second] = words;
    if (first !== undefined && second !== undefined && words.length === 2)
      return { compare: [first, second] };
    const given = words.length === 1 ? '1 was' : `${words.length} were`;
    return { usage: `--compare requires two files, but ${given} given.` };
  }
  const unknown = words.find((word) => !partNames.some((name) => name === word));
  if (unknown !== undefined) {
    const near = nearestWord(unknown, partNames);
    const hint = near === undefined ? `The parts are ${partNames.join(', ')}.` : `Did you mean ${near}?`;
    return { usage: `Unknown part ${quoted(unknown)}. ${hint}` };
  }
  const names = partNames.filter((name) => words.length === 0 || words.includes(name));
  return { names, quick: values.get('quick') === 'true', json: values.get('json') };
}
