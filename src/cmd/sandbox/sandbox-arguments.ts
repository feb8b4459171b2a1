import type { Options } from '../../core/model/options.ts';
import { nearestWord } from '../../core/text/nearest.ts';
import { quoted } from '../../core/text/quote.ts';
import { defaultController, type Environment, readEnvironment } from '../flags/environment.ts';
import { type Flag, parseFlags } from '../flags/flags.ts';
import { allowsColor, type Request, usage } from '../flags/request.ts';
import { sandboxHelp } from './sandbox-help.ts';

export type OutputFormat = 'table' | 'json' | 'yaml';

/** The source of a manifest. A path is as typed, relative to the user's working directory. */
export type ManifestInput = { from: 'example' } | { from: 'standard input' } | { from: 'file'; path: string };

/** `npm start`: show what the controller would do with these manifests. */
export interface SandboxRun {
  sources: ManifestInput[];
  output: OutputFormat;
  /** Print once and exit, even on a terminal. */
  once: boolean;
  /** Whether the environment allows colors; the caller checks for a terminal. */
  color: boolean;
  options: Options;
  /** Lines for standard error, about valid settings that probably don't have the intended effect. */
  warnings: string[];
}

const outputFormats: readonly OutputFormat[] = ['table', 'json', 'yaml'];

const sandboxFlags: Readonly<Record<string, Flag>> = {
  output: { type: 'string', short: 'o', wants: 'a format' },
  once: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
};

export function sandboxRequest(argv: readonly string[], env: Environment): Request<SandboxRun> {
  const help = 'npm start -- --help';
  const parsed = parseFlags(argv, sandboxFlags);
  if ('message' in parsed) return usage(parsed.message, help);
  const { values, words } = parsed;
  if (values.get('help') === 'true') return { kind: 'help', text: sandboxHelp };
  const format = values.get('output') ?? 'table';
  const output = outputFormats.find((known) => known === format);
  if (output === undefined) {
    const near = nearestWord(format, outputFormats);
    const suggestion = near === undefined ? '' : ` Did you mean ${near}?`;
    return usage(`--output must be table, json, or yaml, not ${quoted(format)}.${suggestion}`, help);
  }
  if (words.filter((word) => word === '-').length > 1) {
    return usage('Standard input (-) can be read only once. Specify it once.', help);
  }
  if (words.includes('')) return usage('A file name is empty. Specify a path, or omit the argument.', help);
  const environment = readEnvironment(env, { controller: defaultController, claims: false });
  if (environment.errors.length > 0) return usage(environment.errors.join('\n'), help);
  return {
    kind: 'run',
    sources: words.length === 0 ? [{ from: 'example' }] : words.map(sourceOf),
    output,
    once: values.get('once') === 'true',
    color: allowsColor(env),
    options: environment.options,
    warnings: [...environment.warnings, ...interceptedFlagWarnings(env)],
  };
}

function sourceOf(word: string): ManifestInput {
  return word === '-' ? { from: 'standard input' } : { from: 'file', path: word };
}

/** npm silently consumes flags before the `--`. */
function interceptedFlagWarnings(env: Environment): string[] {
  return ['once', 'output'].flatMap((flag) => {
    if ((env[`npm_config_${flag}`] ?? '') === '') return [];
    return [`npm intercepted --${flag}. Put flags after two dashes: npm start -- --${flag}`];
  });
}
