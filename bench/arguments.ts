import { type Flag, parseFlags } from '../src/cli/flags.ts';
import { nearest } from '../src/cli/nearest.ts';
import { quoted } from '../src/core/quote.ts';

export const parts = ['core', 'cluster'] as const;
export type Part = (typeof parts)[number];

export interface BenchRun {
  readonly parts: readonly Part[];
  readonly quick: boolean;
  /** Where the figures go as JSON, too. */
  readonly json: string | undefined;
}

export type BenchRequest = BenchRun | { readonly help: string } | { readonly usage: string };

const flags: Readonly<Record<string, Flag>> = {
  quick: { type: 'boolean' },
  json: { type: 'string', wants: 'a file' },
  help: { type: 'boolean', short: 'h' },
};

const help = `Prints figures and judges none of them.

  npm run bench                        both parts, about four minutes
  npm run bench -- core                decisions alone, without a cluster
  npm run bench -- cluster             the built controller on kube-apiserver and etcd
  npm run bench -- --quick             both, smaller, under a minute
  npm run bench -- --json FILE         the same figures into FILE, too
`;

export function benchRequest(argv: readonly string[]): BenchRequest {
  const parsed = parseFlags(argv, flags);
  if ('message' in parsed) return { usage: parsed.message };
  const { values, words } = parsed;
  if (values.get('help') === 'true') return { help };
  const unknown = words.find((word) => !isPart(word));
  if (unknown !== undefined) {
    const near = nearest(unknown, parts);
    const meant = near === undefined ? '' : ` Do you mean ${near}?`;
    return { usage: `a part is ${parts.join(' or ')}, not ${quoted(unknown)}.${meant}` };
  }
  const chosen = parts.filter((part) => words.length === 0 || words.includes(part));
  return { parts: chosen, quick: values.get('quick') === 'true', json: values.get('json') };
}

function isPart(word: string): word is Part {
  return (parts as readonly string[]).includes(word);
}
