import { nearestWord } from '../../core/text/nearest.ts';
import { quoted } from '../../core/text/quote.ts';
import type { Environment } from '../flags/environment.ts';
import { parseFlags } from '../flags/flags.ts';
import { type CommandName, commandNames, flagsOf } from './commands.ts';
import { type ConnectionTarget, connectionTarget } from './connection-target.ts';
import { type MoveOptions, moveOptions } from './move-options.ts';
import { commandHelp, pluginHelp } from './plugin-help.ts';
import { readName, type SettingFlags } from './setting-flags.ts';

export type PluginFormat = 'table' | 'wide' | 'json' | 'yaml';

/** A parsed command line. */
export interface Invocation {
  readonly command: CommandName;
  readonly positionals: readonly string[];
  /** Undefined: the context's. */
  readonly namespace: string | undefined;
  readonly isAllNamespaces: boolean;
  readonly output: PluginFormat;
  /** Paths, or `-`. */
  readonly files: readonly string[];
  readonly target: ConnectionTarget;
  readonly settings: SettingFlags;
  readonly isWatching: boolean;
  /** Of `move` and `drain`. */
  readonly moving: MoveOptions;
  /** The command line as it was typed, without the program. */
  readonly argv: readonly string[];
  /** Port of the page; 0: a free one. */
  readonly port: number;
  /** Whether color is allowed; the caller also requires a terminal. */
  readonly isColored: boolean;
}

export type PluginRequest =
  | { readonly kind: 'run'; readonly invocation: Invocation }
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'completion' }
  /** Completes the last word for a shell. */
  | { readonly kind: 'complete'; readonly words: readonly string[] }
  | { readonly kind: 'usage'; readonly message: string };

const formats: readonly PluginFormat[] = ['table', 'wide', 'json', 'yaml'];
const otherCommands = ['help', 'completion', 'version'];

/** Flags may precede the command, as in kubectl. */
export function pluginRequest(argv: readonly string[], env: Environment): PluginRequest {
  if (argv[0] === '__complete') return { kind: 'complete', words: argv.slice(1) };
  const name = commandNameIn(argv);
  if (name === undefined) {
    if (argv.length === 0 || argv.some((one) => one === '-h' || one === '--help'))
      return { kind: 'print', text: pluginHelp };
    if (argv.includes('--version')) return { kind: 'version' };
    return usage('No command specified.', 'kubectl vip --help');
  }
  if (name === 'version') return { kind: 'version' };
  if (name === 'completion') return { kind: 'completion' };
  if (name === 'help') {
    const topic = commandNames.find((one) => one === argv[argv.indexOf('help') + 1]);
    return { kind: 'print', text: topic === undefined ? pluginHelp : commandHelp(topic) };
  }
  const command = commandNames.find((one) => one === name);
  if (command === undefined) {
    const nearest = nearestWord(name, [...commandNames, ...otherCommands]);
    return usage(`Unknown command ${quoted(name)}.${didYouMean(nearest)}`, 'kubectl vip --help');
  }
  return commandRequest(command, argv, env);
}

/** The first argument that is neither a flag nor the value of one. */
function commandNameIn(argv: readonly string[]): string | undefined {
  const all = Object.assign({}, ...commandNames.map(flagsOf)) as ReturnType<typeof flagsOf>;
  const parsed = parseFlags(argv, all);
  return 'message' in parsed ? argv.find((word) => !word.startsWith('-')) : parsed.words[0];
}

function commandRequest(command: CommandName, argv: readonly string[], env: Environment): PluginRequest {
  const help = `kubectl vip ${command} --help`;
  const parsed = parseFlags(argv, flagsOf(command));
  if ('message' in parsed) return usage(parsed.message, help);
  const { values, all, words: positionals } = parsed;
  if (values.get('help') === 'true') return { kind: 'print', text: commandHelp(command) };
  const format = values.get('output') ?? 'table';
  const output = formats.find((one) => one === format);
  if (output === undefined) {
    const suggestion = didYouMean(nearestWord(format, formats));
    return usage(`--output must be table, wide, json or yaml, not ${quoted(format)}.${suggestion}`, help);
  }
  const files = all.get('filename') ?? [];
  if (files.filter((file) => file === '-').length > 1)
    return usage('Standard input (-) can be read only once. Specify -f - once.', help);
  const settings = settingFlags(values);
  if ('message' in settings) return usage(settings.message, help);
  const target = connectionTarget(values, all);
  if ('message' in target) return usage(target.message, help);
  const isWatching = values.get('watch') === 'true';
  if (isWatching && files.length > 0)
    return usage(
      '--watch needs a cluster, but -f reads a dump, which does not change. Omit one of them.',
      help,
    );
  if (isWatching && output !== 'table' && output !== 'wide')
    return usage(`--watch prints a table, but --output is ${output}. Omit one of them.`, help);
  const port = values.get('port') ?? '0';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    return usage(`--port must be a number from 1 to 65535, or 0 for a free port, not ${quoted(port)}.`, help);
  if (command === 'web' && output !== 'table')
    return usage(`web prints a link and has no ${output} output. Omit --output.`, help);
  const moving = moveOptions(values);
  if ('message' in moving) return usage(moving.message, help);
  if ((command === 'move' || command === 'drain') && files.length > 0 && !moving.isDryRun)
    return usage(`${command} changes a cluster, but -f reads a dump. Add --dry-run=client.`, help);
  return {
    kind: 'run',
    invocation: {
      command,
      moving,
      argv,
      positionals: positionals.slice(1),
      namespace: values.get('namespace'),
      isAllNamespaces: values.get('all-namespaces') === 'true',
      output,
      files,
      target,
      settings,
      isWatching,
      port: Number(port),
      isColored: (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    },
  };
}

function settingFlags(values: ReadonlyMap<string, string>): SettingFlags | { message: string } {
  const nameIn = (flag: string) => {
    const text = values.get(flag);
    return text === undefined ? undefined : readName(`--${flag}`, text);
  };
  const [deployment, configMap] = [nameIn('deployment'), nameIn('configmap')];
  for (const one of [deployment, configMap]) if (one !== undefined && 'message' in one) return one;
  const loadBalancerClass = values.get('class');
  return {
    deployment: deployment as SettingFlags['deployment'],
    configMap: configMap as SettingFlags['configMap'],
    class: loadBalancerClass === 'none' ? '' : loadBalancerClass,
    controller: values.get('controller'),
  };
}

function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? '' : ` Did you mean ${suggestion}?`;
}

function usage(message: string, helpCommand: string): PluginRequest {
  return { kind: 'usage', message: `${message}\nRun "${helpCommand}" for usage.` };
}
