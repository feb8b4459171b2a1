import type { ElectionOptions } from '../../client/election-options.ts';
import type { RateLimit } from '../../client/rate-limit.ts';
import type { Options } from '../../core/model/options.ts';
import { nearestWord } from '../../core/text/nearest.ts';
import { quoted } from '../../core/text/quote.ts';
import { isName } from '../../schema/names.ts';
import {
  type ClusterAccess,
  clusterAccess,
  type HealthOptions,
  healthOptions,
  rateLimit,
} from './connection-flags.ts';
import { controllerFlags, ignoredNote } from './controller-flags.ts';
import { electionOptions } from './election-flags.ts';
import { defaultController, type Environment, readEnvironment } from './environment.ts';
import { FlagValues, mostInt32 } from './flag-values.ts';
import { type Flag, parseFlags } from './flags.ts';
import { controllerHelp, sandboxHelp } from './help.ts';

/** What a command line asks for. Everything behind `run` is decided: no field is optional. */
export type Request<Run> =
  | ({ kind: 'run' } & Run)
  | { kind: 'help'; text: string }
  | { kind: 'version' }
  /** Wrong usage: the message goes to standard error, and the exit code is 2. */
  | { kind: 'usage'; message: string };

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

/** The controller process. */
export interface ControllerRun {
  access: ClusterAccess;
  /** undefined: there is no other replica. */
  election: ElectionOptions | undefined;
  /** PATCHes under way at once. */
  concurrentWrites: number;
  /** undefined: as fast as the API server takes them. */
  rateLimit: RateLimit | undefined;
  /** undefined: nowhere. */
  health: HealthOptions | undefined;
  /** Where the page is served, on loopback; 0: nowhere. */
  webPort: number;
  /** As in klog: 0 is the usual, more says more. */
  verbosity: number;
  logFormat: 'json' | 'text';
  /** As in TryRun. */
  colour: boolean;
  options: Options;
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

function welcomesColour(env: Environment): boolean {
  return (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
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

export function controllerRequest(argv: readonly string[], env: Environment): Request<ControllerRun> {
  const help = 'kube-vip-cloud-provider --help';
  const parsed = parseFlags(argv, controllerFlags);
  if ('message' in parsed) return usage(parsed.message, help);
  const { values, words } = parsed;
  if (values.get('help') === 'true') return { kind: 'help', text: controllerHelp };
  if ((values.get('version') ?? 'false') !== 'false') return { kind: 'version' };
  // As the Go version: an empty word is what a template leaves of an argument that is not set.
  const word = words.find((text) => text !== '');
  if (word !== undefined) {
    const advice = /^(true|false)$/i.test(word)
      ? 'The value of a true-or-false flag is written with "=": --leader-elect=false.'
      : 'The controller takes only flags.';
    return usage(`${quoted(word)} is no flag. ${advice}`, help);
  }
  return controllerRun(new FlagValues(values), ignoredNote([...values.keys()]), env, help);
}

function controllerRun(
  flags: FlagValues,
  notes: string[],
  env: Environment,
  help: string,
): Request<ControllerRun> {
  const controller = flags.text('leader-elect-resource-name') ?? defaultController;
  if (!isName(controller, 'dns-subdomain')) {
    const what = `--leader-elect-resource-name is ${quoted(controller)}, which cannot be a name in Kubernetes`;
    flags.errors.push(`${what}. Write one like ${defaultController}.`);
  }
  const environment = readEnvironment(env, { controller, claims: flags.isOn('claims') });
  const run: ControllerRun = {
    access: clusterAccess(flags),
    election: electionOptions(flags, controller, notes),
    concurrentWrites: flags.whole('concurrent-service-syncs', 1, mostInt32),
    rateLimit: rateLimit(flags, notes),
    health: healthOptions(flags),
    webPort: flags.whole('web-port', 0, 65535),
    verbosity: flags.whole('v', 0, mostInt32),
    logFormat: flags.oneOf('log-format', ['json', 'text']),
    colour: welcomesColour(env),
    options: environment.options,
    notes: [...notes, ...environment.notes],
  };
  const errors = [...flags.errors, ...environment.errors];
  return errors.length > 0 ? usage(errors.join('\n'), help) : { kind: 'run', ...run };
}

function usage(message: string, help: string): { kind: 'usage'; message: string } {
  return { kind: 'usage', message: `${message}\nWrite ${help} for what there is.` };
}
