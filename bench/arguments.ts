import { type Flag, parseFlags } from '../src/cmd/flags/flags.ts';
import { nearestWord } from '../src/core/text/nearest.ts';
import { quoted } from '../src/core/text/quote.ts';

export const parts = ['core', 'growth', 'cluster', 'size', 'churn', 'takeover', 'plugin', 'page'] as const;
export type Part = (typeof parts)[number];

export interface BenchRun {
  readonly parts: readonly Part[];
  readonly quick: boolean;
  /** Where the figures go as JSON, too. */
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

const help = `Prints figures, and beside each aim the limit that was measured in the same run. Decides nothing.

  npm run bench                        all parts, twenty minutes and more
  npm run bench -- --quick             all parts, smaller: a minute and a half
  npm run bench -- size churn          these parts
  npm run bench -- --json FILE         all figures into FILE, too
  npm run bench -- --compare A B       two such files side by side; measures nothing

Parts:
  core        decisions alone, without a cluster
  growth      decisions with more Services, namespaces and pools, without a cluster
  cluster     bursts of addresses, beside raw PATCHes of the same Services
  size        5,000 and 50,000 Services: memory, start, one new Service, a freed address, rest
  churn       memory over 100,000 Services that come and go
  takeover    the leader of two replicas is ended
  plugin      how long a user waits for kubectl vip, with 5,000 Services
  page        the page with 5,000 Services in Chromium, which it needs

All but core, growth and page need kube-apiserver and etcd: npm run controlplane builds them.
`;

export function benchRequest(argv: readonly string[]): BenchRequest {
  const parsed = parseFlags(argv, flags);
  if ('message' in parsed) return { usage: parsed.message };
  const { values, words } = parsed;
  if (values.get('help') === 'true') return { help };
  if (values.get('compare') === 'true') return comparison(words);
  const unknown = words.find((word) => !isPart(word));
  if (unknown !== undefined) {
    const near = nearestWord(unknown, parts);
    const meant = near === undefined ? '' : ` Do you mean ${near}?`;
    return { usage: `a part is ${parts.join(', ')}, not ${quoted(unknown)}.${meant}` };
  }
  const chosen = parts.filter((part) => words.length === 0 || words.includes(part));
  return { parts: chosen, quick: values.get('quick') === 'true', json: values.get('json') };
}

function comparison(words: readonly string[]): BenchRequest {
  const [first, second, ...more] = words;
  if (first === undefined || second === undefined || more.length > 0) {
    return { usage: `--compare needs two files, and there are ${words.length}.` };
  }
  return { compare: [first, second] };
}

function isPart(word: string): word is Part {
  return (parts as readonly string[]).includes(word);
}
