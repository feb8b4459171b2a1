import type { Options } from '../../core/model/options.ts';
import { nearestWord } from '../../core/text/nearest.ts';
import { quoted } from '../../core/text/quote.ts';
import { defaultController, type Environment, readEnvironment } from '../flags/environment.ts';
import { type Flag, parseFlags } from '../flags/flags.ts';
import { type Request, usage, welcomesColour } from '../flags/request.ts';
import { sandboxHelp } from './sandbox-help.ts';

export type OutputFormat = 'table' | 'json' | 'yaml';

/** Where a manifest comes from; a path is as typed, relative to where the user stands. */
export type ManifestInput = { from: 'example' } | { from: 'standard input' } | { from: 'file'; path: string };

/** `npm start`: what the controller would do with these manifests. */
export interface SandboxRun {
  sources: ManifestInput[];
  output: OutputFormat;
  /** Print once and end, also on a terminal. */
  once: boolean;
  /** Whether colours are welcome; whether there is a terminal is for the caller to see. */
  colour: boolean;
  options: Options;
  /** Lines for standard error: nothing is wrong, but something is probably not as meant. */
  notes: string[];
}

const outputs: readonly OutputFormat[] = ['table', 'json', 'yaml'];

const tryFlags: Readonly<Record<string, Flag>> = {
  output: { type: 'string', short: 'o', wants: 'a format' },
  once: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
};

export function sandboxRequest(argv: readonly string[], env: Environment): Request<SandboxRun> {
  const parsed = parseFlags(argv, tryFlags);
  if ('message' in parsed) return usage(parsed.message, 'npm start -- --help');
  const { values, words } = parsed;
  if (values.get('help') === 'true') return { kind: 'help', text: sandboxHelp };
  const written = values.get('output') ?? 'table';
  const output = outputs.find((format) => format === written);
  if (output === undefined) {
    const near = nearestWord(written, outputs);
    const meant = near === undefined ? '' : ` Do you mean ${near}?`;
    return usage(`--output is table, json or yaml, not ${quoted(written)}.${meant}`, 'npm start -- --help');
  }
  if (words.filter((word) => word === '-').length > 1) {
    return usage('standard input (-) can be read only once. Name it once.', 'npm start -- --help');
  }
  const empty = words.find((word) => word === '');
  if (empty !== undefined)
    return usage('a file name is empty. Give its path, or leave it out.', 'npm start -- --help');
  const environment = readEnvironment(env, { controller: defaultController, claims: false });
  if (environment.errors.length > 0) return usage(environment.errors.join('\n'), 'npm start -- --help');
  return {
    kind: 'run',
    sources: words.length === 0 ? [{ from: 'example' }] : words.map(sourceOf),
    output,
    once: values.get('once') === 'true',
    colour: welcomesColour(env),
    options: environment.options,
    notes: [...environment.notes, ...keptByNpm(env)],
  };
}

function sourceOf(word: string): ManifestInput {
  return word === '-' ? { from: 'standard input' } : { from: 'file', path: word };
}

/** Flags before the `--` are npm's own, which it takes in silence. */
function keptByNpm(env: Environment): string[] {
  return ['once', 'output'].flatMap((flag) => {
    if ((env[`npm_config_${flag}`] ?? '') === '') return [];
    return [`npm kept --${flag} for itself. Write it behind two dashes: npm start -- --${flag}`];
  });
}
